#include "tryon/generation_task.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tryon/detail/object_keys.hpp"
#include "tryon/pipeline.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

constexpr std::string_view kGood = R"({
  "version": 1, "task_id": "task-1", "session_id": "0198c7b2-7d5e-7a64-b9a5-0d4c0e6f1a2b",
  "request_id": "req_1", "channel": "b2c", "user_id": "user:7",
  "person_image_url": "https://shop.example/me.jpg",
  "garment_image_urls": ["http://shop.example/shirt.png"],
  "prompt": "long sleeves", "options": {"size": "L"}, "credits": 2,
  "created_at": "2026-11-21T03:43:20Z", "trace": {"id": [1, 2]}})";

// The good message with one text replaced.
std::string with(std::string_view from, std::string_view to) {
  std::string text(kGood);
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string problem_of(std::string_view json) {
  const Result<GenerationTask> task = GenerationTask::parse(json);
  REQUIRE_MESSAGE(!task, json);
  CHECK(task.error().code == "task.malformed");
  return task.error().message;
}

}  // namespace

TEST_CASE("GenerationTask: a good message is read, written and read again without loss") {
  const Result<GenerationTask> first = GenerationTask::parse(kGood);
  REQUIRE_MESSAGE(first, first.error().describe());
  CHECK(first->owner == Owner{Channel::b2c, "user:7"});
  CHECK(first->credits.value == 2);
  CHECK(first->prompt == "long sleeves");
  CHECK(first->unknown_json == R"({"trace":{"id":[1,2]}})");
  const Result<GenerationTask> second = GenerationTask::parse(first->to_json());
  REQUIRE(second);
  CHECK(second->to_json() == first->to_json());
  CHECK(second->unknown_json == first->unknown_json);
  CHECK(second->options_json == R"({"size":"L"})");
  CHECK(second->created_at == first->created_at);
}

TEST_CASE("GenerationTask: the trace it belongs to is kept, a broken one harms no job") {
  const char* const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto traced = GenerationTask::parse(
      with(R"("version": 1,)",
           fmt::format(R"("version": 1, "traceparent": "{}", "tracestate": "a=1",)", parent)));
  REQUIRE(traced);
  CHECK(traced->trace.traceparent() == parent);
  CHECK(traced->trace.state == "a=1");
  CHECK(traced->unknown_json == R"({"trace":{"id":[1,2]}})");
  const auto again = GenerationTask::parse(traced->to_json());
  REQUIRE(again);
  CHECK(again->trace == traced->trace);
  for (const char* broken : {R"("traceparent": "00-zz")", R"("traceparent": 7)",
                             R"("traceparent": null)", R"("tracestate": "a=1")"}) {
    CAPTURE(broken);
    const auto task = GenerationTask::parse(
        with(R"("version": 1,)", fmt::format(R"("version": 1, {},)", broken)));
    REQUIRE(task);
    CHECK_FALSE(task->trace.valid());
    CHECK(task->to_json().find("traceparent") == std::string::npos);
  }
}

TEST_CASE("GenerationTask: every problem is reported at once") {
  const std::string problem = problem_of(R"({"version": 2, "task_id": "a b", "channel": "b2b",
      "user_id": "u", "person_image_url": "ftp://x.example/a", "garment_image_urls": [],
      "credits": 0, "created_at": "yesterday"})");
  for (const std::string_view part :
       {"version: must be 1", "task_id: must be 1 to 128", "session_id: is required",
        "request_id: is required", "store_id: is required", "user_id: does not belong",
        "person_image_url: ", "garment_image_urls: must have 1 to 8", "credits: must be at least 1",
        "created_at: "}) {
    CHECK_MESSAGE(problem.contains(part), part << " missing in: " << problem);
  }
}

TEST_CASE("GenerationTask: what is wrong is refused") {
  CHECK(problem_of("").contains("JSON"));
  CHECK(problem_of("[]").contains("object"));
  CHECK(problem_of("{\"version\":1").contains("JSON"));
  CHECK(problem_of(with("\"version\": 1,", "")).contains("version: is required"));
  CHECK(problem_of(with("\"credits\": 2", "\"credits\": \"2\"")).contains("credits"));
  CHECK(problem_of(with("\"credits\": 2", "\"credits\": 1001")).contains("credits"));
  CHECK(problem_of(with("\"credits\": 2", "\"credits\": -3")).contains("credits"));
  CHECK(problem_of(with("\"b2c\"", "\"b2x\"")).contains("channel"));
  CHECK(problem_of(with("\"user_id\": \"user:7\"", "\"store_id\": \"s\"")).contains("store_id"));
  CHECK(problem_of(with("https://shop.example/me.jpg", "file:///etc/passwd")).contains("person"));
  CHECK(problem_of(with("https://shop.example/me.jpg", "")).contains("person_image_url"));
  CHECK(problem_of(with("{\"size\": \"L\"}", "[1]")).contains("options"));
  CHECK(problem_of(with("req_1", "req 1")).contains("request_id"));
  CHECK(problem_of(with("task-1", std::string(129, 'x'))).contains("task_id"));
}

TEST_CASE("GenerationTask: the prompt is measured in characters, and a blank one is none") {
  const auto prompt = [](const std::string& text) {
    return GenerationTask::parse(with("long sleeves", text));
  };
  std::string long_enough;
  for (std::size_t i = 0; i < kMaxPrompt; ++i) long_enough += "é";
  const Result<GenerationTask> accepted = prompt(long_enough);
  REQUIRE_MESSAGE(accepted, accepted.error().describe());
  CHECK_FALSE(prompt(long_enough + "é").has_value());
  CHECK_FALSE(prompt("  ")->prompt.has_value());
}

TEST_CASE("GenerationTask: an uploaded picture must be the session's own") {
  constexpr std::string_view kUrl = "https://shop.example/me.jpg";
  const std::string own = "object:inputs/0198c7b2-7d5e-7a64-b9a5-0d4c0e6f1a2b/person.jpg";
  CHECK(GenerationTask::parse(with(kUrl, own)).has_value());
  for (const std::string_view other :
       {"object:inputs/0198c7b2-0000-7a64-b9a5-0d4c0e6f1a2b/person.jpg",
        "object:inputs/0198c7b2-7d5e-7a64-b9a5-0d4c0e6f1a2b/../other/person.jpg",
        "object:results/users/u/s.jpg", "object:", "object:/etc/passwd"}) {
    CHECK(problem_of(with(kUrl, other)).contains("person_image_url: must lie under inputs/"));
  }
}

TEST_CASE("GenerationTask: the session of a broken message is found when it is certain") {
  const auto session = [](std::string_view json) { return salvage(json).session_id.value_or("-"); };
  CHECK(session(R"({"session_id": "s1", "credits": "no"})") == "s1");
  CHECK(session(R"({"session_id": "s1", "channel": "b2b", "person_)") == "s1");
  CHECK(salvage(R"({"session_id": "s1", "channel": "b2b", "person_)").channel == Channel::b2b);
  CHECK(session(R"({"session_id": "s1", "session_id": "s1"})") == "s1");
  CHECK(session(R"({"session_id": "s1", "session_id": "s2"})") == "-");
  CHECK(session(R"({"session_id": 5})") == "-");
  CHECK(session(R"({"session_id": "a b"})") == "-");
  CHECK(session(R"({"session_id": ")") == "-");
  CHECK(session("") == "-");
}

TEST_CASE("Object keys: every id has keys that storage accepts and that lead back to it") {
  for (const std::string_view id : {"plain-id_1", "0198c7b2-7d5e-7a64-b9a5-0d4c0e6f1a2b", "a:b",
                                    "..", ".", "a..b", "a.", "-x", "encoded", "v1.2"}) {
    const std::string key = inputs_prefix(id) + "1700000000-x-person.jpg";
    CHECK_MESSAGE(data::check_key(key).has_value(), key);
    CHECK(tryon::detail::session_of_input(key) == id);
    const std::string result = result_key({Channel::b2b, std::string(id)}, id, "jpg");
    CHECK_MESSAGE(data::check_key(result).has_value(), result);
  }
  const std::string longest(128, ':');
  CHECK(data::check_key(result_key({Channel::b2b, longest}, longest, "webp")).has_value());
  CHECK(result_key({Channel::b2b, "acme"}, "s1", "jpg") == "results/stores/acme/s1.jpg");
  CHECK(result_key({Channel::b2c, "ann"}, "s1", "png") == "results/users/ann/s1.png");
  CHECK(tryon::detail::session_of_input("results/users/ann/s1.png") == std::nullopt);
  CHECK(tryon::detail::session_of_input("inputs/lonely") == std::nullopt);
}

TEST_CASE("GenerationTask: a message damaged anywhere is refused or read without harm") {
  std::uint32_t state = 12345;
  const auto random = [&state](std::size_t bound) {
    state = state * 1664525U + 1013904223U;
    return static_cast<std::size_t>(state >> 8) % bound;
  };
  int accepted = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string text(kGood);
    for (std::size_t damage = 1 + random(3); damage > 0; --damage) {
      const std::size_t at = random(text.size());
      switch (random(3)) {
        case 0:
          text[at] = static_cast<char>(random(256));
          break;
        case 1:
          text.erase(at, 1 + random(20));
          break;
        case 2:
          text.insert(at, text.substr(random(text.size()), random(20)));
          break;
      }
    }
    (void)salvage(text);
    const Result<GenerationTask> task = GenerationTask::parse(text);
    if (!task) continue;
    ++accepted;
    const Result<GenerationTask> again = GenerationTask::parse(task->to_json());
    REQUIRE_MESSAGE(again, text);
    REQUIRE(again->to_json() == task->to_json());
    REQUIRE(data::check_key(result_key(task->owner, task->session_id, "jpg")));
  }
  CHECK(accepted > 50);
}
