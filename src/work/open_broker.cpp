#include "work/open_broker.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "work/sqlite_broker.hpp"

namespace selvage::work {

namespace {

using Opener = Result<std::unique_ptr<Broker>> (*)(const Settings&, data::Database&);

Result<std::unique_ptr<Broker>> open_embedded(const Settings& settings, data::Database& database) {
  return make_sql_broker(database, {.max_ready = settings.integer("QUEUE_MAX_READY")});
}

Result<std::unique_ptr<Broker>> not_built_in(const Settings& settings, data::Database&) {
  return fail(ErrorKind::invalid, "queue.url",
              fmt::format("QUEUE_URL={} names a Redis queue, which this build does not have",
                          mask_url_password(settings.text("QUEUE_URL"))),
              "set QUEUE_URL=embedded: to keep tasks in the platform's own database");
}

struct Scheme {
  std::string_view name;
  Opener open;
};

constexpr Scheme kSchemes[] = {
    {"embedded", open_embedded},
    {"redis", not_built_in},
    {"rediss", not_built_in},
};

}  // namespace

Result<std::unique_ptr<Broker>> open_broker(const Settings& settings, data::Database& database) {
  const std::string& url = settings.text("QUEUE_URL");
  const std::string scheme = to_lower_ascii(std::string_view(url).substr(0, url.find(':')));
  for (const Scheme& known : kSchemes) {
    if (scheme == known.name) return known.open(settings, database);
  }
  return fail(ErrorKind::invalid, "queue.url",
              fmt::format("QUEUE_URL={} has an unknown scheme", mask_url_password(url)),
              "use embedded:");
}

}  // namespace selvage::work
