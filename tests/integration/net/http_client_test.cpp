#include "net/http_client.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cstdlib>

#include "base/task_group.hpp"
#include "support/raw_server.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;
using testing::RawServer;

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

Result<ClientResponse> send(ClientRequest request, ClientOptions options = {}) {
  Loop loop;
  HttpClient client(loop, std::move(options));
  return loop.run_until_done(client.send(std::move(request)));
}

Result<ClientResponse> get(std::string url) {
  ClientRequest request;
  request.url = std::move(url);
  request.deadline = Deadline::after(5s);
  return send(std::move(request));
}

TEST_CASE("HttpClient: sends a request as given and returns status, headers and body") {
  std::string seen;
  RawServer server([&](RawServer::Peer& peer) {
    seen = peer.read_request();
    peer.send("HTTP/1.1 418 Teapot\r\nX-One:  a b \r\nx-one: c\r\nContent-Length: 5\r\n\r\nshort");
  });
  ClientRequest request;
  request.method = Method::post;
  request.url = server.url("/a/../b?c=d%20e");
  request.headers.add("X-Key", "value");
  request.headers.add("X-Empty", "");
  request.headers.add("Content-Type", "application/json");
  request.body = "{}";
  const auto response = send(std::move(request));
  REQUIRE(response);
  CHECK(response->status == 418);
  CHECK(response->body == "short");
  CHECK(response->headers.get("X-ONE") == "a b");
  CHECK(response->headers.size() == 3);
  CHECK(seen.starts_with("POST /a/../b?c=d%20e HTTP/1.1\r\n"));
  CHECK(seen.find("\r\nX-Key: value\r\n") != std::string::npos);
  CHECK(seen.find("\r\nX-Empty:\r\n") != std::string::npos);
  CHECK(seen.find("\r\nUser-Agent: selvage\r\n") != std::string::npos);
  CHECK(seen.find("Expect") == std::string::npos);
  CHECK(seen.ends_with("\r\n\r\n{}"));
}

TEST_CASE("HttpClient: speaks every method, and sends no Content-Type of its own making") {
  std::string seen;
  RawServer server([&](RawServer::Peer& peer) {
    seen = peer.read_request();
    peer.send(seen.starts_with("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
                                       : kOk);
  });
  for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::patch,
                              Method::delete_, Method::options}) {
    ClientRequest request;
    request.method = method;
    request.url = server.url();
    if (method == Method::put || method == Method::patch) request.body = "data";
    const auto response = send(std::move(request));
    REQUIRE(response);
    CHECK(seen.starts_with(std::string(name(method)) + " / HTTP/1.1\r\n"));
    CHECK(seen.find("Content-Type") == std::string::npos);
    CHECK(response->body == (method == Method::head ? "" : "hi"));
  }
}

TEST_CASE("HttpClient: streams a form whose parts keep their own types and names") {
  std::string seen;
  RawServer server([&](RawServer::Peer& peer) {
    seen = peer.read_request();
    peer.send(kOk);
  });
  ClientRequest request;
  request.method = Method::post;
  request.url = server.url();
  const std::string picture(3'000'000, '\xff');
  request.form = {{"prompt", "", "", "dress her"},
                  {"image[]", "per\"son\r\n.jpg", "image/jpeg", picture},
                  {"empty", "", "", ""}};
  REQUIRE(send(std::move(request)));
  const std::size_t at = seen.find("boundary=") + 9;
  const std::string boundary = seen.substr(at, seen.find("\r\n", at) - at);
  const std::string expected =
      "--" + boundary +
      "\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\ndress her\r\n--" + boundary +
      "\r\nContent-Disposition: form-data; name=\"image[]\"; filename=\"per%22son%0D%0A.jpg\"\r\n"
      "Content-Type: image/jpeg\r\n\r\n" +
      picture + "\r\n--" + boundary +
      "\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--" + boundary + "--\r\n";
  CHECK((seen.substr(seen.find("\r\n\r\n") + 4) == expected));
}

TEST_CASE("HttpClient: refuses a header that would break out of its line") {
  ClientRequest request;
  request.url = "http://127.0.0.1:1/";
  request.headers.add("X-Key", "a\r\nX-Injected: b");
  const auto response = send(std::move(request));
  REQUIRE_FALSE(response);
  CHECK(response.error().code == "http.header");
}

Task<Result<void>> get_twice(HttpClient& client, std::string url) {
  for (int i = 0; i < 2; ++i) {
    ClientRequest request;
    request.url = url;
    request.deadline = Deadline::after(5s);
    CO_TRY(co_await client.send(std::move(request)));
  }
  co_return Result<void>();
}

TEST_CASE("HttpClient: uses a kept connection again") {
  RawServer server([](RawServer::Peer& peer) {
    while (!peer.read_head().empty()) peer.send(kOk);
  });
  Loop loop;
  HttpClient client(loop, {});
  CHECK(loop.run_until_done(get_twice(client, server.url())));
  CHECK(server.accepted() == 1);
}

Task<Result<void>> post_form_twice(HttpClient& client, std::string url) {
  auto request = std::make_shared<ClientRequest>();
  request->method = Method::post;
  request->url = std::move(url);
  request->form = {{"file", "a", "", std::string(100'000, 'a')}};
  request->deadline = Deadline::after(5s);
  CO_TRY(co_await client.send(request));
  co_await sleep_for(50ms);
  CO_TRY(co_await client.send(request));
  co_return Result<void>();
}

TEST_CASE(
    "HttpClient: sends a form again from its start when the kept connection was closed meanwhile") {
  std::atomic<int> whole = 0;
  RawServer server([&](RawServer::Peer& peer) {
    if (peer.read_request().size() > 100'000) ++whole;
    peer.send(kOk);
  });
  Loop loop;
  HttpClient client(loop, {});
  CHECK(loop.run_until_done(post_form_twice(client, server.url())));
  CHECK(whole == 2);
}

TEST_CASE("HttpClient: does not follow redirects") {
  RawServer server([](RawServer::Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  });
  const auto response = get(server.url());
  REQUIRE(response);
  CHECK(response->status == 302);
  CHECK(response->headers.get("location") == "http://127.0.0.1:1/");
}

TEST_CASE("HttpClient: skips interim responses") {
  RawServer server([](RawServer::Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    peer.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: "
        "t\r\n\r\n");
  });
  const auto response = get(server.url());
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "abc");
  CHECK_FALSE(response->headers.has("link"));
}

TEST_CASE("HttpClient: caps the body, announced or not") {
  for (const char* framing : {"Content-Length: 2000000", "X-None: 1"}) {
    RawServer server([&](RawServer::Peer& peer) {
      peer.read_head();
      peer.send("HTTP/1.1 200 OK\r\n" + std::string(framing) + "\r\n\r\n");
      while (peer.send(std::string(10'000, 'x'))) {
      }
    });
    ClientRequest request;
    request.url = server.url("/path?secret=1");
    request.max_body = 1_MiB;
    request.deadline = Deadline::after(5s);
    const auto response = send(std::move(request));
    REQUIRE_FALSE(response);
    CHECK(response.error().code == "http.too_large");
    CHECK(response.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("HttpClient: caps the head") {
  RawServer server([](RawServer::Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-More: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  const auto response = get(server.url());
  REQUIRE_FALSE(response);
  CHECK(response.error().code == "http.too_large");
}

TEST_CASE("HttpClient: the deadline ends a request at once, wherever it stands") {
  RawServer server([](RawServer::Peer& peer) {
    if (peer.read_head().find("/drip") != std::string::npos) {
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
      while (peer.send("x") && !peer.wait_for_close(20ms)) {
      }
    }
    peer.wait_for_close(5s);
  });
  for (const char* target : {"/silent", "/drip"}) {
    ClientRequest request;
    request.url = server.url(target);
    request.deadline = Deadline::after(200ms);
    const auto begun = steady_now();
    const auto response = send(std::move(request));
    const auto took = steady_now() - begun;
    REQUIRE_FALSE(response);
    CHECK(response.error().code == "http.timeout");
    CHECK(took >= 200ms);
    CHECK(took < 1s);
  }
}

Task<void> cancel_after(CancelSource& source, milliseconds wait) {
  co_await sleep_for(wait);
  source.cancel();
}

Task<Result<ClientResponse>> get_and_cancel(HttpClient& client, std::string url,
                                            milliseconds after) {
  CancelSource source;
  TaskGroup group;
  group.spawn(cancel_after(source, after), "cancel");
  ClientRequest request;
  request.url = std::move(url);
  request.cancel = source.token();
  auto response = co_await client.send(std::move(request));
  co_await group.join();
  co_return response;
}

TEST_CASE("HttpClient: cancellation ends a request at once and closes its connection") {
  std::atomic<bool> closed = false;
  {
    RawServer server([&](RawServer::Peer& peer) {
      peer.read_head();
      closed = peer.wait_for_close(5s);
    });
    Loop loop;
    HttpClient client(loop, {});
    const auto begun = steady_now();
    const auto response = loop.run_until_done(get_and_cancel(client, server.url(), 100ms));
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == ErrorKind::cancelled);
    CHECK(steady_now() - begun < 1s);
  }
  CHECK(closed);
}

TEST_CASE("HttpClient: a name that is slow to look up does not hold a cancelled request") {
  Loop loop;
  HttpClient client(loop, {});
  const auto begun = steady_now();
  const auto response =
      loop.run_until_done(get_and_cancel(client, "http://no-such-host.invalid/", 0ms));
  REQUIRE_FALSE(response);
  CHECK(steady_now() - begun < 1s);
}

TEST_CASE("HttpClient: names what failed below HTTP") {
  {
    const auto response = get("http://127.0.0.1:1/");
    REQUIRE_FALSE(response);
    CHECK(response.error().code == "http.connect");
    CHECK(response.error().kind == ErrorKind::unavailable);
  }
  {
    RawServer server([](RawServer::Peer& peer) {
      peer.read_head();
      peer.reset_at_end();
    });
    CHECK(get(server.url()).error().code == "http.protocol");
  }
  {
    RawServer server([](RawServer::Peer& peer) {
      peer.read_head();
      peer.send("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    });
    CHECK(get(server.url()).error().code == "http.protocol");
  }
  {
    RawServer server([](RawServer::Peer& peer) {
      peer.read_head();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    CHECK(get(server.url()).error().code == "http.protocol");
  }
  {
    RawServer server([](RawServer::Peer& peer) {
      peer.send("HTTP/1.1 400 this is no TLS\r\n\r\n");
      peer.wait_for_close(1s);
    });
    std::string url = server.url();
    url.replace(0, 4, "https");
    const auto response = get(url);
    REQUIRE_FALSE(response);
    CHECK(response.error().code == "http.tls");
  }
  CHECK(get("not a url").error().code == "url.characters");
}

}  // namespace
}  // namespace selvage::net
