// Quantities whose unit a plain integer would hide.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace selvage {

struct ByteCount {
  std::uint64_t value = 0;
  auto operator<=>(const ByteCount&) const = default;
};

constexpr ByteCount operator""_KiB(unsigned long long n) { return {n << 10}; }
constexpr ByteCount operator""_MiB(unsigned long long n) { return {n << 20}; }

// "10 MiB", "1.5 GiB", "312 bytes".
[[nodiscard]] std::string to_string(ByteCount bytes);
// Takes "10485760", "64KiB", "10 MiB", "1GiB"; also kB/MB/GB as powers of 1000. Errors:
// units.bytes.
[[nodiscard]] Result<ByteCount> parse_bytes(std::string_view text);

// Credits are whole; a charge is negative, a grant or refund positive in the ledger.
struct Credits {
  std::int64_t value = 0;
  auto operator<=>(const Credits&) const = default;
  Credits operator-() const { return {-value}; }
};

}  // namespace selvage
