#include "sizing/size_request.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.hpp"
#include "sizing/sizing_task.hpp"

namespace selvage::sizing {
namespace {

Result<SizeRequest> read(std::string_view text, bool has_photo = false) {
  const auto body = json::parse(text);
  REQUIRE(body.has_value());
  return parse_size_request(*body, has_photo);
}

std::string problem(std::string_view text, bool has_photo = false) {
  const auto request = read(text, has_photo);
  REQUIRE_FALSE(request.has_value());
  CHECK(request.error().kind == ErrorKind::invalid);
  return request.error().message;
}

TEST_CASE("Size request: URL and height are enough") {
  const auto request = read(R"({"image_url": "https://a.example/p.jpg", "height_cm": 172.5})");
  REQUIRE(request.has_value());
  CHECK(request->image_url == "https://a.example/p.jpg");
  CHECK(request->wearer.height_cm == 172.5);
  CHECK_FALSE(request->wearer.sex.has_value());
  CHECK(request->wearer.fit == Fit::regular);
  CHECK_FALSE(request->include_pose);
}

TEST_CASE("Size request: everything, and the same again after it was written") {
  const auto request = read(
      R"({"image_url": "https://a.example/p.jpg", "height_cm": 180, "sex": "female", "fit": "loose",
          "include": ["pose"], "chart": {"name": "S", "sizes": [{"label": "M", "chest": [80, 90]}]}})");
  REQUIRE(request.has_value());
  CHECK(request->wearer.sex == Sex::female);
  CHECK(request->wearer.fit == Fit::loose);
  CHECK(request->include_pose);
  REQUIRE(request->chart.has_value());
  const auto again = read(to_json(*request));
  REQUIRE(again.has_value());
  CHECK(to_json(*again) == to_json(*request));
  CHECK(*again->chart == *request->chart);
}

TEST_CASE("Size request: every problem is named at once") {
  const std::string all =
      problem(R"({"height_cm": 17200, "sex": "x", "fit": 1, "include": "all", "colour": "red"})");
  for (const std::string_view word :
       {"image_url", "height_cm", "from 100 to 250", "17200", "sex", "fit", "include", "colour"}) {
    CHECK_MESSAGE(all.contains(word), all);
  }
}

TEST_CASE("Size request: heights at the border and beyond") {
  const auto with = [](std::string_view height) {
    return R"({"image_url": "https://a.example/p", "height_cm": )" + std::string(height) + "}";
  };
  for (const char* good : {"100", "250", "100.0", "249.99", "1.72e2"}) CHECK(read(with(good)));
  for (const char* bad : {"99.99", "250.01", "0", "-172", "1e300", "\"172\"", "null", "true",
                          "[172]", "9223372036854775807", "18446744073709551615"}) {
    CHECK_MESSAGE(problem(with(bad)).contains("height_cm"), bad);
  }
}

TEST_CASE("Size request: a photo that was sent needs no URL, and takes none") {
  CHECK(read(R"({"height_cm": 172})", true));
  CHECK(problem(R"({"height_cm": 172, "image_url": "https://a.example/p"})", true)
            .contains("image_url"));
}

TEST_CASE("Size request: charts by id, or in full and then valid") {
  const auto with = [](std::string_view chart) {
    return R"({"image_url": "https://a.example/p", "height_cm": 172, "chart": )" +
           std::string(chart) + "}";
  };
  CHECK(read(with("\"shirts-2026\""))->chart_id == "shirts-2026");
  CHECK(problem(with("\"../x\"")).contains("chart"));
  CHECK(problem(with("7")).contains("chart"));
  CHECK(problem(with(R"({"name": "x", "sizes": []})")).contains("chart"));
}

TEST_CASE("Sizing task: written and read again, whoever it belongs to") {
  SizingTask task{.task_id = "t-1", .channel = "b2b", .owner_id = "store-1"};
  task.request.image_url = "https://a.example/p.jpg";
  task.request.wearer.height_cm = 165;
  task.request.chart_id = "shirts";
  const auto again = SizingTask::parse(task.to_json());
  REQUIRE(again.has_value());
  CHECK(again->owner() == "b2b:store-1");
  CHECK(again->task_id == "t-1");
  CHECK(to_json(again->request) == to_json(task.request));
  task.channel = task.owner_id = "";
  CHECK(SizingTask::parse(task.to_json())->owner().empty());
}

TEST_CASE("Sizing task: the trace it belongs to is kept, a broken one harms no task") {
  const auto with = [](std::string_view parent) {
    return SizingTask::parse(fmt::format(
        R"({{"task_id": "t", "image_url": "https://a.example/p", "height_cm": 172, "traceparent": "{}", "tracestate": "a=1"}})",
        parent));
  };
  constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto traced = with(kParent);
  REQUIRE(traced);
  CHECK(traced->trace.traceparent() == kParent);
  CHECK(SizingTask::parse(traced->to_json())->trace == traced->trace);
  const auto broken = with("00-zz");
  REQUIRE(broken);
  CHECK_FALSE(broken->trace.valid());
  CHECK_FALSE(broken->to_json().contains("trace"));
}

TEST_CASE("Sizing task: what producers without our API may get wrong") {
  const auto code = [](std::string_view text) {
    const auto task = SizingTask::parse(text);
    return task ? std::string() : task.error().code;
  };
  constexpr std::string_view kGood =
      R"({"task_id": "t", "user_id": "u", "request_id": "r", "created_at": "x", "image_url": "https://a.example/p", "height_cm": 172})";
  CHECK(code(kGood).empty());
  CHECK(code(R"({"image_url": "https://a.example/p", "height_cm": 172})") == "task.malformed");
  CHECK(
      code(
          R"({"version": 2, "task_id": "t", "image_url": "https://a.example/p", "height_cm": 172})") ==
      "task.malformed");
  CHECK(
      code(
          R"({"task_id": "t", "user_id": "u", "store_id": "s", "image_url": "x", "height_cm": 172})") ==
      "task.malformed");
  CHECK(code(R"({"task_id": "t", "user_id": "a b", "image_url": "x", "height_cm": 172})") ==
        "task.malformed");
  CHECK(code(R"({"task_id": "t", "image_url": "x"})") == "json.invalid");
  CHECK(code("[]") == "task.malformed");
  CHECK_FALSE(code("{").empty());
  CHECK(SizingTask::salvage_owner(R"({"task_id": "t", "store_id": "s", "height_cm": 3})") ==
        "b2b:s");
  CHECK(SizingTask::salvage_owner(R"({"task_id": "t"})") == "");
  for (const char* lost :
       {"{", "[]", R"({"store_id": "s"})", R"({"task_id": "t", "user_id": "a b"})"}) {
    CHECK_FALSE(SizingTask::salvage_owner(lost).has_value());
  }
}

}  // namespace
}  // namespace selvage::sizing
