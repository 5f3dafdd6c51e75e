#include <doctest/doctest.h>

#include "celery/http_function.hpp"

namespace selvage::celery {

namespace {

FunctionResult judged(HttpAnswer answer, int retries = 0) {
  return judge_answer(answer, retries, {.max_retries = 3});
}
const Raised& raised(const FunctionResult& result) {
  REQUIRE(std::holds_alternative<Raised>(result));
  return std::get<Raised>(result);
}
std::string value(const FunctionResult& result) {
  REQUIRE(std::holds_alternative<Returned>(result));
  return std::get<Returned>(result).value;
}

}  // namespace

TEST_CASE("HTTP answer: 2xx is the result") {
  CHECK(value(judged({.status = 200, .body = " {\"a\": 1}\n"})) == "{\"a\": 1}");
  CHECK(value(judged({.status = 204})) == "null");
  CHECK(value(judged({.status = 200, .content_type = "text/plain", .body = "a \"b\""})) ==
        R"("a \"b\"")");
  CHECK(raised(judged({.status = 200, .content_type = "application/json", .body = "{"})).type ==
        "HTTPError");
  CHECK(raised(judged({.status = 200, .body = "\xff\xfe"})).type == "HTTPError");
  CHECK(raised(judged({.status = 200, .body = "1", .cut = true})).message.contains("longer"));
}

TEST_CASE("HTTP answer: busy and broken services are asked again, with their own wait") {
  const FunctionResult busy = judged({.status = 429, .retry_after = "120"});
  REQUIRE(std::holds_alternative<Again>(busy));
  CHECK(std::get<Again>(busy).wait >= seconds(120));
  const FunctionResult away = judged({.status = 503, .retry_after = "99999999999"});
  CHECK(std::get<Again>(away).wait <= seconds(3600 + 1200));
  const FunctionResult broken = judged({.status = 500, .retry_after = "120"});
  CHECK(std::get<Again>(broken).wait < seconds(10));
  CHECK(std::holds_alternative<Again>(judged({.status = 408})));
  CHECK(std::holds_alternative<Again>(judged({.status = 429, .retry_after = "soon"})));
  CHECK(raised(judged({.status = 500, .body = "oops"}, 3)).keep);
  CHECK(raised(judged({.status = 500, .body = "oops"}, 3)).message == "500: oops");
}

TEST_CASE("HTTP answer: other statuses fail at once, with the service's own exception") {
  const FunctionResult plain = judged({.status = 404, .body = "no such shop"});
  CHECK(raised(plain).type == "HTTPError");
  CHECK(raised(plain).module == "selvage");
  CHECK(raised(plain).message == "404: no such shop");
  CHECK_FALSE(raised(plain).keep);
  CHECK(raised(judged({.status = 302})).message == "the service answered 302");
  CHECK(raised(judged({.status = 422, .body = R"({"detail": "no width"})"})).message ==
        "422: no width");
  const FunctionResult own =
      judged({.status = 400, .body = R"({"exc_type": "ShopClosed", "exc_module": "shop.errors",
                   "exc_message": ["late", 22], "traceback": "Traceback ..."})"});
  CHECK(raised(own).type == "ShopClosed");
  CHECK(raised(own).module == "shop.errors");
  CHECK(raised(own).arguments == R"(["late",22])");
  CHECK(raised(own).traceback == "Traceback ...");
  // a name that could be anything is not handed on
  CHECK(raised(judged({.status = 400, .body = R"({"exc_type": "x(); y"})"})).type == "HTTPError");
}

}  // namespace selvage::celery
