#include "base/units.hpp"

#include <doctest/doctest.h>

namespace selvage {
namespace {

TEST_CASE("ByteCount: reads binary and decimal units, with or without a blank") {
  CHECK(parse_bytes("10485760").value() == 10_MiB);
  CHECK(parse_bytes("64KiB").value() == 64_KiB);
  CHECK(parse_bytes(" 10 MiB ").value() == 10_MiB);
  CHECK(parse_bytes("10mib").value() == 10_MiB);
  CHECK(parse_bytes("1GiB").value().value == 1ull << 30);
  CHECK(parse_bytes("1.5 GiB").value().value == 3ull << 29);
  CHECK(parse_bytes("2 kB").value().value == 2'000);
  CHECK(parse_bytes("0.1 MB").value().value == 100'000);
  CHECK(parse_bytes("3GB").value().value == 3'000'000'000);
  CHECK(parse_bytes("0").value().value == 0);
  CHECK(parse_bytes("18446744073709551615").value().value == UINT64_MAX);
}

TEST_CASE("ByteCount: refuses what is not a size, and what does not fit") {
  for (const char* bad : {"", "MiB", "-1", "+1", "1.5", "1.", "1. MiB", "1.1234567890 MiB",
                          "10 MiBs", "10 M", "1e3", "1 000", "0x10", "18446744073709551616",
                          "18446744073709551615 kB", "99999999999 TiB", "16777216.5 TiB"}) {
    CAPTURE(bad);
    const auto bytes = parse_bytes(bad);
    REQUIRE_FALSE(bytes.has_value());
    CHECK(bytes.error().code == "units.bytes");
    CHECK_FALSE(bytes.error().hint.empty());
  }
}

TEST_CASE("ByteCount: is shown in the largest unit that reads well") {
  CHECK(to_string(ByteCount{0}) == "0 bytes");
  CHECK(to_string(ByteCount{1}) == "1 byte");
  CHECK(to_string(ByteCount{312}) == "312 bytes");
  CHECK(to_string(10_MiB) == "10 MiB");
  CHECK(to_string(ByteCount{3ull << 29}) == "1.5 GiB");
  CHECK(to_string(ByteCount{(1 << 20) - 1}) == "1 MiB");
  CHECK(to_string(ByteCount{UINT64_MAX}) == "16 EiB");
}

TEST_CASE("ByteCount: what is shown can be read back when it is whole") {
  for (const ByteCount bytes : {1_KiB, 64_KiB, 1_MiB, 1536_KiB, 10_MiB, 1024_MiB, ByteCount{999}}) {
    CHECK(parse_bytes(to_string(bytes)).value() == bytes);
  }
}

}  // namespace
}  // namespace selvage
