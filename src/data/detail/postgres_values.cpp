#include "data/detail/postgres_values.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text.hpp"

namespace selvage::data {

namespace {

// pg_type.oid of the built-in types never changes.
constexpr Oid kAny = 0;  // found out by where the parameter stands
constexpr Oid kBool = 16;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kText = 25;
constexpr Oid kInt4 = 23;
constexpr Oid kOid = 26;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;

template <class Number>
SqlValue read_number(std::string_view text) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.begin(), text.end(), number);
  if (failed == std::errc() && end == text.end()) return number;
  return std::string(text);
}

}  // namespace

Result<void> check_texts(const Params& params) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    const auto* const text = std::get_if<std::string>(&params[i]);
    if (text == nullptr || (!text->contains('\0') && is_valid_utf8(*text))) continue;
    return fail(ErrorKind::invalid, "db.text",
                fmt::format("parameter ${} holds U+0000 or broken UTF-8, which PostgreSQL does not "
                            "keep",
                            i + 1));
  }
  return {};
}

Result<PostgresParams> PostgresParams::encode(const Params& params) {
  TRY(check_texts(params));
  PostgresParams encoded;
  encoded.numbers_.reserve(params.size());  // the pointers into it must stay
  for (const SqlValue& value : params) {
    Oid type = kAny;
    const char* text = nullptr;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      type = kInt8;
      text = encoded.numbers_.emplace_back(fmt::format("{}", *whole)).c_str();
    } else if (const auto* real = std::get_if<double>(&value)) {
      type = kFloat8;
      text = encoded.numbers_.emplace_back(fmt::format("{}", *real)).c_str();
    } else if (const auto* words = std::get_if<std::string>(&value)) {
      type = kText;
      text = words->c_str();
    }
    encoded.types_.push_back(type);
    encoded.values_.push_back(text);
  }
  return encoded;
}

SqlValue read_value(Oid type, std::string_view text) {
  switch (type) {
    case kBool:
      return std::int64_t{text == "t"};
    case kInt2:
    case kInt4:
    case kInt8:
    case kOid:
      return read_number<std::int64_t>(text);
    case kFloat4:
    case kFloat8:
      return read_number<double>(text);
    case kNumeric: {
      SqlValue whole = read_number<std::int64_t>(text);
      return std::holds_alternative<std::int64_t>(whole) ? whole : read_number<double>(text);
    }
    default:
      return std::string(text);
  }
}

Row read_row(const PGresult* result, int row) {
  std::vector<SqlValue> values;
  const int columns = PQnfields(result);
  values.reserve(static_cast<std::size_t>(columns));
  for (int column = 0; column < columns; ++column) {
    if (PQgetisnull(result, row, column) != 0) {
      values.emplace_back();
      continue;
    }
    const auto length = static_cast<std::size_t>(PQgetlength(result, row, column));
    values.push_back(
        read_value(PQftype(result, column), {PQgetvalue(result, row, column), length}));
  }
  return Row(std::move(values));
}

}  // namespace selvage::data
