// What the egress guard decides from a URL alone. Nothing here touches a network: check() has no
// way to.
#include <doctest/doctest.h>

#include "net/egress_guard.hpp"

namespace selvage::net {
namespace {

std::string verdict(const EgressGuard& guard, std::string_view url) {
  const auto checked = guard.check(url);
  return checked ? "accepted" : checked.error().code;
}

struct Hostile {
  const char* url;
  const char* code;
};

constexpr Hostile kHostile[] = {
    // Addresses that are not public, in the one spelling that parses.
    {"http://0.0.0.0/", "egress.address_refused"},
    {"http://10.0.0.1/", "egress.address_refused"},
    {"http://10.255.255.255/x.png", "egress.address_refused"},
    {"http://100.64.0.1/", "egress.address_refused"},
    {"http://100.100.100.200/latest/meta-data/", "egress.address_refused"},
    {"http://127.0.0.1/", "egress.address_refused"},
    {"https://127.0.0.1/", "egress.address_refused"},
    {"http://127.127.127.127/", "egress.address_refused"},
    {"http://127.0.0.1./", "egress.address_refused"},
    {"http://169.254.169.254/latest/meta-data/iam/", "egress.address_refused"},
    {"http://169.254.170.2/v2/credentials/", "egress.address_refused"},
    {"http://169.254.170.23/v1/credentials", "egress.address_refused"},
    {"http://168.63.129.16/machine?comp=goalstate", "egress.address_refused"},
    {"http://172.17.0.1/", "egress.address_refused"},
    {"http://172.31.255.254/", "egress.address_refused"},
    {"http://192.0.0.192/", "egress.address_refused"},
    {"http://192.0.2.1/", "egress.address_refused"},
    {"http://192.88.99.1/", "egress.address_refused"},
    {"http://192.168.1.1/admin", "egress.address_refused"},
    {"http://198.18.0.1/", "egress.address_refused"},
    {"http://198.51.100.7/", "egress.address_refused"},
    {"http://203.0.113.7/", "egress.address_refused"},
    {"http://224.0.0.1/", "egress.address_refused"},
    {"http://240.0.0.1/", "egress.address_refused"},
    {"http://255.255.255.255/", "egress.address_refused"},
    {"http://[::]/", "egress.address_refused"},
    {"http://[::1]/", "egress.address_refused"},
    {"http://[0:0:0:0:0:0:0:1]/", "egress.address_refused"},
    {"http://[0000:0000:0000:0000:0000:0000:0000:0001]:80/", "egress.address_refused"},
    {"http://[::127.0.0.1]/", "egress.address_refused"},
    {"http://[::ffff:127.0.0.1]/", "egress.address_refused"},
    {"http://[::ffff:7f00:1]/", "egress.address_refused"},
    {"http://[0:0:0:0:0:ffff:169.254.169.254]/", "egress.address_refused"},
    {"http://[::FFFF:A9FE:A9FE]/", "egress.address_refused"},
    {"http://[::ffff:0:127.0.0.1]/", "egress.address_refused"},
    {"http://[64:ff9b::127.0.0.1]/", "egress.address_refused"},
    {"http://[64:ff9b::a9fe:a9fe]/", "egress.address_refused"},
    {"http://[64:ff9b:1:7f00:0:100::]/", "egress.address_refused"},
    {"http://[2002:7f00:1::]/", "egress.address_refused"},
    {"http://[2002:a9fe:a9fe::1]/", "egress.address_refused"},
    {"http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "egress.address_refused"},
    {"http://[2001:db8::1]/", "egress.address_refused"},
    {"http://[3fff::1]/", "egress.address_refused"},
    {"http://[5f00::1]/", "egress.address_refused"},
    {"http://[100::1]/", "egress.address_refused"},
    {"http://[fc00::1]/", "egress.address_refused"},
    {"http://[fd00:ec2::254]/latest/meta-data/", "egress.address_refused"},
    {"http://[fe80::1]/", "egress.address_refused"},
    {"http://[fec0::1]/", "egress.address_refused"},
    {"http://[ff02::1]/", "egress.address_refused"},
    {"http://[4000::1]/", "egress.address_refused"},

    // Other spellings of IPv4 that some resolver takes.
    {"http://2130706433/", "url.host"},
    {"http://017700000001/", "url.host"},
    {"http://0x7f000001/", "url.host"},
    {"http://0x7F000001/", "url.host"},
    {"http://0x7f.0x0.0x0.0x1/", "url.host"},
    {"http://0x7f.1/", "url.host"},
    {"http://0177.0.0.1/", "url.host"},
    {"http://0251.254.169.254/", "url.host"},
    {"http://0xa9.0376.43518/", "url.host"},
    {"http://127.1/", "url.host"},
    {"http://127.0.1/", "url.host"},
    {"http://10.1/", "url.host"},
    {"http://0/", "url.host"},
    {"http://00000000/", "url.host"},
    {"http://0x1A9FEA9FE/", "url.host"},
    {"http://425.510.425.510/", "url.host"},
    {"http://127.0.0.1.0/", "url.host"},
    {"http://127.000.000.001/", "url.host"},

    // IPv6 spellings beside RFC 4291.
    {"http://[fe80::1%25eth0]/", "url.host"},
    {"http://[fe80::1%eth0]/", "url.characters"},
    {"http://[::1%2500]/", "url.host"},
    {"http://[v1.x]/", "url.host"},
    {"http://[::ffff:0177.0.0.1]/", "url.host"},
    {"http://[127.0.0.1]/", "url.host"},
    {"http://[::1/", "url.host"},
    {"http://[::1]evil.example/", "url.host"},
    {"http://::1/", "url.host"},

    // Who is the host?
    {"http://shop.example.com@127.0.0.1/", "url.userinfo"},
    {"http://user:password@shop.example.com/", "url.userinfo"},
    {"http://shop.example.com:443@evil.example.net/", "url.userinfo"},
    {"http://shop.example.com%40127.0.0.1/", "url.host"},
    {"http://shop.example.com:443\\@127.0.0.1/", "url.characters"},
    {"http://shop.example.com\\.evil.example.net/", "url.characters"},
    {"http:\\\\127.0.0.1\\", "url.characters"},
    {"http://127.0.0.1\\shop.example.com/", "url.characters"},
    {"http://127.0.0.1#@shop.example.com/", "egress.address_refused"},
    {"http://127.0.0.1?@shop.example.com/", "egress.address_refused"},
    {"http://127.0.0.1/@shop.example.com/", "egress.address_refused"},
    {"http:127.0.0.1/", "url.scheme"},
    {"http:/127.0.0.1/", "url.scheme"},
    {"http:///127.0.0.1/", "url.host"},
    {"http:////127.0.0.1/", "url.host"},
    {"//127.0.0.1/", "url.scheme"},
    {"127.0.0.1", "url.scheme"},
    {"http://127%2e0%2e0%2e1/", "url.host"},
    {"http://%31%32%37.0.0.1/", "url.host"},
    {"http://loc%61lhost/", "url.host"},
    {"http://", "url.host"},
    {"http://./", "url.host"},
    {"http://../", "url.host"},

    // Characters.
    {"", "url.characters"},
    {" http://127.0.0.1/", "url.characters"},
    {"\thttp://127.0.0.1/", "url.characters"},
    {"ht\ntp://127.0.0.1/", "url.characters"},
    {"http://127.0.0.1\t/", "url.characters"},
    {"http://shop.example.com/\r\nX-Injected: 1", "url.characters"},
    {"http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1/", "url.characters"},  // circled digits
    {"http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "url.characters"},  // full-width digits
    {"http://127\xe3\x80\x82"
     "0\xe3\x80\x82"
     "0\xe3\x80\x82"
     "1/",
     "url.characters"},                                                    // ideographic stops
    {"http://shop.example.com\xef\xbc\x8f@127.0.0.1/", "url.characters"},  // full-width slash
    {"http://e\xef\xac\x80.example.com/", "url.characters"},               // ligature
    {"http://loc\xce\xb1lhost/", "url.characters"},

    // Names that lead inside.
    {"http://localhost/", "egress.host_refused"},
    {"http://LOCALHOST/", "egress.host_refused"},
    {"http://localhost./", "egress.host_refused"},
    {"http://anything.localhost/", "egress.host_refused"},
    {"http://localhost.localdomain/", "egress.host_refused"},
    {"http://postgres/", "egress.host_refused"},
    {"http://redis/", "egress.host_refused"},
    {"http://metadata/", "egress.host_refused"},
    {"http://metadata.google.internal/computeMetadata/v1/", "egress.host_refused"},
    {"http://METADATA.google.internal./", "egress.host_refused"},
    {"http://metadata.goog/", "egress.host_refused"},
    {"http://metadata.amazonaws.com/", "egress.host_refused"},
    {"http://instance-data/", "egress.host_refused"},
    {"http://instance-data.ec2.internal/", "egress.host_refused"},
    {"http://host.docker.internal/", "egress.host_refused"},
    {"http://gateway.docker.internal/", "egress.host_refused"},
    {"http://api.default.svc.cluster.local/", "egress.host_refused"},
    {"http://kubernetes.default.svc/",
     "accepted"},  // looked up with a final dot, so as a public name
    {"http://printer.local/", "egress.host_refused"},
    {"http://nas.home.arpa/", "egress.host_refused"},
    {"http://router.lan/", "egress.host_refused"},
    {"http://wiki.corp/", "egress.host_refused"},
    {"http://expyuzz4wqqyqhjn.onion/", "egress.host_refused"},

    // Ports.
    {"http://shop.example.com:22/", "egress.port_refused"},
    {"http://shop.example.com:6379/", "egress.port_refused"},
    {"http://shop.example.com:8080/", "egress.port_refused"},
    {"https://93.184.216.34:2375/", "egress.port_refused"},
    {"http://shop.example.com:0/", "url.port"},
    {"http://shop.example.com:65536/", "url.port"},
    {"http://shop.example.com:65616/", "url.port"},  // 80 after a 16-bit overflow
    {"http://shop.example.com:0080/", "url.port"},
    {"http://shop.example.com:/", "url.port"},
    {"http://shop.example.com:80:80/", "url.port"},

    // Schemes.
    {"file:///etc/passwd", "url.host"},
    {"file://shop.example.com/etc/passwd", "egress.scheme_refused"},
    {"ftp://shop.example.com/x.jpg", "egress.scheme_refused"},
    {"gopher://shop.example.com:6379/_INFO", "egress.scheme_refused"},
    {"dict://shop.example.com:11211/stats", "egress.scheme_refused"},
    {"ldap://shop.example.com/", "egress.scheme_refused"},
    {"tftp://shop.example.com/x", "egress.scheme_refused"},
    {"sftp://shop.example.com/x", "egress.scheme_refused"},
    {"ws://shop.example.com/", "egress.scheme_refused"},
    {"HTTPX://shop.example.com/", "egress.scheme_refused"},
    {"jar:http://shop.example.com!/", "url.scheme"},
    {"data:image/png;base64,iVBORw0KGgo=", "url.scheme"},
    {"javascript:alert(1)", "url.scheme"},
    {"view-source:http://127.0.0.1/", "url.scheme"},
};

TEST_CASE("EgressGuard: decides on hostile URLs without a network") {
  Loop loop;
  const EgressGuard guard(loop, {});
  static_assert(std::size(kHostile) > 150);
  for (const auto& [url, code] : kHostile) {
    CAPTURE(url);
    CHECK(verdict(guard, url) == code);
  }
}

TEST_CASE("EgressGuard: every refusal says what to do and hides path and query") {
  Loop loop;
  const EgressGuard guard(loop, {});
  for (const char* url :
       {"http://10.0.0.1/private?token=secret", "ftp://a.example.com/private?token=secret",
        "http://localhost/private?token=secret", "http://a.example.com:22/private?token=secret"}) {
    const auto refused = guard.check(url);
    REQUIRE_FALSE(refused);
    CAPTURE(refused.error().message);
    CHECK(refused.error().kind == ErrorKind::invalid);
    CHECK_FALSE(refused.error().hint.empty());
    CHECK(refused.error().message.find("secret") == std::string::npos);
    CHECK(refused.error().message.find("private?") == std::string::npos);
  }
}

TEST_CASE("EgressGuard: ordinary picture URLs pass") {
  Loop loop;
  const EgressGuard guard(loop, {});
  for (const char* url :
       {"https://images.example.com/p/1234.jpg", "http://images.example.com/p/1234.jpg",
        "https://abc.supabase.co/storage/v1/object/sign/in/a.png?token=eyJhbGciOi.J9.x_y-z",
        "https://bucket.s3.eu-central-1.amazonaws.com/"
        "a%20b.webp?X-Amz-Signature=ab&X-Amz-Expires=60",
        "https://cdn.example.com:443/x", "http://93.184.216.34/x.jpg",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/x.jpg", "https://xn--bcher-kva.de/x.jpg",
        "https://my_bucket.example.com/x.jpg", "https://a.b.c.d.example.co.uk./x.jpg"}) {
    CAPTURE(url);
    CHECK(verdict(guard, url) == "accepted");
  }
}

TEST_CASE("EgressGuard: a hole for loopback opens localhost, any port of it, and nothing else") {
  Loop loop;
  EgressOptions options;
  options.allowed = {*CidrRange::parse("127.0.0.0/8")};
  const EgressGuard guard(loop, options);
  CHECK(verdict(guard, "http://127.0.0.1:9000/x.png") == "accepted");
  CHECK(verdict(guard, "http://localhost:9000/x.png") == "accepted");
  CHECK(verdict(guard, "http://10.0.0.1/x.png") == "egress.address_refused");
  CHECK(verdict(guard, "http://[::1]/x.png") == "egress.address_refused");
  CHECK(verdict(guard, "http://93.184.216.34:9000/x.png") == "egress.port_refused");
  CHECK(verdict(guard, "http://metadata.google.internal/") == "egress.host_refused");
}

TEST_CASE("EgressGuard: a hole elsewhere keeps localhost shut") {
  Loop loop;
  EgressOptions options;
  options.allowed = {*CidrRange::parse("10.1.0.0/16")};
  const EgressGuard guard(loop, options);
  CHECK(verdict(guard, "http://10.1.2.3:9000/x.png") == "accepted");
  CHECK(verdict(guard, "http://localhost/x.png") == "egress.host_refused");
  CHECK(verdict(guard, "http://127.0.0.1/x.png") == "egress.address_refused");
}

TEST_CASE("EgressGuard: https only when the operator says so") {
  Loop loop;
  EgressOptions options;
  options.schemes = {"https"};
  const EgressGuard guard(loop, options);
  CHECK(verdict(guard, "http://shop.example.com/x.png") == "egress.scheme_refused");
  CHECK(guard.check("http://shop.example.com/x.png").error().hint == "use https");
}

}  // namespace
}  // namespace selvage::net
