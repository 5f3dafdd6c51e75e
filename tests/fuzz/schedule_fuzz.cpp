// Any bytes as a crontab line, a schedule file and a time zone file. What is taken holds what its
// header says: times grow and match, a definition survives the table, an offset's span holds its
// time.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "schedule/cron.hpp"
#include "schedule/detail/tzif.hpp"
#include "schedule/schedule_file.hpp"

using namespace selvage::schedule;

namespace {

void check_cron(std::string_view text) {
  const auto cron = Cron::parse(text);
  if (!cron) return;
  sys_seconds time(seconds(1'700'000'000));
  for (int i = 0; i < 3; ++i) {
    const auto next = cron->next_after(time, TimeZone());
    SELVAGE_CHECK(next && *next > time);
    SELVAGE_CHECK(cron->matches(local_seconds(next->time_since_epoch())));
    time = *next;
  }
}

void check_file(std::string_view text) {
  const auto entries =
      parse_schedule_file(text, "fuzz.json", {.default_queue = "celery", .foreign_queues = {"q"}});
  if (!entries) {
    SELVAGE_CHECK(entries.error().message.starts_with("fuzz.json:"));
    return;
  }
  for (const Entry& entry : *entries) {
    const std::string definition = definition_of(entry);
    const auto back = entry_of(entry.name, entry.enabled, definition);
    SELVAGE_CHECK(back && definition_of(*back) == definition);
  }
}

void check_zone(std::string_view bytes) {
  const auto table = detail::parse_tzif(bytes);
  if (!table) return;
  for (std::size_t i = 1; i < table->changes.size(); ++i) {
    SELVAGE_CHECK(table->changes[i - 1].at < table->changes[i].at);
    SELVAGE_CHECK(table->changes[i - 1].offset != table->changes[i].offset);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_cron(text);
  check_file(text);
  check_zone(text);
  return 0;
}
