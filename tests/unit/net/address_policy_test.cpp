#include "net/address_policy.hpp"

#include <doctest/doctest.h>

namespace selvage::net {
namespace {

IpAddress address(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

bool refused(std::string_view text) { return AddressPolicy().refusal(address(text)).has_value(); }

TEST_CASE("IpAddress: parses strictly and prints canonically") {
  CHECK(address("192.0.2.1").to_string() == "192.0.2.1");
  CHECK(address("2001:DB8:0:0::1").to_string() == "2001:db8::1");
  CHECK(address("::ffff:10.0.0.1").to_string() == "::ffff:10.0.0.1");
  CHECK_FALSE(address("::ffff:10.0.0.1").is_v4);
  for (const char* bad :
       {"", "1", "127.1", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.256", "0x1.2.3.4", "1.2.3.4/8",
        "::1%eth0", "[::1]", ":::", "1::2::3", "12345::", "g::"}) {
    CAPTURE(bad);
    CHECK_FALSE(IpAddress::parse(bad));
  }
  CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
  CHECK_FALSE(IpAddress::parse(std::string(200, '1')));
}

TEST_CASE("CidrRange: holds its addresses and no other") {
  const auto range = CidrRange::parse("172.16.0.0/12");
  REQUIRE(range);
  CHECK(range->contains(address("172.16.0.0")));
  CHECK(range->contains(address("172.31.255.255")));
  CHECK_FALSE(range->contains(address("172.15.255.255")));
  CHECK_FALSE(range->contains(address("172.32.0.0")));
  CHECK_FALSE(range->contains(address("::ac10:1")));

  CHECK(CidrRange::parse("0.0.0.0/0")->contains(address("203.0.113.9")));
  CHECK(CidrRange::parse("2000::/3")->contains(address("3fff::1")));
  CHECK_FALSE(CidrRange::parse("2000::/3")->contains(address("4000::")));
  CHECK(CidrRange::parse("::1/128")->contains(address("::1")));
  CHECK_FALSE(CidrRange::parse("::1/128")->contains(address("::")));
}

TEST_CASE("CidrRange: refuses what is not exact") {
  for (const char* bad :
       {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08",
        "10.0.0.0/8x", "10.0.0.1/8", "::1/64", "::/129", "localhost/8", "10.0.0.0 /8"}) {
    CAPTURE(bad);
    const auto range = CidrRange::parse(bad);
    REQUIRE_FALSE(range);
    CHECK(range.error().code == "address.range");
    CHECK_FALSE(range.error().hint.empty());
  }
}

TEST_CASE("AddressPolicy: refuses the first and last address of every special IPv4 range") {
  for (const char* bad :
       {"0.0.0.0",         "0.255.255.255",   "10.0.0.0",        "10.255.255.255",
        "100.64.0.0",      "100.127.255.255", "127.0.0.0",       "127.0.0.1",
        "127.255.255.255", "169.254.0.0",     "169.254.255.255", "172.16.0.0",
        "172.31.255.255",  "192.0.0.0",       "192.0.0.255",     "192.0.2.0",
        "192.0.2.255",     "192.31.196.1",    "192.52.193.1",    "192.88.99.0",
        "192.88.99.255",   "192.168.0.0",     "192.168.255.255", "192.175.48.1",
        "198.18.0.0",      "198.19.255.255",  "198.51.100.0",    "198.51.100.255",
        "203.0.113.0",     "203.0.113.255",   "224.0.0.0",       "239.255.255.255",
        "240.0.0.0",       "255.255.255.255", "168.63.129.16"}) {
    CAPTURE(bad);
    CHECK(refused(bad));
  }
}

TEST_CASE("AddressPolicy: lets the neighbours of every special IPv4 range pass") {
  for (const char* good :
       {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255",
        "100.128.0.0",     "126.255.255.255", "128.0.0.0",      "169.253.255.255",
        "169.255.0.0",     "172.15.255.255",  "172.32.0.0",     "191.255.255.255",
        "192.0.1.0",       "192.0.3.0",       "192.88.98.255",  "192.88.100.0",
        "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",
        "198.51.99.255",   "198.51.101.0",    "203.0.112.255",  "203.0.114.0",
        "223.255.255.255", "168.63.129.15",   "8.8.8.8",        "93.184.216.34"}) {
    CAPTURE(good);
    CHECK_FALSE(refused(good));
  }
}

TEST_CASE("AddressPolicy: takes IPv6 only from global unicast, without any transition prefix") {
  for (const char* bad : {"::",
                          "::1",
                          "::127.0.0.1",
                          "::ffff:127.0.0.1",
                          "::ffff:8.8.8.8",
                          "::ffff:0:127.0.0.1",
                          "64:ff9b::7f00:1",
                          "64:ff9b::8.8.8.8",
                          "64:ff9b:1::a00:1",
                          "100::1",
                          "100:0:0:1::1",
                          "2001::1",
                          "2001:0:a00:1::",
                          "2001:2::1",
                          "2001:10::1",
                          "2001:20::1",
                          "2001:1ff:ffff::",
                          "2001:db8::1",
                          "2002:7f00:1::",
                          "2002:808:808::1",
                          "2620:4f:8000::1",
                          "3fff::1",
                          "3fff:fff:ffff::",
                          "5f00::1",
                          "4000::1",
                          "8000::1",
                          "fc00::1",
                          "fd00:ec2::254",
                          "fdff::1",
                          "fe80::1",
                          "febf::1",
                          "fec0::1",
                          "ff02::1",
                          "1fff::1"}) {
    CAPTURE(bad);
    CHECK(refused(bad));
  }
  for (const char* good : {"2606:4700:4700::1111", "2a00:1450:4001::200e", "2001:200::1", "2003::1",
                           "3ffe::1", "2620:4f:8001::1"}) {
    CAPTURE(good);
    CHECK_FALSE(refused(good));
  }
}

TEST_CASE("AddressPolicy: says what an address is") {
  const AddressPolicy policy;
  CHECK(policy.refusal(address("169.254.169.254")) ==
        "169.254.169.254 is a cloud metadata address");
  CHECK(policy.refusal(address("168.63.129.16")) == "168.63.129.16 is a cloud metadata address");
  CHECK(policy.refusal(address("100.100.100.200")) ==
        "100.100.100.200 is a cloud metadata address");
  CHECK(policy.refusal(address("fd00:ec2::254")) == "fd00:ec2::254 is a cloud metadata address");
  CHECK(policy.refusal(address("10.1.2.3")) == "10.1.2.3 is a private address");
  CHECK(policy.refusal(address("::1")) == "::1 is the loopback address");
}

TEST_CASE("AddressPolicy: a hole opens exactly its own range") {
  const AddressPolicy policy({*CidrRange::parse("127.0.0.0/8"), *CidrRange::parse("fd12::/16")});
  CHECK_FALSE(policy.refusal(address("127.9.9.9")));
  CHECK_FALSE(policy.refusal(address("fd12::1")));
  CHECK(policy.refusal(address("10.0.0.1")));
  CHECK(policy.refusal(address("fd13::1")));
  // A mapped address is another way to say 127.0.0.1; it was not asked for and stays refused.
  CHECK(policy.refusal(address("::ffff:127.0.0.1")));
  CHECK(policy.is_allowed(address("127.0.0.1")));
  CHECK_FALSE(policy.is_allowed(address("8.8.8.8")));
}

}  // namespace
}  // namespace selvage::net
