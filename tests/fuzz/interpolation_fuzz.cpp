// Any text with variables: substitution ends within its limits, and a text without a dollar stays
// as it is; the same bytes as an env file give entries with places, or an error without a value.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "stack/env_text.hpp"
#include "stack/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace selvage::stack;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Lookup lookup = [](const Reference& found) -> std::optional<std::string> {
    SELVAGE_CHECK(!found.name.empty());
    if (found.name.size() % 3 == 0) return std::nullopt;
    if (found.name.size() % 3 == 1) return std::string();
    return "value of " + std::string(found.name);
  };
  const auto result = substitute(text, lookup, {.max_bytes = 65536});
  if (result) {
    SELVAGE_CHECK(result->size() <= 65536 || result->size() <= size);
    if (!text.contains('$')) SELVAGE_CHECK(*result == text);
  } else {
    SELVAGE_CHECK(!result.error().message.empty() && !result.error().hint.empty());
  }

  const Text file("f", std::string(text));
  const OuterLookup outer = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() % 2 == 0) return std::nullopt;
    return "outer";
  };
  for (const auto& entries : {parse_env_text(file, outer), parse_raw_env_text(file, outer)}) {
    if (!entries) {
      SELVAGE_CHECK(entries.error().message.starts_with("f:"));
      continue;
    }
    for (const EnvEntry& entry : *entries) {
      SELVAGE_CHECK(entry.span.begin <= entry.span.end && entry.span.end <= size);
    }
  }
  return 0;
}
