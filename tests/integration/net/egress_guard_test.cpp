// The guard against a server on loopback, which a hole for 127.0.0.0/8 opens for these tests.
#include "net/egress_guard.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "base/task_group.hpp"
#include "support/raw_server.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;
using testing::RawServer;

const std::string kJpeg = std::string("\xff\xd8\xff\xe0", 4) + std::string(500, 'j');
const std::string kPng = std::string("\x89PNG\r\n\x1a\n", 8) + std::string(500, 'p');
const std::string kWebp = "RIFF\x10\x20\x30\x40WEBPVP8 " + std::string(500, 'w');

EgressOptions loopback_options() {
  EgressOptions options;
  options.allowed = {*CidrRange::parse("127.0.0.0/8"), *CidrRange::parse("::1/128")};
  options.total_time = 5s;
  return options;
}

Result<FetchedImage> fetch(std::string url, EgressOptions options = loopback_options()) {
  Loop loop;
  EgressGuard guard(loop, std::move(options));
  return loop.run_until_done(guard.fetch_image(std::move(url), {}));
}

std::string code_of(const Result<FetchedImage>& fetched) {
  return fetched ? "fetched " + fetched->media_type : fetched.error().code;
}

RawServer::Script answer(std::string response) {
  return [response = std::move(response)](RawServer::Peer& peer) {
    peer.read_head();
    peer.send(response);
  };
}

std::string picture(std::string_view type, const std::string& bytes, std::string_view more = "") {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n" + std::string(more) +
         "\r\n" + bytes;
}

Result<FetchedImage> fetch_from(std::string response) {
  RawServer server(answer(std::move(response)));
  return fetch(server.url("/private/path.jpg?token=secret"));
}

TEST_CASE("EgressGuard: fetches the three kinds of picture, byte for byte") {
  for (const auto& [type, bytes, expected] :
       {std::tuple{"image/jpeg", kJpeg, "image/jpeg"}, std::tuple{"image/jpg", kJpeg, "image/jpeg"},
        std::tuple{"Image/PNG; charset=binary", kPng, "image/png"},
        std::tuple{"image/webp", kWebp, "image/webp"}}) {
    const auto fetched = fetch_from(picture(type, bytes));
    REQUIRE_MESSAGE(fetched, code_of(fetched));
    CHECK(fetched->media_type == expected);
    CHECK((fetched->bytes == bytes));
  }
}

TEST_CASE("EgressGuard: takes chunked pictures and pictures that end with the connection") {
  CHECK(code_of(fetch_from(
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
            "8\r\n" +
            kPng.substr(0, 8) + "\r\n1f4\r\n" + kPng.substr(8) + "\r\n0\r\n\r\n")) ==
        "fetched image/png");
  CHECK(code_of(fetch_from("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + kPng)) ==
        "fetched image/png");
}

TEST_CASE("EgressGuard: sends nothing that names or serves us") {
  std::string seen;
  RawServer server([&](RawServer::Peer& peer) {
    seen = peer.read_head();
    peer.send(picture("image/png", kPng));
  });
  REQUIRE(fetch(server.url("/x.png?a=b")));
  CHECK(seen.starts_with("GET /x.png?a=b HTTP/1.1\r\n"));
  CHECK(seen.find("Accept: image/jpeg, image/png, image/webp\r\n") != std::string::npos);
  for (const char* absent : {"Accept-Encoding", "Cookie", "Authorization", "Referer", "TE:"}) {
    CHECK(seen.find(absent) == std::string::npos);
  }
}

TEST_CASE("EgressGuard: never follows a redirect") {
  std::atomic<int> reached = 0;
  RawServer inner([&](RawServer::Peer&) { ++reached; });
  for (const char* status : {"301 Moved", "302 Found", "303 See Other", "307 Temporary",
                             "308 Permanent", "300 Choices", "304 Not Modified"}) {
    const auto fetched =
        fetch_from("HTTP/1.1 " + std::string(status) + "\r\nLocation: " + inner.url() +
                   "\r\nContent-Type: image/png\r\nContent-Length: 0\r\n\r\n");
    CHECK(code_of(fetched) == "egress.redirect");
  }
  CHECK(reached == 0);
}

TEST_CASE("EgressGuard: tells lasting from passing refusals of the other side") {
  for (const auto& [status, kind] : {std::pair{"404 Not Found", ErrorKind::unprocessable},
                                     std::pair{"403 Forbidden", ErrorKind::unprocessable},
                                     std::pair{"206 Partial Content", ErrorKind::unprocessable},
                                     std::pair{"204 No Content", ErrorKind::unprocessable},
                                     std::pair{"429 Too Many", ErrorKind::unavailable},
                                     std::pair{"503 Away", ErrorKind::unavailable}}) {
    const auto fetched =
        fetch_from("HTTP/1.1 " + std::string(status) + "\r\nContent-Type: image/png\r\n\r\n");
    CHECK(code_of(fetched) == "egress.status");
    CHECK(fetched.error().kind == kind);
    CHECK_FALSE(fetched.error().hint.empty());
  }
}

TEST_CASE("EgressGuard: refuses types that are no pictures we take, and names those we do") {
  for (const char* type : {"text/html", "image/svg+xml", "image/gif", "image/heic", "image/avif",
                           "application/octet-stream", "image/*", "image/pngx", "", "  ",
                           ";image/png", "text/html, image/png"}) {
    const auto fetched = fetch_from(picture(type, kPng));
    CAPTURE(type);
    CHECK(code_of(fetched) == "egress.type_refused");
    CHECK(fetched.error().hint.find("JPEG, PNG or WebP") != std::string::npos);
  }
  CHECK(code_of(fetch_from("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")) ==
        "egress.type_refused");
}

TEST_CASE("EgressGuard: believes the bytes, not the type") {
  CHECK(code_of(fetch_from(picture("image/png", kJpeg))) == "egress.type_mismatch");
  CHECK(code_of(fetch_from(picture("image/jpeg", kWebp))) == "egress.type_mismatch");
  for (const char* bytes :
       {"<html>", "<svg xmlns=''/>", "GIF89a......", "....ftypheic....", "....ftypavif....",
        "%PDF-1.7", "RIFF....WAVEfmt ", "hello", "", "\xff\xd8", "#!/bin/sh"}) {
    CAPTURE(bytes);
    const auto fetched = fetch_from(picture("image/jpeg", bytes));
    CHECK(code_of(fetched) == "egress.type_refused");
    CHECK(fetched.error().hint.find("JPEG, PNG or WebP") != std::string::npos);
  }
  CHECK(fetch_from(picture("image/jpeg", "....ftypheic....")).error().message.find("image/heic") !=
        std::string::npos);
}

TEST_CASE("EgressGuard: refuses compressed answers instead of inflating them") {
  for (const char* encoding : {"Content-Encoding: gzip\r\n", "Content-Encoding: br\r\n",
                               "content-encoding: identity, gzip\r\n", "Content-Encoding: zstd\r\n",
                               "Content-Encoding: identity\r\nContent-Encoding: deflate\r\n"}) {
    CAPTURE(encoding);
    CHECK(code_of(fetch_from(picture("image/png", kPng, encoding))) == "egress.encoding_refused");
  }
  CHECK(code_of(fetch_from(
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: gzip, chunked"
            "\r\n\r\n0\r\n\r\n")) == "egress.encoding_refused");
  CHECK(code_of(fetch_from(picture("image/png", kPng, "Content-Encoding: identity\r\n"))) ==
        "fetched image/png");
}

TEST_CASE("EgressGuard: cuts a picture over the cap, announced or not") {
  EgressOptions options = loopback_options();
  options.max_body = 100_KiB;
  std::atomic<std::size_t> sent = 0;
  for (const char* framing : {"Content-Length: 102401\r\n", "", "Transfer-Encoding: chunked\r\n"}) {
    CAPTURE(framing);
    sent = 0;
    RawServer server([&](RawServer::Peer& peer) {
      peer.read_head();
      peer.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n" + std::string(framing) + "\r\n");
      const bool chunked = std::string_view(framing).starts_with("T");
      const std::string block =
          (chunked ? "3e8\r\n" : "") + std::string(1000, 'x') + (chunked ? "\r\n" : "");
      while (peer.send(block)) sent += 1000;
    });
    CHECK(code_of(fetch(server.url(), options)) == "egress.too_large");
  }
  RawServer exact(answer(picture("image/png", kPng.substr(0, 8) + std::string(102'400 - 8, 'x'))));
  CHECK(code_of(fetch(exact.url(), options)) == "fetched image/png");
}

TEST_CASE("EgressGuard: a Content-Length that lies ends as a broken answer") {
  CHECK(code_of(fetch_from(
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5000\r\n\r\n" + kPng)) ==
        "egress.protocol");
  CHECK(code_of(fetch_from(
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: -5\r\n\r\n" + kPng)) ==
        "egress.protocol");
}

TEST_CASE("EgressGuard: ends a slow drip at its total time") {
  EgressOptions options = loopback_options();
  options.total_time = 300ms;
  RawServer server([](RawServer::Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n");
    while (peer.send("x") && !peer.wait_for_close(10ms)) {
    }
  });
  const auto begun = steady_now();
  const auto fetched = fetch(server.url("/p?token=secret"), options);
  CHECK(code_of(fetched) == "egress.timeout");
  CHECK(fetched.error().kind == ErrorKind::timeout);
  CHECK(steady_now() - begun < 1500ms);
}

TEST_CASE("EgressGuard: names connections that fail, break or speak no HTTP") {
  CHECK(code_of(fetch("http://127.0.0.1:1/")) == "egress.connect");
  CHECK(code_of(fetch_from("")) == "egress.protocol");
  CHECK(code_of(fetch_from("SSH-2.0-OpenSSH\r\n\r\n")) == "egress.protocol");
  CHECK(code_of(fetch_from("HTTP/1.1 200 OK\r\nContent-Ty")) == "egress.protocol");
  CHECK(code_of(fetch_from("\x89PNG\r\n\x1a\n")) == "egress.protocol");
  RawServer resetting([](RawServer::Peer& peer) {
    peer.read_head();
    peer.reset_at_end();
  });
  CHECK(code_of(fetch(resetting.url())) == "egress.protocol");
  RawServer plain([](RawServer::Peer& peer) { peer.send("HTTP/1.1 400 this is no TLS\r\n\r\n"); });
  std::string url = plain.url();
  url.replace(0, 4, "https");
  CHECK(code_of(fetch(url)) == "egress.connect");
}

TEST_CASE("EgressGuard: messages name the origin, never path or query") {
  for (const auto& fetched :
       {fetch_from("HTTP/1.1 404 No\r\n\r\n"), fetch_from("HTTP/1.1 302 F\r\nLocation: /\r\n\r\n"),
        fetch_from(picture("text/html", "x")), fetch_from(picture("image/png", kJpeg)),
        fetch_from("")}) {
    REQUIRE_FALSE(fetched);
    const std::string all = fetched.error().describe() + fetched.error().hint;
    CHECK(all.find("http://127.0.0.1:") != std::string::npos);
    CHECK(all.find("secret") == std::string::npos);
    CHECK(all.find("path.jpg") == std::string::npos);
  }
}

TEST_CASE("EgressGuard: a name that leads to loopback needs the hole") {
  RawServer server(answer(picture("image/png", kPng)));
  const std::string url = "http://localhost:" + std::to_string(server.port()) + "/x.png";
  CHECK(code_of(fetch(url)) == "fetched image/png");
  CHECK(code_of(fetch(url, {})) == "egress.host_refused");
  CHECK(code_of(fetch(server.url(), {})) == "egress.address_refused");
  EgressOptions elsewhere;
  elsewhere.allowed = {*CidrRange::parse("10.9.0.0/16")};
  CHECK(code_of(fetch(url, elsewhere)) == "egress.host_refused");
  CHECK(server.accepted() == 1);
}

TEST_CASE("EgressGuard: a name that leads nowhere is an error in time") {
  EgressOptions options = loopback_options();
  options.total_time = 1s;
  const auto fetched = fetch("http://no-such-host.example.invalid/x.png", options);
  // Where even the name server is silent, the total time ends the look-up.
  CHECK((code_of(fetched) == "egress.resolve" || code_of(fetched) == "egress.timeout"));
}

TEST_CASE("EgressGuard: each fetch makes its own connection") {
  RawServer server([](RawServer::Peer& peer) {
    while (!peer.read_head().empty()) peer.send(picture("image/png", kPng));
  });
  Loop loop;
  EgressGuard guard(loop, loopback_options());
  struct Twice {
    static Task<bool> run(EgressGuard& its_guard, std::string url) {
      for (int i = 0; i < 3; ++i) {
        if (!co_await its_guard.fetch_image(url, {})) co_return false;
      }
      co_return true;
    }
  };
  CHECK(loop.run_until_done(Twice::run(guard, server.url())));
  CHECK(server.accepted() == 3);
}

TEST_CASE("EgressGuard: the proxy environment is not for users' URLs") {
  std::atomic<int> proxied = 0;
  RawServer proxy([&](RawServer::Peer& peer) {
    ++proxied;
    peer.read_head();
    peer.send(picture("image/png", kPng));
  });
  setenv("http_proxy", proxy.url().c_str(), 1);
  setenv("ALL_PROXY", proxy.url().c_str(), 1);
  RawServer server(answer(picture("image/jpeg", kJpeg)));
  CHECK(code_of(fetch(server.url())) == "fetched image/jpeg");
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  CHECK(proxied == 0);
}

struct Watch {
  int done = 0;
  std::vector<std::string> codes;
};

Task<void> fetch_one(EgressGuard& guard, std::string url, CancelToken cancel, Watch& watch) {
  const auto fetched = co_await guard.fetch_image(std::move(url), std::move(cancel));
  ++watch.done;
  watch.codes.push_back(code_of(fetched));
}

Task<void> fetch_many(EgressGuard& guard, std::string url, int count, milliseconds cancel_after,
                      Watch& watch) {
  CancelSource source;
  TaskGroup group;
  for (int i = 0; i < count; ++i)
    group.spawn(fetch_one(guard, url, source.token(), watch), "fetch");
  if (cancel_after > 0ms) {
    co_await sleep_for(cancel_after);
    source.cancel();
  }
  co_await group.join();
}

TEST_CASE("EgressGuard: fetches only so many at once, the others wait in line") {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  RawServer server([&](RawServer::Peer& peer) {
    peer.read_head();
    const int here = ++now;
    for (int seen = most; here > seen && !most.compare_exchange_weak(seen, here);) {
    }
    std::this_thread::sleep_for(5ms);
    --now;
    peer.send(picture("image/png", kPng));
  });
  EgressOptions options = loopback_options();
  options.concurrent = 3;
  Loop loop;
  EgressGuard guard(loop, options);
  Watch watch;
  loop.run_until_done(fetch_many(guard, server.url(), 40, 0ms, watch));
  CHECK(watch.done == 40);
  CHECK(std::ranges::count(watch.codes, "fetched image/png") == 40);
  CHECK(most <= 3);
}

TEST_CASE("EgressGuard: cancellation ends fetches on the wire, in line and in look-up at once") {
  RawServer server([](RawServer::Peer& peer) {
    peer.read_head();
    peer.wait_for_close(5s);
  });
  EgressOptions options = loopback_options();
  options.concurrent = 5;
  Loop loop;
  EgressGuard guard(loop, options);
  Watch watch;
  const auto begun = steady_now();
  loop.run_until_done(fetch_many(guard, "http://localhost:" + std::to_string(server.port()) + "/",
                                 20, 100ms, watch));
  CHECK(steady_now() - begun < 1500ms);
  CHECK(std::ranges::count(watch.codes, "cancelled") == 20);
}

TEST_CASE("EgressGuard: its settings carry over, and wrong ones are named") {
  const auto load = [](std::map<std::string, std::string> environment) {
    SettingSources sources;
    sources.environment = std::move(environment);
    return Settings::load({kEgressSettings}, std::move(sources));
  };
  const auto settings = load({{"EGRESS_ALLOW", "127.0.0.0/8, fd00::/8"},
                              {"EGRESS_PORTS", "443, 8443"},
                              {"EGRESS_SCHEMES", "https"},
                              {"EGRESS_MAX_BYTES", "2MiB"},
                              {"EGRESS_TIMEOUT", "12s"},
                              {"EGRESS_CONCURRENCY", "7"}});
  REQUIRE(settings);
  const auto options = egress_options(*settings);
  REQUIRE(options);
  CHECK(options->allowed.size() == 2);
  CHECK(options->ports == std::vector<std::uint16_t>{443, 8443});
  CHECK(options->schemes == std::vector<std::string>{"https"});
  CHECK(options->max_body == 2_MiB);
  CHECK(options->total_time == 12s);
  CHECK(options->concurrent == 7);
  CHECK(settings->production_warnings().size() == 1);

  CHECK(egress_options(*load({})));
  CHECK(load({})->production_warnings().empty());
  for (const auto& [name, value] :
       {std::pair{"EGRESS_ALLOW", "localhost"}, std::pair{"EGRESS_PORTS", "http"},
        std::pair{"EGRESS_PORTS", "70000"}, std::pair{"EGRESS_SCHEMES", "ftp"}}) {
    const auto wrong = load({{name, value}});
    REQUIRE(wrong);
    const auto refused = egress_options(*wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "settings.invalid");
    CHECK(refused.error().message.starts_with(name));
  }
}

}  // namespace
}  // namespace selvage::net
