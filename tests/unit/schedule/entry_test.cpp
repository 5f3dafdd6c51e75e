#include "schedule/entry.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "schedule/schedule_file.hpp"

namespace selvage::schedule {

namespace {

const EntryRules kRules{.default_queue = "celery", .foreign_queues = {"wearon:tasks:generation"}};

Result<Entry> parse(std::string_view text) {
  const auto value = json::parse(text);
  REQUIRE_MESSAGE(value, value.error().describe());
  return parse_entry(*value, "", kRules);
}

Entry valid(std::string_view text) {
  auto entry = parse(text);
  REQUIRE_MESSAGE(entry, entry.error().describe());
  return std::move(*entry);
}

std::string problem_of(std::string_view text) {
  const auto entry = parse(text);
  REQUIRE(!entry);
  CHECK(entry.error().code == "schedule.entry");
  return entry.error().message;
}

}  // namespace

TEST_CASE("an entry needs a name, a time and a task; the rest has defaults") {
  const Entry entry = valid(R"({"name": "tick", "every": "30s", "task": "shop.sync"})");
  CHECK(entry.queue == "celery");
  CHECK(entry.args == "[]");
  CHECK(entry.kwargs == "{}");
  CHECK(entry.priority == 0);
  CHECK(!entry.expires);
  CHECK(entry.catch_up == CatchUp::once);
  CHECK(entry.enabled);
  CHECK(timing_text(entry) == "every 30s");
  CHECK(timing_text(valid(R"({"name": "n", "cron": "0 3 * * *", "task": "t"})")) ==
        "0 3 * * * UTC");
}

TEST_CASE("a definition survives the way through the table, whatever order it was written in") {
  const Entry entry = valid(
      R"({"catch_up": "all", "catch_up_max": 7, "jitter": "90s", "expires": "1h", "priority": 3,
          "queue": "slow", "kwargs": {"url": "https://x/\"é"}, "args": [1, null, "a"],
          "task": "http", "cron": "*/5 * * * *", "timezone": "UTC", "name": "a.b_c-1",
          "enabled": false})");
  const std::string definition = definition_of(entry);
  const auto back = entry_of(entry.name, entry.enabled, definition);
  REQUIRE_MESSAGE(back, back.error().describe());
  CHECK(definition_of(*back) == definition);
  CHECK(back->catch_up_max == 7);
  CHECK(back->jitter == milliseconds(90'000));
  CHECK(*back->expires == milliseconds(3'600'000));
  CHECK(back->kwargs == entry.kwargs);
  CHECK(!back->enabled);
  CHECK(!definition.contains("a.b_c-1"));
}

TEST_CASE("what is wrong is said with its field, all at once") {
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {R"({"every": "30s", "task": "t"})", "name: is required"},
      {R"({"name": "a b", "every": "30s", "task": "t"})", "name: must be letters"},
      {R"({"name": "a", "every": "30s"})", "task: is required"},
      {R"({"name": "a", "task": "t"})", "either cron or every"},
      {R"({"name": "a", "task": "t", "every": "1m", "cron": "* * * * *"})", "either cron or every"},
      {R"({"name": "a", "task": "t", "every": "1m", "timezone": "UTC"})", "timezone: belongs"},
      {R"({"name": "a", "task": "t", "cron": "61 * * * *"})", "cron: the minute must be 0 to 59"},
      {R"({"name": "a", "task": "t", "cron": "* * * * *", "timezone": "Mars/Base"})",
       "timezone: \"Mars/Base\""},
      {R"({"name": "a", "task": "t", "every": "0s"})", "every: must be 1s"},
      {R"({"name": "a", "task": "t", "every": "1m", "args": {}})", "args: must be an array"},
      {R"({"name": "a", "task": "t", "every": "1m", "kwargs": []})", "kwargs: must be an object"},
      {R"({"name": "a", "task": "t", "every": "1m", "priority": 10})", "priority: must be at most"},
      {R"({"name": "a", "task": "t", "every": "1m", "expires": "x"})", "expires: must be 1s"},
      {R"({"name": "a", "task": "t", "every": "1m", "jitter": "60s"})", "shorter than the"},
      {R"({"name": "a", "task": "t", "every": "1m", "catch_up": "never"})", "catch_up: must be"},
      {R"({"name": "a", "task": "t", "every": "1m", "catch_up_max": 5})",
       "belongs to catch_up all"},
      {R"({"name": "a", "task": "t", "every": "1m", "when": 5})", "\"when\": is not a field"},
      {R"({"name": "a", "task": "t", "every": "1m", "queue": "wearon:tasks:generation"})",
       "does not take scheduled tasks"},
      {R"([])", "must be an object"},
  };
  for (const auto& [text, why] : wrong) {
    CAPTURE(text);
    const std::string problem = problem_of(text);
    CHECK_MESSAGE(problem.contains(why), problem);
  }
  const std::string both = problem_of(R"({"name": "", "every": "x", "priority": -1})");
  for (const std::string_view part : {"name:", "task:", "every:", "priority:"}) {
    CHECK_MESSAGE(both.contains(part), both);
  }
}

TEST_CASE("arguments have a cap") {
  const std::string large(kMaxArguments, 'x');
  CHECK(problem_of(R"({"name": "a", "task": "t", "every": "1m", "args": [")" + large + "\"]}")
            .contains("at most 65536"));
}

TEST_CASE("arguments that could be written but not read back are refused") {
  json::value deep = json::array{};
  for (int i = 1; i < json::kMaxDepth; ++i) deep = json::array{std::move(deep)};
  json::object value{{"name", "a"}, {"task", "t"}, {"every", "1m"}, {"args", std::move(deep)}};
  const auto entry = parse_entry(value, "", kRules);
  REQUIRE(!entry);
  CHECK(entry.error().message.contains("nested"));
}

TEST_CASE("a file's problems are said with the lines of their entries") {
  constexpr std::string_view text = R"({
  "schedules": [
    {"name": "good", "every": "30s", "task": "t", "args": [{"deep": [1, {"x": "}],[{"}]}]},
    {
      "name": "bad",
      "cron": "0 25 * * *", "task": "t"
    }, {"name": "good", "every": "1m",
        "task": "t"},
    7,
    {"name": "typo", "evry": "1m", "task": "t"}
  ]
})";
  const auto entries = parse_schedule_file(text, "s.json", kRules);
  REQUIRE(!entries);
  CHECK(entries.error().message ==
        "s.json:4: bad.cron: the hour must be 0 to 23, is 25\n"
        "s.json:7: good: line 3 has a schedule of this name already\n"
        "s.json:9: schedules[3]: must be an object, is a number\n"
        "s.json:10: typo.\"evry\": is not a field of a schedule");
}

TEST_CASE("a file that is no JSON is refused with its line") {
  const auto entries =
      parse_schedule_file("{\n  \"schedules\": [\n    {\"name\" \"x\"}\n  ]\n}", "s.json", kRules);
  REQUIRE(!entries);
  CHECK_MESSAGE(entries.error().message.starts_with("s.json:3: "), entries.error().message);
  for (const std::string_view text :
       {"[]", "{}", R"({"schedules": {}})", R"({"schedules": [], "more": 1})"}) {
    CAPTURE(text);
    CHECK(!parse_schedule_file(text, "s.json", kRules));
  }
  const auto empty = parse_schedule_file(R"({"schedules": []})", "s.json", kRules);
  REQUIRE(empty);
  CHECK(empty->empty());
}

}  // namespace selvage::schedule
