#include "celery/message.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "celery/make_message.hpp"

namespace selvage::celery {

namespace {

const std::string kHeaders =
    R"j("lang": "py", "task": "w.ok", "id": "446a69e2-ad18-482d-84dd-9a4865a3f631",
       "shadow": null, "eta": null, "expires": null, "group": null, "group_index": null,
       "retries": 0, "timelimit": [null, null], "root_id": "root", "parent_id": null,
       "argsrepr": "(1,)", "kwargsrepr": "{}", "origin": "gen374@vm", "ignore_result": false)j";

// As a Celery client writes it; `more` are further headers.
std::string message_of(std::string_view body, std::string_view more = "") {
  return fmt::format(
      R"({{"body": "{}", "content-encoding": "utf-8", "content-type": "application/json",
          "headers": {{{}{}}},
          "properties": {{"correlation_id": "446a69e2", "reply_to": "208a303d",
          "delivery_mode": 2, "delivery_info": {{"exchange": "", "routing_key": "celery"}},
          "priority": 3, "body_encoding": "base64", "delivery_tag": "1350eb94"}}}})",
      base64(body), kHeaders, more);
}

constexpr std::string_view kNoSteps =
    R"({"callbacks": null, "errbacks": null, "chain": null, "chord": null})";

std::string body_of(std::string_view args, std::string_view kwargs,
                    std::string_view embed = kNoSteps) {
  return fmt::format("[{}, {}, {}]", args, kwargs, embed);
}

Message parsed(std::string_view text) {
  auto message = parse_message(text);
  INFO((message ? std::string() : message.error().describe()));
  REQUIRE(message.has_value());
  return std::move(*message);
}

std::string refused(std::string_view text) {
  const auto message = parse_message(text);
  REQUIRE_FALSE(message.has_value());
  CHECK_FALSE(message.error().hint.empty());
  return message.error().code;
}

}  // namespace

TEST_CASE("Message: what a Celery client sends is read") {
  const Message message = parsed(message_of(body_of(
      R"([1, "two, [\"x\"]", {"a": [3]}])", R"({"k": 1.50, "n": 12345678901234567890123})")));
  CHECK(message.protocol == 2);
  CHECK(message.id == "446a69e2-ad18-482d-84dd-9a4865a3f631");
  CHECK(message.task == "w.ok");
  // as it was written: a number keeps all its digits
  CHECK(message.args == R"([1, "two, [\"x\"]", {"a": [3]}])");
  CHECK(message.kwargs == R"({"k": 1.50, "n": 12345678901234567890123})");
  CHECK(message.args_repr == "(1,)");
  CHECK_FALSE(message.eta);
  CHECK_FALSE(message.expires);
  CHECK_FALSE(message.hard_limit);
  CHECK(message.root_id == "root");
  CHECK(message.parent_id.empty());
  CHECK(message.priority == 3);
  CHECK(message.routing_key == "celery");
  CHECK(message.delivery_tag == "1350eb94");
  CHECK(message.then.empty());
  CHECK(message.other_headers.empty());
}

TEST_CASE("Message: times, limits, retries and place in a group are read; a later header wins") {
  const Message message = parsed(message_of(
      body_of("[]", "{}"),
      R"(, "eta": "2026-11-20T23:18:25.846874+00:00", "expires": "2026-11-21T01:00:00+01:00",
         "retries": 2, "timelimit": [10, 5.5], "group": "g", "group_index": 4,
         "ignore_result": true, "parent_id": "p", "traceparent": "00-ab-cd-01",
         "compression": null)"));
  // cut to milliseconds, yet never early
  CHECK(to_rfc3339(*message.eta) == "2026-11-20T23:18:25.847Z");
  CHECK(to_rfc3339(*message.expires) == "2026-11-21T00:00:00.000Z");
  CHECK(message.retries == 2);
  CHECK(message.hard_limit == seconds(10));
  CHECK(message.soft_limit == milliseconds(5500));
  CHECK(message.group == "g");
  CHECK(message.group_index == 4);
  CHECK(message.ignore_result);
  CHECK(message.parent_id == "p");
  CHECK(message.traceparent == "00-ab-cd-01");
}

TEST_CASE("Message: a naive time is UTC, as clients of Celery 4 write it") {
  const Message message =
      parsed(message_of(body_of("[]", "{}"), R"(, "eta": "2026-11-20T23:18:25")"));
  CHECK(to_rfc3339(*message.eta) == "2026-11-20T23:18:25.000Z");
}

TEST_CASE("Message: headers nobody here knows are kept") {
  const Message message =
      parsed(message_of(body_of("[]", "{}"), R"(, "tenant": {"id": 7}, "baggage": "a=1")"));
  CHECK(message.other_headers == R"({"tenant":{"id":7},"baggage":"a=1"})");
}

TEST_CASE("Message: what follows a task is kept as it came") {
  const Message message =
      parsed(message_of(body_of("[]", "{}",
                                R"({"callbacks": [{"task": "cb"}], "errbacks": [{"task": "eb"}],
          "chain": [{"task": "last"}, {"task": "next"}], "chord": {"task": "all"}})")));
  CHECK(message.then.callbacks == R"([{"task":"cb"}])");
  CHECK(message.then.errbacks == R"([{"task":"eb"}])");
  CHECK(message.then.chain == R"([{"task":"last"},{"task":"next"}])");
  CHECK(message.then.chord == R"({"task":"all"})");
}

TEST_CASE("Message: the typed values of kombu 5.3 become their text, unknown types stay") {
  const Message message = parsed(message_of(body_of(
      R"([{"__type__": "uuid", "__value__": {"hex": "446a69e2ad18482d84dd9a4865a3f631"}},
          {"__type__": "datetime", "__value__": "2026-11-20T23:18:25"}])",
      R"({"price": {"__type__": "decimal", "__value__": "0.10"},
          "deep": [{"raw": {"__type__": "bytes", "__value__": "abc"}}],
          "odd": {"__type__": "money", "__value__": 3}, "n": 1})")));
  CHECK(message.args == R"(["446a69e2-ad18-482d-84dd-9a4865a3f631","2026-11-20T23:18:25"])");
  CHECK(
      message.kwargs ==
      R"({"price":"0.10","deep":[{"raw":"abc"}],"odd":{"__type__":"money","__value__":3},"n":1})");
}

TEST_CASE("Message: a body may be plain text or compressed") {
  const std::string plain =
      R"({"body": "[[1], {}, null]", "content-type": "application/json", "headers": {)" + kHeaders +
      R"(}, "properties": {"body_encoding": "utf-8", "delivery_tag": "t"}})";
  CHECK(parsed(plain).args == "[1]");
  const std::string packed =
      R"({"body": "eJyLjjaM1VGorgVipeTEnJykxOTsYiUrhbzSnBwdBaXUoiI0keSMxMw8ZG5+UQqUWxsLAOEqGXI=",
          "content-type": "application/json",
          "headers": {)" +
      kHeaders +
      R"(, "compression": "application/x-gzip"}, "properties": {"body_encoding": "base64"}})";
  const Message message = parsed(packed);
  CHECK(message.args == "[1]");
  CHECK(message.delivery_tag == message.id);
}

TEST_CASE("Message: protocol 1 has everything in its body") {
  const std::string body =
      R"({"task": "old", "id": "1", "args": [1], "kwargs": {"a": "b"}, "taskset": "g",
          "retries": 1, "eta": "2026-11-20T23:18:25", "expires": null, "utc": true,
          "callbacks": null, "errbacks": null, "timelimit": [30, null], "chord": null})";
  const std::string text = fmt::format(
      R"({{"body": "{}", "content-type": "application/json", "headers": {{}},
          "properties": {{"body_encoding": "base64", "delivery_tag": "t"}}}})",
      base64(body));
  const Message message = parsed(text);
  CHECK(message.protocol == 1);
  CHECK(message.task == "old");
  CHECK(message.args == "[1]");
  CHECK(message.kwargs == R"({"a":"b"})");
  CHECK(message.args_repr == "(1,)");
  CHECK(message.kwargs_repr == "{'a': 'b'}");
  CHECK(message.group == "g");
  CHECK(message.retries == 1);
  CHECK(message.hard_limit == seconds(30));
}

TEST_CASE("Message: what cannot be read is refused with a reason and a way out") {
  CHECK(refused("") == "celery.malformed");
  CHECK(refused("[]") == "celery.malformed");
  CHECK(refused("{}") == "celery.malformed");
  CHECK(refused(R"({"body": "%%%", "headers": {"task": "a", "id": "b"},
                    "properties": {"body_encoding": "base64"}})") == "celery.malformed");
  CHECK(refused(message_of("[[], {}]")) == "celery.malformed");
  CHECK(refused(message_of("[{}, {}, {}]")) == "celery.malformed");
  CHECK(refused(message_of("[[NaN], {}, {}]")) == "celery.malformed");
  CHECK(refused(message_of(body_of("[]", "{}"), R"(, "eta": "soon")")) == "celery.malformed");
  CHECK(refused(message_of(body_of("[]", "{}"), R"(, "eta": 1700000000)")) == "celery.malformed");
  CHECK(refused(message_of(body_of("[]", "{}"), R"(, "expires": [60])")) == "celery.malformed");
  CHECK(refused(message_of(body_of("[]", "{}"), R"(, "id": "")")) == "celery.malformed");
  CHECK(refused(message_of(body_of("[]", "{}"), R"(, "compression": "application/x-bz2")")) ==
        "celery.compression");
  CHECK(refused(message_of("x", R"(, "compression": "application/x-gzip")")) == "celery.malformed");
  CHECK(refused(std::string(kMaxMessage + 1, ' ')) == "celery.too_large");
  CHECK(refused(message_of(std::string(200, '[') + std::string(200, ']'))) == "celery.malformed");
  const std::string pickled =
      R"({"body": "gASV", "content-type": "application/x-python-serialize", "headers": {)" +
      kHeaders + R"(}, "properties": {"body_encoding": "base64"}})";
  CHECK(refused(pickled) == "celery.content_type");
  CHECK(salvage_message(pickled).id == "446a69e2-ad18-482d-84dd-9a4865a3f631");
  CHECK(salvage_message(pickled).task == "w.ok");
  CHECK(salvage_message("nonsense").id.empty());
}

TEST_CASE("Message: what make_message writes is read back") {
  const MessageOptions options{.id = "",
                               .queue = "thumbnails",
                               .priority = 6,
                               .eta = from_unix_ms(1'800'000'000'125),
                               .expires = from_unix_ms(1'800'000'060'000),
                               .retries = 3,
                               .hard_limit = seconds(10),
                               .soft_limit = milliseconds(2500),
                               .ignore_result = true,
                               .root_id = "root",
                               .parent_id = "parent",
                               .group = "g",
                               .group_index = 2,
                               .origin = "beat@vm",
                               .then = {.chain = R"([{"task":"next"}])"},
                               .headers = {{"tenant", "7"}, {"traceparent", R"("00-a-b-01")"}}};
  const auto made = make_message("shop.resize", R"(["é \"x\"", null])", R"({"w": 1})", options);
  REQUIRE(made.has_value());
  const Message message = parsed(made->text);
  CHECK(message.id == made->id);
  CHECK(message.task == "shop.resize");
  CHECK(message.args == R"(["é \"x\"", null])");
  CHECK(message.kwargs == R"({"w": 1})");
  CHECK(message.args_repr == R"(('é "x"', None))");
  CHECK(message.eta >= options.eta);
  CHECK(*message.eta - *options.eta <= milliseconds(1));
  CHECK(message.retries == 3);
  CHECK(message.hard_limit == options.hard_limit);
  CHECK(message.soft_limit == options.soft_limit);
  CHECK(message.ignore_result);
  CHECK(message.root_id == "root");
  CHECK(message.parent_id == "parent");
  CHECK(message.group_index == 2);
  CHECK(message.then.chain == R"([{"task":"next"}])");
  CHECK(message.priority == 6);
  CHECK(message.routing_key == "thumbnails");
  CHECK(message.other_headers == R"({"tenant":7})");
  CHECK(message.traceparent == "00-a-b-01");
  CHECK(message.delivery_tag.size() == 36);

  CHECK(make_message("", "[]", "{}", {}).error().code == "celery.task_name");
  CHECK(make_message("a", "{}", "{}", {}).error().code == "celery.arguments");
  CHECK(make_message("a", "[]", "[1]", {}).error().code == "celery.arguments");
}

TEST_CASE("Message: priorities share four lists") {
  CHECK(list_of("celery", 0) == "celery");
  CHECK(list_of("celery", 2) == "celery");
  CHECK(list_of("celery", 3) ==
        "celery\x06\x16"
        "3");
  CHECK(list_of("celery", 8) ==
        "celery\x06\x16"
        "6");
  CHECK(list_of("celery", 9) ==
        "celery\x06\x16"
        "9");
}

}  // namespace selvage::celery
