#include "work/open_broker.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "work/redis_broker.hpp"
#include "work/sqlite_broker.hpp"
#include "work/turn_book.hpp"

namespace selvage::work {

namespace {

struct Place {
  data::Database& database;
  net::Loop& home;
  std::vector<QueueForm> forms;
};

using Opener = Result<std::unique_ptr<Broker>> (*)(const Settings&, Place);

Result<std::unique_ptr<Broker>> open_embedded(const Settings& settings, Place place) {
  return make_sql_broker(place.database,
                         {.max_ready = settings.integer("QUEUE_MAX_READY"),
                          .per_key_concurrency = settings.integer("OWNER_CONCURRENCY")});
}

Result<data::RedisUrl> redis_url_of(const Settings& settings) {
  auto url = data::RedisUrl::parse(settings.text("QUEUE_URL"));
  if (!url) return fail(url.error().within("QUEUE_URL"));
  return url;
}

Result<std::unique_ptr<Broker>> open_redis(const Settings& settings, Place place) {
  return make_redis_broker(place.database, place.home, TRY(redis_url_of(settings)),
                           {.max_ready = settings.integer("QUEUE_MAX_READY"),
                            .per_key_concurrency = settings.integer("OWNER_CONCURRENCY"),
                            .forms = std::move(place.forms)});
}

struct Scheme {
  std::string_view name;
  Opener open;
};

constexpr Scheme kSchemes[] = {
    {"embedded", open_embedded},    {"redis", open_redis},           {"rediss", open_redis},
    {"redis+sentinel", open_redis}, {"rediss+sentinel", open_redis}, {"redis+cluster", open_redis},
    {"rediss+cluster", open_redis},
};

}  // namespace

Result<std::unique_ptr<Broker>> open_broker(const Settings& settings, data::Database& database,
                                            net::Loop& home, std::vector<QueueForm> forms) {
  const std::string& url = settings.text("QUEUE_URL");
  const std::string scheme = to_lower_ascii(std::string_view(url).substr(0, url.find(':')));
  for (const Scheme& known : kSchemes) {
    if (scheme == known.name) return known.open(settings, {database, home, std::move(forms)});
  }
  return fail(ErrorKind::invalid, "queue.url",
              fmt::format("QUEUE_URL={} has an unknown scheme", mask_url_password(url)),
              "use embedded:, redis://, rediss://, redis+sentinel:// or redis+cluster://");
}

Result<std::unique_ptr<TurnBook>> open_turn_book(const Settings& settings, data::Database& database,
                                                 net::Loop& home) {
  const std::string& url = settings.text("QUEUE_URL");
  const std::string scheme = to_lower_ascii(std::string_view(url).substr(0, url.find(':')));
  if (scheme == "embedded") return make_sql_turn_book(database);
  return make_redis_turn_book(home, TRY(redis_url_of(settings)));
}

}  // namespace selvage::work
