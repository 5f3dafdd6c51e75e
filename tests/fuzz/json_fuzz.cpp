// Any bytes as JSON: parsing ends, what was taken can be written and read again, and reading it as
// a request gives values within the rules or problems that are fit to print.
#include <boost/json.hpp>
#include <cstdint>
#include <string_view>

#include "base/json.hpp"
#include "base/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = selvage::json::parse(text);
  if (!parsed) {
    SELVAGE_CHECK(selvage::is_valid_utf8(parsed.error().message));
    return 0;
  }
  SELVAGE_CHECK(selvage::json::parse(selvage::json::dump(*parsed)).has_value());

  selvage::json::Reader reader(*parsed, "");
  const auto required = reader.text("a", {.min = 2, .max = 8});
  const auto optional = reader.maybe_text("b", {.max = 4});
  const auto number = reader.integer("c", {.min = 1, .max = 1000}, 1);
  const auto choice = reader.choice("d", {"x", "y"});
  const auto several = reader.texts("e", 1, 3, {.max = 3});
  (void)reader.integer("f", {});
  (void)reader.flag("g", true);
  SELVAGE_CHECK(required.empty() || (required.size() >= 2 && required.size() <= 8));
  SELVAGE_CHECK(!optional || optional->size() <= 4);
  SELVAGE_CHECK(number >= 1 && number <= 1000);
  SELVAGE_CHECK(choice.empty() || choice == "x" || choice == "y");
  SELVAGE_CHECK(several.size() <= 3);
  if (const auto error = reader.finish()) {
    SELVAGE_CHECK(selvage::is_valid_utf8(error->message) && error->message.size() < 10'000);
  } else {
    SELVAGE_CHECK(!required.empty() && !choice.empty() && !several.empty());
  }
  return 0;
}
