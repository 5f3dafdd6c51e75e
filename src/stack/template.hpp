// Compose's substitution of variables in one text: $V, ${V}, ${V:-x}, ${V-x}, ${V:?x}, ${V?x},
// ${V:+x}, ${V+x}, nested, `$$` for a dollar. Oddities of the reference are kept: what follows an
// operator reaches to the brace that balances, else to the last one of the line; both sides are
// substituted even when one is not used; `$1` and a lone `$` stay as they are.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace selvage::stack {

enum class Operator : std::uint8_t { none, fallback, required, alternative };

struct Reference {
  std::string_view name;
  Operator operation = Operator::none;
  bool empty_counts_as_unset = false;
  std::string_view argument;  // as written
};

// The value of a variable, nullopt when nobody sets it. Called once for every reference.
using Lookup = std::function<std::optional<std::string>(const Reference&)>;

struct SubstituteOptions {
  std::size_t max_bytes = 1 << 20;  // of the result
  std::size_t max_depth = 32;       // of nesting
  // Asked for the value of a required variable that is missing; nullopt: an error.
  std::function<std::optional<std::string>(const Reference&, const std::string& message)> missing;
};

// Errors: compose.interpolation (not a valid form, too long, too deep), compose.required.
[[nodiscard]] Result<std::string> substitute(std::string_view text, const Lookup& lookup,
                                             const SubstituteOptions& options = {});

}  // namespace selvage::stack
