#include "schedule/entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.hpp"

namespace selvage::schedule {

namespace {

constexpr std::size_t kMaxText = 200;  // bytes of a task's or a queue's name
constexpr std::string_view kKeys[] = {"name",   "cron",     "every",        "timezone", "task",
                                      "args",   "kwargs",   "queue",        "priority", "expires",
                                      "jitter", "catch_up", "catch_up_max", "enabled"};

bool is_entry_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, [](char c) {
    return is_digit(c) || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z') || c == '.' ||
           c == '_' || c == '-';
  });
}

void refuse_unknown_keys(json::Reader& reader, const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return;
  for (const auto& member : *object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::ranges::find(kKeys, key) == std::end(kKeys)) {
      reader.problem(in_quotes(key), "is not a field of a schedule");
    }
  }
}

std::optional<Timing> read_timing(json::Reader& reader, Entry& entry) {
  entry.cron = reader.maybe_text("cron", {.max = kMaxText}).value_or("");
  entry.every = reader.maybe_text("every", {.max = kMaxText}).value_or("");
  const auto zone = reader.maybe_text("timezone", {.max = kMaxText});
  if (entry.cron.empty() == entry.every.empty()) {
    if (reader.ok()) reader.problem("cron", "an entry needs either cron or every");
    return std::nullopt;
  }
  if (entry.cron.empty() && zone) reader.problem("timezone", "belongs to cron; every has none");
  if (!entry.cron.empty()) entry.timezone = zone.value_or("UTC");
  const auto timing =
      entry.cron.empty() ? Timing::every(entry.every) : Timing::cron(entry.cron, entry.timezone);
  if (timing) return *timing;
  const bool of_zone = timing.error().code == "schedule.timezone";
  reader.problem(of_zone              ? "timezone"
                 : entry.cron.empty() ? "every"
                                      : "cron",
                 timing.error().message);
  return std::nullopt;
}

std::optional<milliseconds> read_duration(json::Reader& reader, std::string_view key,
                                          milliseconds min, milliseconds max) {
  const auto text = reader.maybe_text(key, {.max = kMaxText});
  if (!text) return std::nullopt;
  const auto duration = parse_duration(*text);
  if (duration && *duration >= min && *duration <= max) return *duration;
  reader.problem(key, fmt::format("must be {} to {}, is {}", to_string(min), to_string(max),
                                  in_quotes(*text)));
  return std::nullopt;
}

std::string read_json(json::Reader& reader, std::string_view key, json::value fallback) {
  const json::value* value = reader.raw(key);
  if (value == nullptr) return json::dump(fallback);
  if (value->kind() != fallback.kind()) {
    reader.problem(key, fallback.is_array() ? "must be an array" : "must be an object");
    return {};
  }
  std::string text = json::dump(*value);
  if (text.size() > kMaxArguments) {
    reader.problem(key,
                   fmt::format("has {} bytes, at most {} are taken", text.size(), kMaxArguments));
  }
  return text;
}

void read_task(json::Reader& reader, Entry& entry, const EntryRules& rules) {
  entry.task = reader.text("task", {.max = kMaxText});
  entry.args = read_json(reader, "args", json::array());
  entry.kwargs = read_json(reader, "kwargs", json::object());
  entry.queue = reader.maybe_text("queue", {.max = kMaxText}).value_or(rules.default_queue);
  entry.priority = static_cast<int>(reader.integer("priority", {.min = 0, .max = 9}, 0));
  if (rules.foreign_queues.contains(entry.queue)) {
    reader.problem("queue", fmt::format("{} does not take scheduled tasks, which are Celery "
                                        "messages; use another queue",
                                        in_quotes(entry.queue)));
  }
}

void read_policy(json::Reader& reader, Entry& entry) {
  constexpr milliseconds kLongest = kMaxInterval;
  entry.expires = read_duration(reader, "expires", seconds(1), kLongest);
  entry.jitter = read_duration(reader, "jitter", seconds(0), kMaxJitter).value_or(milliseconds(0));
  entry.enabled = reader.flag("enabled", true);
  if (reader.raw("catch_up") != nullptr) {
    const std::string text = reader.choice("catch_up", {"skip", "once", "all"});
    for (const CatchUp known : {CatchUp::skip, CatchUp::once, CatchUp::all}) {
      if (text == name(known)) entry.catch_up = known;
    }
  }
  if (reader.raw("catch_up_max") != nullptr && entry.catch_up != CatchUp::all) {
    reader.problem("catch_up_max", "belongs to catch_up all");
  }
  entry.catch_up_max =
      reader.integer("catch_up_max", {.min = 1, .max = kMaxCatchUp}, entry.catch_up_max);
}

}  // namespace

std::string_view name(CatchUp catch_up) {
  switch (catch_up) {
    case CatchUp::skip:
      return "skip";
    case CatchUp::once:
      return "once";
    case CatchUp::all:
      return "all";
  }
  return {};
}

Result<Entry> parse_entry(const json::value& value, std::string_view path,
                          const EntryRules& rules) {
  json::Reader reader(value, path);
  refuse_unknown_keys(reader, value);
  Entry entry;
  entry.name = reader.text("name", {.max = kMaxName});
  if (!entry.name.empty() && !is_entry_name(entry.name)) {
    reader.problem("name", fmt::format("must be letters, digits, '.', '_' and '-', is {}",
                                       in_quotes(entry.name)));
  }
  read_task(reader, entry, rules);
  read_policy(reader, entry);
  if (const auto timing = read_timing(reader, entry)) {
    entry.timing = *timing;
    if (entry.jitter > milliseconds(0) && timing->interval() > seconds(0) &&
        entry.jitter >= timing->interval()) {
      reader.problem("jitter", "must be shorter than the interval");
    }
  }
  // what was parsed apart may be too deep together, and could not be read back
  if (reader.ok() && !json::parse(definition_of(entry))) {
    reader.problem("args", "and kwargs must not be nested so deeply");
  }
  if (auto bad = reader.finish()) {
    bad->code = "schedule.entry";
    return fail(*bad);
  }
  return entry;
}

std::string definition_of(const Entry& entry) {
  json::object out;
  if (!entry.cron.empty()) {
    out["cron"] = entry.cron;
    out["timezone"] = entry.timezone;
  } else {
    out["every"] = entry.every;
  }
  out["task"] = entry.task;
  // dumped and checked before, so parsing cannot fail
  out["args"] = boost::json::parse(entry.args);
  out["kwargs"] = boost::json::parse(entry.kwargs);
  out["queue"] = entry.queue;
  out["priority"] = entry.priority;
  if (entry.expires) out["expires"] = to_string(*entry.expires);
  out["catch_up"] = name(entry.catch_up);
  if (entry.catch_up == CatchUp::all) out["catch_up_max"] = entry.catch_up_max;
  if (entry.jitter > milliseconds(0)) out["jitter"] = to_string(entry.jitter);
  return json::dump(out);
}

Result<Entry> entry_of(std::string name, bool enabled, std::string_view definition) {
  json::value value = TRY(json::parse(definition));
  if (auto* object = value.if_object()) {
    (*object)["name"] = name;
    (*object)["enabled"] = enabled;
  }
  return parse_entry(value, name, {});
}

std::string timing_text(const Entry& entry) {
  return entry.cron.empty() ? "every " + entry.every
                            : fmt::format("{} {}", entry.cron, entry.timezone);
}

}  // namespace selvage::schedule
