#include <doctest/doctest.h>

#include "net/detail/client_address.hpp"
#include "net/detail/connection_caps.hpp"
#include "net/http_server.hpp"

namespace selvage::net {
namespace {

Task<Response> nothing(Request) { co_return Response{}; }

Router make_router(std::initializer_list<std::pair<Method, std::string_view>> routes) {
  Router router;
  for (const auto& [method, pattern] : routes) {
    router.add({.method = method, .pattern = std::string(pattern), .handler = nothing});
  }
  return router;
}

std::string pattern_of(const Router& router, Method method, std::string_view path) {
  const Router::Match match = router.match(method, path);
  return match.route ? match.route->pattern : "";
}

TEST_CASE("Router: the more specific pattern wins, whatever was added first") {
  const Router router = make_router({{Method::get, "/files/{path*}"},
                                     {Method::get, "/files/{name}"},
                                     {Method::get, "/files/{name}/meta"},
                                     {Method::get, "/files/index"},
                                     {Method::get, "/{any*}"}});
  CHECK(pattern_of(router, Method::get, "/files/index") == "/files/index");
  CHECK(pattern_of(router, Method::get, "/files/a") == "/files/{name}");
  CHECK(pattern_of(router, Method::get, "/files/a/meta") == "/files/{name}/meta");
  CHECK(pattern_of(router, Method::get, "/files/a/b/c") == "/files/{path*}");
  CHECK(pattern_of(router, Method::get, "/other") == "/{any*}");
}

TEST_CASE("Router: parameters carry their segment, a rest carries its slashes") {
  const Router router =
      make_router({{Method::get, "/v1/jobs/{id}/events"}, {Method::get, "/f/{p*}"}});
  Router::Match match = router.match(Method::get, "/v1/jobs/42/events");
  REQUIRE(match.route);
  REQUIRE(match.params.size() == 1);
  CHECK(match.params[0] == std::pair<std::string, std::string>("id", "42"));
  match = router.match(Method::get, "/f/a/b.png");
  REQUIRE(match.route);
  CHECK(match.params[0].second == "a/b.png");
}

TEST_CASE("Router: an empty segment is no parameter, and a trailing slash is another path") {
  const Router router = make_router({{Method::get, "/v1/jobs/{id}"}, {Method::get, "/f/{p*}"}});
  for (const std::string_view path :
       {"/v1/jobs/", "/v1/jobs", "/v1/jobs/1/", "/f/", "/", "", "*"}) {
    CAPTURE(path);
    CHECK_FALSE(router.match(Method::get, path).path_known);
  }
}

TEST_CASE("Router: HEAD finds GET, a wrong method learns which are right") {
  const Router router = make_router({{Method::get, "/v1/jobs"}, {Method::post, "/v1/jobs"}});
  CHECK(pattern_of(router, Method::head, "/v1/jobs") == "/v1/jobs");
  const Router::Match match = router.match(Method::delete_, "/v1/jobs");
  CHECK_FALSE(match.route);
  CHECK(match.path_known);
  CHECK(match.allow == "GET, HEAD, POST, OPTIONS");
}

TEST_CASE("Router: a path that almost matches leaves no parameters behind") {
  const Router router = make_router({{Method::get, "/a/{x}/b"}});
  CHECK(router.match(Method::get, "/a/1/c").params.empty());
}

std::vector<CidrRange> ranges(std::initializer_list<std::string_view> texts) {
  std::vector<CidrRange> result;
  for (const std::string_view text : texts) result.push_back(*detail::parse_proxy_range(text));
  return result;
}

TEST_CASE("forwarded_client: the right-most address that is not a trusted proxy") {
  const auto trusted = ranges({"10.0.0.0/8", "127.0.0.1", "2001:db8::/32"});
  struct Row {
    std::string_view header;
    std::string_view client;
  };
  const Row rows[] = {
      {"203.0.113.7", "203.0.113.7"},
      {"6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"},
      {"203.0.113.7:4711", "203.0.113.7"},
      {"[2a00::1]:443", "2a00::1"},
      {"2a00::1", "2a00::1"},
      {"10.9.9.9", "10.9.9.9"},
      {"nonsense", "127.0.0.1"},
      {"6.6.6.6, nonsense, 10.1.2.3", "10.1.2.3"},
      {"", "127.0.0.1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.header);
    Headers headers;
    headers.add("X-Forwarded-For", std::string(row.header));
    CHECK(detail::forwarded_client("127.0.0.1", headers, trusted) == row.client);
  }
}

TEST_CASE("forwarded_client: several header lines count as one list") {
  Headers headers;
  headers.add("X-Forwarded-For", "6.6.6.6");
  headers.add("x-forwarded-for", "203.0.113.7");
  CHECK(detail::forwarded_client("10.0.0.1", headers, ranges({"10.0.0.0/8"})) == "203.0.113.7");
}

TEST_CASE("parse_proxy_range: an unreadable proxy is an error, not a hole") {
  CHECK(detail::parse_proxy_range("10.0.0.0/8"));
  for (const std::string_view text : {"", "localhost", "10.0.0.0/33", "*", "10.0.0"}) {
    CAPTURE(text);
    CHECK(detail::parse_proxy_range(text).error().code == "http.trusted_proxy");
  }
}

TEST_CASE("ConnectionCaps: holds the total and the share of each peer") {
  detail::ConnectionCaps caps(3, 2);
  CHECK(caps.enter("192.0.2.1", false));
  CHECK(caps.enter("192.0.2.1", false));
  CHECK_FALSE(caps.enter("192.0.2.1", false));
  CHECK(caps.enter("192.0.2.2", false));
  CHECK_FALSE(caps.enter("192.0.2.3", false));
  caps.leave("192.0.2.1", false);
  CHECK(caps.enter("192.0.2.1", false));
}

TEST_CASE("ConnectionCaps: a proxy speaks for everyone, an IPv6 network for one") {
  detail::ConnectionCaps caps(100, 1);
  CHECK(caps.enter("10.0.0.1", true));
  CHECK(caps.enter("10.0.0.1", true));
  CHECK(caps.enter("2001:db8:1:2:3:4:5:6", false));
  CHECK_FALSE(caps.enter("2001:db8:1:2:ffff::1", false));
  CHECK(caps.enter("2001:db8:1:3::1", false));
}

}  // namespace
}  // namespace selvage::net
