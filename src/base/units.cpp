#include "base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/text.hpp"

namespace selvage {

namespace {

struct Unit {
  std::string_view name;  // lower case
  std::uint64_t factor;
};

constexpr std::array kUnits = {
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"byte", 1},
    Unit{"bytes", 1},
    Unit{"kib", 1ull << 10},
    Unit{"kb", 1'000},
    Unit{"mib", 1ull << 20},
    Unit{"mb", 1'000'000},
    Unit{"gib", 1ull << 30},
    Unit{"gb", 1'000'000'000},
    Unit{"tib", 1ull << 40},
    Unit{"tb", 1'000'000'000'000},
};
constexpr std::size_t kMaxFractionDigits = 9;

std::unexpected<Error> not_bytes(std::string_view text, std::string_view why) {
  return fail(
      ErrorKind::invalid, "units.bytes", fmt::format("{} is not a size: {}", in_quotes(text), why),
      "Write a number of bytes, or a number with KiB, MiB, GiB (powers of 1024) or kB, MB, GB "
      "(powers of 1000), for example 10 MiB.");
}

}  // namespace

std::string to_string(ByteCount bytes) {
  if (bytes.value == 1) return "1 byte";
  if (bytes.value < 1024) return fmt::format("{} bytes", bytes.value);
  constexpr std::array<std::string_view, 6> kNames = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double amount = static_cast<double>(bytes.value) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be printed as 1024.0
  while (amount >= 1023.95 && unit + 1 < kNames.size()) {
    amount /= 1024;
    ++unit;
  }
  std::string number = fmt::format("{:.1f}", amount);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return fmt::format("{} {}", number, kNames[unit]);
}

Result<ByteCount> parse_bytes(std::string_view text) {
  const std::string_view trimmed = trim(text);
  const char* const end = trimmed.data() + trimmed.size();
  std::uint64_t whole = 0;
  auto [at, error] = std::from_chars(trimmed.data(), end, whole);
  if (error == std::errc::result_out_of_range) return not_bytes(text, "it is too large");
  if (error != std::errc()) return not_bytes(text, "it does not start with a number");

  std::string_view rest(at, static_cast<std::size_t>(end - at));
  std::string_view fraction;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) ++digits;
    fraction = rest.substr(0, digits);
    rest.remove_prefix(digits);
    if (digits == 0 || digits > kMaxFractionDigits) {
      return not_bytes(text, "its fraction must have 1 to 9 digits");
    }
  }

  const std::string name = to_lower_ascii(trim(rest));
  const Unit* unit = nullptr;
  for (const Unit& candidate : kUnits) {
    if (candidate.name == name) unit = &candidate;
  }
  if (unit == nullptr) return not_bytes(text, "its unit is not known");
  if (!fraction.empty() && unit->factor == 1) return not_bytes(text, "bytes are whole");

  std::uint64_t value = 0;
  if (__builtin_mul_overflow(whole, unit->factor, &value))
    return not_bytes(text, "it is too large");
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
  for (const char digit : fraction) {
    numerator = numerator * 10 + static_cast<std::uint64_t>(digit - '0');
    denominator *= 10;
  }
  const auto part = static_cast<std::uint64_t>(static_cast<unsigned __int128>(unit->factor) *
                                               numerator / denominator);
  if (__builtin_add_overflow(value, part, &value)) return not_bytes(text, "it is too large");
  return ByteCount{value};
}

}  // namespace selvage
