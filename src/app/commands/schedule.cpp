#include <boost/json.hpp>

#include "app/beat_role.hpp"
#include "app/command.hpp"
#include "app/platform.hpp"
#include "app/schedule_json.hpp"
#include "base/text.hpp"
#include "data/database_time.hpp"
#include "net/loop.hpp"
#include "schedule/firing.hpp"

namespace selvage::app {

namespace {

constexpr int kMostTimes = 1000;
constexpr std::string_view kTextFlags[] = {"cron",  "every",   "timezone", "task",
                                           "queue", "expires", "jitter",   "catch_up"};

std::unexpected<Error> usage(std::string message, std::string hint) {
  return fail(ErrorKind::invalid, "schedule.usage", std::move(message), std::move(hint));
}

Result<std::string> only_name(const Invocation& invocation) {
  if (invocation.arguments.size() == 1) return invocation.arguments[0];
  return usage(fmt::format("selvage schedule {} needs one schedule's name", invocation.action),
               "see them: selvage schedule list");
}

std::string flag_of(std::string_view field) {
  std::string flag = "--" + std::string(field);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

Result<std::int64_t> number_of(const Invocation& invocation, std::string_view flag,
                               std::int64_t most, std::int64_t fallback) {
  const auto text = invocation.value(flag);
  if (!text) return fallback;
  char* end = nullptr;
  const long long number = std::strtoll(text->c_str(), &end, 10);
  if (!text->empty() && *end == '\0' && number >= 0 && number <= most) return number;
  return usage(fmt::format("{} must be 0 to {}, is {}", flag, most, in_quotes(*text)), "");
}

// The flags as the JSON of an entry, so that file, API and command line have one set of rules.
Result<schedule::Entry> entry_of(const Invocation& invocation, const Settings& settings) {
  json::object entry{{"name", TRY(only_name(invocation))},
                     {"enabled", !invocation.has("--disabled")}};
  for (const std::string_view field : kTextFlags) {
    if (const auto text = invocation.value(flag_of(field))) entry[field] = *text;
  }
  for (const std::string_view field : {"args", "kwargs"}) {
    const auto text = invocation.value(flag_of(field));
    if (!text) continue;
    auto value = json::parse(*text);
    if (!value) return fail(value.error().within(flag_of(field)));
    entry[field] = std::move(*value);
  }
  for (const std::string_view field : {"priority", "catch_up_max"}) {
    if (!invocation.has(flag_of(field))) continue;
    entry[field] = TRY(number_of(invocation, flag_of(field), schedule::kMaxCatchUp, 0));
  }
  return schedule::parse_entry(entry, "", schedule_rules(settings));
}

std::string shown(std::optional<Timestamp> time) {
  return time ? to_rfc3339(*time).substr(0, 19) + "Z" : "-";
}

Result<int> list(const Invocation& invocation, data::Database& database) {
  const auto rows = TRY(database.read_blocking(schedule::list_entries));
  if (invocation.has("--json")) {
    json::array entries;
    for (const schedule::EntryRow& row : rows) entries.push_back(schedule_json(row));
    fmt::print("{}\n", json::dump(json::object{{"schedules", std::move(entries)}}));
    return 0;
  }
  fmt::print("{:<24} {:<30} {:<20} {:<20} {:>7} {}\n", "NAME", "WHEN", "NEXT", "LAST", "FIRES",
             "TASK");
  for (const schedule::EntryRow& row : rows) {
    if (!row.problem.empty()) {
      fmt::print("{:<24} cannot be read: {}\n", row.entry.name, row.problem);
      continue;
    }
    fmt::print("{:<24} {:<30} {:<20} {:<20} {:>7} {}\n", row.entry.name,
               schedule::timing_text(row.entry), row.entry.enabled ? shown(row.next_at) : "off",
               shown(row.last_at), row.fires, row.entry.task);
  }
  return 0;
}

Result<int> print_times(const schedule::Timing& timing, Timestamp after, std::int64_t count) {
  std::optional<Timestamp> time = after;
  for (std::int64_t i = 0; i < count; ++i) {
    time = timing.next_after(*time);
    if (!time) break;
    fmt::print("{}\n", shown(time));
  }
  return 0;
}

// Of an entry, or of --cron or --every alone: what a line means can be tried before it is added.
Result<int> next(const Invocation& invocation, data::Database& database) {
  const std::int64_t count = TRY(number_of(invocation, "--count", kMostTimes, 5));
  Timestamp after = now();
  if (const auto text = invocation.value("--after")) after = TRY(parse_rfc3339(*text));
  if (const auto cron = invocation.value("--cron")) {
    const auto zone = invocation.value("--timezone").value_or("UTC");
    return print_times(TRY(schedule::Timing::cron(*cron, zone)), after, count);
  }
  if (const auto every = invocation.value("--every")) {
    return print_times(TRY(schedule::Timing::every(*every)), after, count);
  }
  const std::string name = TRY(only_name(invocation));
  const auto row = TRY(database.read_blocking(
      [&name](data::Transaction& tx) { return schedule::find_entry(tx, name); }));
  if (!row || !row->problem.empty()) {
    return fail(ErrorKind::not_found, "schedule.unknown",
                row ? row->problem : fmt::format("there is no schedule {}", in_quotes(name)),
                "see them: selvage schedule list");
  }
  return print_times(row->entry.timing, after, count);
}

Result<int> add(const Invocation& invocation, Platform& platform) {
  const schedule::Entry entry = TRY(entry_of(invocation, platform.settings));
  const auto row = TRY(platform.database->write_blocking(
      [&entry](data::Transaction& tx) -> Result<std::optional<schedule::EntryRow>> {
        TRY(schedule::save_entry(tx, entry, schedule::Source::database,
                                 TRY(data::database_time(tx))));
        return schedule::find_entry(tx, entry.name);
      }));
  fmt::print("{} fires {}, next at {}\n", entry.name, schedule::timing_text(entry),
             entry.enabled ? shown(row->next_at) : "- (it is off)");
  return 0;
}

Result<int> change(const Invocation& invocation, data::Database& database) {
  const std::string name = TRY(only_name(invocation));
  const bool from_file = TRY(database.write_blocking([&](data::Transaction& tx) -> Result<bool> {
    const auto row = TRY(schedule::find_entry(tx, name));
    if (invocation.action == "remove") {
      TRY(schedule::remove_entry(tx, name));
    } else {
      TRY(schedule::enable_entry(tx, name, invocation.action == "enable",
                                 TRY(data::database_time(tx))));
    }
    return row->source == schedule::Source::file;
  }));
  fmt::print("{} is {}\n", name,
             invocation.action == "remove"   ? "removed"
             : invocation.action == "enable" ? "on"
                                             : "off");
  if (from_file) {
    fmt::print(stderr, "It comes from SCHEDULE_FILE: this holds until the file changes it{}.\n",
               invocation.action == "remove" ? " or is read anew" : "");
  }
  return 0;
}

Result<int> fire(const Invocation& invocation, Platform& platform) {
  const std::string name = TRY(only_name(invocation));
  const std::string id = TRY(platform.database->write_blocking([&](data::Transaction& tx) {
    return schedule::fire_by_hand(tx, schedule_outlet(platform), name);
  }));
  fmt::print("{}\n", id);
  return 0;
}

Result<int> run(const Invocation& invocation) {
  net::Loop loop;
  const auto platform = TRY(Platform::open(TRY(load_settings(invocation)), loop));
  if (invocation.action == "list") return list(invocation, *platform->database);
  if (invocation.action == "next") return next(invocation, *platform->database);
  if (invocation.action == "add") return add(invocation, *platform);
  if (invocation.action == "run") return fire(invocation, *platform);
  return change(invocation, *platform->database);
}

}  // namespace

Command schedule_command() {
  return {.name = "schedule",
          .summary = "List, add, remove, switch, try and fire schedules.",
          .details =
              "Works beside running processes, which notice within a second. Entries of "
              "SCHEDULE_FILE are changed in the file.\n"
              "  selvage schedule add nightly --cron \"0 3 * * *\" --task shop.report\n"
              "  selvage schedule next --cron \"*/5 9-17 * * mon-fri\" --timezone Europe/Berlin",
          .actions = {{"list", "", "all entries with their next times"},
                      {"add", "NAME", "add an entry, or replace the one of that name"},
                      {"remove", "NAME", "remove an entry"},
                      {"enable", "NAME", "let it fire from its next time on"},
                      {"disable", "NAME", "stop it from firing"},
                      {"next", "[NAME]", "its next times, or those of --cron or --every"},
                      {"run", "NAME", "send its task now, beside the schedule"}},
          .flags = {{"--cron", "LINE", "minute hour day month weekday, or @daily"},
                    {"--timezone", "ZONE", "IANA zone of --cron; default UTC"},
                    {"--every", "INTERVAL", "30s, 5m, 1h"},
                    {"--task", "TASK", "Celery name of the task"},
                    {"--args", "JSON", "its arguments, an array"},
                    {"--kwargs", "JSON", "its keyword arguments, an object"},
                    {"--queue", "QUEUE", "default: CELERY_DEFAULT_QUEUE"},
                    {"--priority", "N", "0 (first) to 9"},
                    {"--expires", "TIME", "drop it when it has not begun by then"},
                    {"--catch-up", "HOW", "missed times: skip, once (default), all"},
                    {"--catch-up-max", "N", "of all: at most N; default 100"},
                    {"--jitter", "TIME", "fire up to this much later"},
                    {"--disabled", "", "add it switched off"},
                    {"--count", "N", "next: how many times; default 5"},
                    {"--after", "TIME", "next: after this RFC 3339 time"},
                    {"--json", "", "list: as JSON"}},
          .run = run};
}

}  // namespace selvage::app
