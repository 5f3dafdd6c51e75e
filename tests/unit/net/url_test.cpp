#include "net/url.hpp"

#include <doctest/doctest.h>

namespace selvage::net {
namespace {

std::string code_of(std::string_view text) {
  const auto url = Url::parse(text);
  return url ? "accepted as " + url->to_string() : url.error().code;
}

TEST_CASE("Url: splits an ordinary URL into what a connection needs") {
  const auto url = Url::parse("HTTPS://Shop.Example.COM:8443/a/b.jpg?size=2&x[]=1#part");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->host == "shop.example.com");
  CHECK(url->port == 8443);
  CHECK(url->target == "/a/b.jpg?size=2&x[]=1");
  CHECK(url->to_string() == "https://shop.example.com:8443/a/b.jpg?size=2&x[]=1");
  CHECK(url->origin() == "https://shop.example.com:8443");
}

TEST_CASE("Url: fills in what may be left out") {
  CHECK(Url::parse("https://shop.example.com")->to_string() == "https://shop.example.com/");
  CHECK(Url::parse("http://shop.example.com")->port == 80);
  CHECK(Url::parse("https://shop.example.com")->port == 443);
  CHECK(Url::parse("redis://cache")->port == 0);
  CHECK(Url::parse("https://shop.example.com?a=b")->target == "/?a=b");
  CHECK(Url::parse("https://shop.example.com#top")->target == "/");
  CHECK(Url::parse("https://shop.example.com./x")->host == "shop.example.com");
  CHECK(Url::parse("https://shop.example.com:443/x")->to_string() == "https://shop.example.com/x");
}

TEST_CASE("Url: brackets and shortens IPv6 addresses") {
  const auto url = Url::parse("http://[2606:4700:0000:0:0:0:0:1111]:8080/x");
  REQUIRE(url);
  CHECK(url->host == "2606:4700::1111");
  CHECK(url->host_is_v6);
  CHECK(url->to_string() == "http://[2606:4700::1111]:8080/x");
}

TEST_CASE("Url: keeps paths and queries as given, since signatures cover them") {
  const std::string_view text =
      "https://cdn.example.com/a//b/../c%2Fd.png?Expires=1&Signature=a~b-c_d__&Key=K%3D";
  CHECK(Url::parse(text)->to_string() == text);
}

TEST_CASE("Url: what parses once parses to itself") {
  for (const char* text : {"http://a.b/", "https://xn--bcher-kva.example/x", "http://1.2.3.4:81/?",
                           "http://[::1]/", "https://a_b.example.com/%20"}) {
    const auto once = Url::parse(text);
    REQUIRE(once);
    CHECK(Url::parse(once->to_string())->to_string() == once->to_string());
  }
}

TEST_CASE("Url: the origin never holds path or query") {
  const auto url = Url::parse("https://cdn.example.com/private/x.jpg?token=secret");
  CHECK(url->origin().find("secret") == std::string::npos);
  CHECK(url->origin().find("private") == std::string::npos);
}

TEST_CASE("Url: refuses what is no absolute URL") {
  for (const char* text :
       {"example.com/x.jpg", "//example.com/", "/x.jpg", "http:example.com", "http:/example.com",
        "://example.com", "1http://example.com", "data:image/png;base64,AAAA",
        "javascript:alert(1)", "ht!tp://example.com"}) {
    CAPTURE(text);
    CHECK(code_of(text) == "url.scheme");
  }
  CHECK(code_of("") == "url.characters");
  CHECK(code_of("https://a.example/" + std::string(3000, 'a')) == "url.too_long");
}

TEST_CASE("Url: refuses user names and passwords") {
  for (const char* text : {"http://user@example.com/", "http://user:pass@example.com/",
                           "http://good.example:443@evil.example/", "http://@example.com/"}) {
    CAPTURE(text);
    CHECK(code_of(text) == "url.userinfo");
  }
}

TEST_CASE("Url: refuses characters that parsers disagree about, and says where") {
  CHECK(code_of("http://good.example\\@evil.example/") == "url.characters");
  CHECK(code_of("http:\\\\example.com\\") == "url.characters");
  CHECK(code_of(" http://example.com/") == "url.characters");
  CHECK(code_of("http://example.com/a b") == "url.characters");
  CHECK(code_of("http://exam\tple.com/") == "url.characters");
  CHECK(code_of("http://example.com/\r\nHost: x") == "url.characters");
  CHECK(code_of(std::string_view("http://example.com\0.evil/", 25)) == "url.characters");
  CHECK(code_of("http://b\xc3\xbc"
                "cher.example/") == "url.characters");
  CHECK(code_of("http://example.com/%zz") == "url.characters");
  CHECK(code_of("http://example.com/%4") == "url.characters");
  CHECK(Url::parse("http://a b/").error().message ==
        "byte 8 of the URL (0x20) may not stand in a URL");
}

TEST_CASE("Url: refuses hosts that are not plain names or addresses") {
  for (const char* text :
       {"http:///x", "http://", "http://:80/", "http://./", "http://a..b/", "http://.a/",
        "http://-a.example/", "http://a-.example/", "http://a%2eb/", "http://exa$mple.com/",
        "http://[::1", "http://::1/", "http://[v1.x]/", "http://[fe80::1%25eth0]/",
        "http://[1.2.3.4]/", "http://[]/", "http://[::1]x/", "http://[:::1]/"}) {
    CAPTURE(text);
    CHECK(code_of(text).starts_with("url."));
  }
  CHECK(code_of("http://" + std::string(64, 'a') + ".example/") == "url.host");
  std::string long_host;
  for (int i = 0; i < 60; ++i) long_host += "abcd.";
  CHECK(code_of("http://" + long_host + "example/") == "url.host");
}

TEST_CASE("Url: refuses every spelling of IPv4 but four decimal parts") {
  for (const char* host :
       {"2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "0", "0x",
        "127.0.0.01", "256.1.1.1", "1.2.3.4.5", "0x1A9FEA9FE", "1.2.3", "00.0.0.0", "127.0.0.0x1",
        "a.0x7f", "example.1"}) {
    CAPTURE(host);
    CHECK(code_of("http://" + std::string(host) + "/") == "url.host");
  }
  CHECK(Url::parse("http://1.2.3.4/"));
  CHECK(Url::parse("http://1.2.3.4.example/"));
  CHECK(Url::parse("http://0x7f.example/"));
}

TEST_CASE("Url: refuses ports that are not 1 to 65535") {
  for (const char* port :
       {"", "0", "00080", "080", "65536", "99999", "123456", "-1", "+80", "80a", "8 0"}) {
    CAPTURE(port);
    CHECK(code_of("http://example.com:" + std::string(port) + "/").starts_with("url."));
  }
  CHECK(Url::parse("http://example.com:65535/")->port == 65535);
}

}  // namespace
}  // namespace selvage::net
