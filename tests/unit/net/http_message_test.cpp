#include "net/http_message.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "base/json.hpp"
#include "net/detail/chunked.hpp"
#include "net/detail/http_head.hpp"
#include "net/detail/response_head.hpp"

namespace selvage::net {
namespace {

using detail::ChunkedDecoder;
using detail::Framing;
using detail::HeadScanner;
using detail::Refusal;

struct Parsed {
  Request request;
  std::expected<Framing, Refusal> framing;
};

Parsed parse(std::string_view head) {
  Parsed parsed;
  parsed.framing = detail::parse_head(head, parsed.request);
  return parsed;
}

int refusal_status(std::string_view head) {
  const Parsed parsed = parse(head);
  return parsed.framing ? 0 : parsed.framing.error().status;
}

TEST_CASE("Headers: names compare without case, order and repetition are kept") {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("X-One", "1");
  headers.add("accept", "b");
  CHECK(headers.get("ACCEPT") == "a");
  CHECK(headers.get("missing").empty());
  CHECK(headers.size() == 3);
  headers.set("Accept", "c");
  CHECK(headers.size() == 2);
  CHECK(headers.get("accept") == "c");
}

TEST_CASE("Request: finds a cookie among several, by its whole name") {
  Request request;
  request.headers.add("Cookie", "asession=no; session=\"yes\"; sessions=no");
  request.headers.add("Cookie", "theme=dark");
  CHECK(request.cookie("session") == "yes");
  CHECK(request.cookie("theme") == "dark");
  CHECK(request.cookie("sess").empty());
}

TEST_CASE("Response: a problem document names what, where and what to do") {
  Request request;
  request.target = "/v1/jobs?signature=secret";
  request.request_id = "r-1";
  const Error error{ErrorKind::no_credits, "ledger.empty", "the balance is 0", "buy credits",
                    nullptr};
  const Response response = Response::problem(error, request);
  CHECK(response.status == 402);
  CHECK(response.headers.get("content-type") == "application/problem+json");
  const auto document = json::parse(response.body);
  REQUIRE(document);
  const json::object& fields = document->as_object();
  CHECK(fields.at("title") == "Payment Required");
  CHECK(fields.at("status") == 402);
  CHECK(fields.at("detail") == "the balance is 0");
  CHECK(fields.at("code") == "ledger.empty");
  CHECK(fields.at("hint") == "buy credits");
  CHECK(fields.at("instance") == "/v1/jobs");
  CHECK(fields.at("request_id") == "r-1");
}

TEST_CASE("HeadScanner: finds the end of a head however it is cut") {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t cut = 0; cut < head.size(); ++cut) {
    HeadScanner scanner;
    CHECK(scanner.scan(std::string_view(head).substr(0, cut)) == HeadScanner::State::incomplete);
    CHECK(scanner.scan(head + "GET /next") == HeadScanner::State::complete);
    CHECK(scanner.size() == head.size());
  }
}

TEST_CASE("HeadScanner: a bare line feed is noticed at once, not after a time-out") {
  HeadScanner scanner;
  CHECK(scanner.scan("GET / HTTP/1.1\n") == HeadScanner::State::bare_line_feed);
}

TEST_CASE("parse_head: a usual request") {
  const Parsed parsed = parse(
      "POST /v1/jobs?limit=5&q=a%20b+c HTTP/1.1\r\nHost: api.test:8000\r\nContent-Length: 12\r\n"
      "X-Thing:\t spaced value \t\r\n\r\n");
  REQUIRE(parsed.framing);
  CHECK(parsed.request.method == Method::post);
  CHECK(parsed.request.path == "/v1/jobs");
  CHECK(parsed.request.query_value("limit") == "5");
  CHECK(parsed.request.query_value("q") == "a b c");
  CHECK(parsed.request.headers.get("x-thing") == "spaced value");
  CHECK(parsed.framing->content_length == 12);
  CHECK(parsed.framing->keep_alive);
}

TEST_CASE("parse_head: keep-alive follows version and Connection") {
  CHECK_FALSE(parse("GET / HTTP/1.0\r\n\r\n").framing->keep_alive);
  CHECK(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").framing->keep_alive);
  CHECK_FALSE(
      parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n").framing->keep_alive);
}

TEST_CASE("parse_head: what two parsers could read differently is refused") {
  struct Row {
    std::string_view name;
    std::string_view head;
    int status;
  };
  const Row rows[] = {
      {"length beside chunked", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400},
      {"two differing lengths", "Content-Length: 3\r\nContent-Length: 4\r\n", 400},
      {"two equal lengths", "Content-Length: 3\r\nContent-Length: 3\r\n", 400},
      {"list of lengths", "Content-Length: 3, 3\r\n", 400},
      {"signed length", "Content-Length: +3\r\n", 400},
      {"negative length", "Content-Length: -3\r\n", 400},
      {"hexadecimal length", "Content-Length: 0x3\r\n", 400},
      {"length with a space", "Content-Length: 3 3\r\n", 400},
      {"empty length", "Content-Length:\r\n", 400},
      {"length beyond 64 bits", "Content-Length: 18446744073709551617\r\n", 400},
      {"space before the colon", "Content-Length : 3\r\n", 400},
      {"tab before the colon", "Transfer-Encoding\t: chunked\r\n", 400},
      {"folded line", "X-A: b\r\n c\r\n", 400},
      {"leading space", " X-A: b\r\n", 400},
      {"no colon", "X-A b\r\n", 400},
      {"no name", ": b\r\n", 400},
      {"name with a NUL", {"X\0A: b\r\n", 8}, 400},
      {"value with a NUL", {"XA: b\0c\r\n", 9}, 400},
      {"bare carriage return", "XA: b\rX-B: c\r\n", 400},
      {"two chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {"unknown coding", "Transfer-Encoding: gzip, chunked\r\n", 501},
      {"chunked twice in one", "Transfer-Encoding: chunked, chunked\r\n", 501},
      {"misspelt coding", "Transfer-Encoding: xchunked\r\n", 501},
      {"coding with a vertical tab",
       "Transfer-Encoding: \x0b"
       "chunked\r\n",
       400},
      {"two hosts", "Host: a\r\n", 400},
      {"unknown expectation", "Expect: 200-maybe\r\n", 417},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(row.head) + "\r\n";
    CHECK(refusal_status(head) == row.status);
  }
}

TEST_CASE("parse_head: request lines that are not quite right are refused") {
  struct Row {
    std::string_view line;
    int status;
  };
  const Row rows[] = {
      {"GET /", 400},
      {"GET  / HTTP/1.1", 400},
      {"GET / HTTP/1.1 ", 400},
      {"GET / / HTTP/1.1", 400},
      {" GET / HTTP/1.1", 400},
      {"GET\t/ HTTP/1.1", 400},
      {"G@T / HTTP/1.1", 400},
      {"GET / http/1.1", 400},
      {"GET / HTTP/1", 400},
      {"GET / HTTP/11.1", 400},
      {"GET / HTTP/2.0", 505},
      {"GET relative HTTP/1.1", 400},
      {"GET /a#b HTTP/1.1", 400},
      {"GET /\xc3\xa9 HTTP/1.1", 400},
      {"GET /% HTTP/1.1", 400},
      {"GET /%zz HTTP/1.1", 400},
      {"GET /%00 HTTP/1.1", 400},
      {"GET /%0d%0aX:y HTTP/1.1", 400},
      {"GET /%ff HTTP/1.1", 400},
      {"GET /../etc/passwd HTTP/1.1", 400},
      {"GET /a/%2e%2E/b HTTP/1.1", 400},
      {"GET /a/. HTTP/1.1", 400},
      {"GET /?q=%ff HTTP/1.1", 400},
      {"GET * HTTP/1.1", 400},
      {"GET http:///x HTTP/1.1", 400},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    CHECK(refusal_status(std::string(row.line) + "\r\nHost: a\r\n\r\n") == row.status);
  }
}

TEST_CASE("parse_head: HTTP/1.1 needs a Host, HTTP/1.0 does not") {
  CHECK(refusal_status("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal_status("GET / HTTP/1.0\r\n\r\n") == 0);
  CHECK(refusal_status("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("parse_head: a long target is 414, many headers are 431") {
  CHECK(refusal_status("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  CHECK(refusal_status("GET / HTTP/1.1\r\n" + many + "Host: a\r\n\r\n") == 431);
}

TEST_CASE("parse_head: paths are decoded once and double slashes collapse") {
  CHECK(parse("GET //a%2Fb///c%2520 HTTP/1.1\r\nHost: a\r\n\r\n").request.path == "/a/b/c%20");
  CHECK(parse("GET http://a.test/x?y=1 HTTP/1.1\r\nHost: a\r\n\r\n").request.path == "/x");
  CHECK(parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").request.path == "*");
  CHECK(parse("GET /..a/b.. HTTP/1.1\r\nHost: a\r\n\r\n").request.path == "/..a/b..");
}

ChunkedDecoder::State decode(std::string_view input, std::string& body, std::size_t step,
                             std::uint64_t cap = 1024) {
  ChunkedDecoder decoder(cap);
  while (!input.empty()) {
    std::string_view piece = input.substr(0, step);
    const std::size_t given = piece.size();
    const ChunkedDecoder::State state = decoder.feed(piece, body);
    input.remove_prefix(given - piece.size());
    if (state != ChunkedDecoder::State::more) return state;
  }
  return ChunkedDecoder::State::more;
}

TEST_CASE("ChunkedDecoder: the same body however it is cut") {
  const std::string_view input =
      "5;ext=1\r\nhello\r\n01\r\n \r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t step = 1; step <= input.size(); ++step) {
    std::string body;
    CHECK(decode(input, body, step) == ChunkedDecoder::State::done);
    CHECK(body == "hello 0123456789");
  }
}

TEST_CASE("ChunkedDecoder: leaves the next request alone") {
  ChunkedDecoder decoder(100);
  std::string body;
  std::string_view input = "1\r\na\r\n0\r\n\r\nGET / HTTP/1.1";
  CHECK(decoder.feed(input, body) == ChunkedDecoder::State::done);
  CHECK(input == "GET / HTTP/1.1");
}

TEST_CASE("ChunkedDecoder: bad sizes and line ends are malformed") {
  const std::string_view rows[] = {
      "\r\n",        "g\r\n",       "-1\r\n",        "0x1\r\n",
      " 1\r\na\r\n", "1 \r\na\r\n", "1\na\r\n",      "1\r\nab\r\n",
      "1\r\na\n",    "1\r\naX\n",   "123456789\r\n", "ffffffffffffffff1\r\n",
      "1\rX",        "0\r\n\rX",    "0\r\nA: b\n",   "1;\x01\r\na\r\n",
      "+1\r\na\r\n",
  };
  for (const std::string_view row : rows) {
    CAPTURE(row);
    std::string body;
    CHECK(decode(row, body, row.size()) == ChunkedDecoder::State::malformed);
  }
}

TEST_CASE("ChunkedDecoder: the cap holds before the data is taken, also for endless framing") {
  std::string body;
  CHECK(decode("401\r\n", body, 1) == ChunkedDecoder::State::too_large);
  CHECK(decode("400\r\n", body, 1) == ChunkedDecoder::State::more);
  CHECK(decode("1;" + std::string(500, 'x'), body, 7) == ChunkedDecoder::State::malformed);
  CHECK(decode("0\r\n" + std::string(9000, 'x'), body, 7) == ChunkedDecoder::State::malformed);
}

TEST_CASE("append_response_head: a value cannot add headers, and framing belongs to the server") {
  Response response = Response::text(200, "hi");
  response.headers.add("X-Evil", "a\r\nSet-Cookie: b");
  response.headers.add("Content-Length", "99");
  response.headers.add("connection", "upgrade");
  std::string head;
  detail::append_response_head(head, response, {.length = 2},
                               {.common = "", .request_id = "r", .cors_origin = ""});
  CHECK(head ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n"
        "X-Request-Id: r\r\n\r\n");
}

TEST_CASE("common_headers: the date is in the format of RFC 9110") {
  CHECK(
      detail::common_headers(784111777, "").starts_with("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
}

}  // namespace
}  // namespace selvage::net
