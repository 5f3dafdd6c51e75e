// What the past of a value tells: was it written here, or did it come from elsewhere?
#pragma once

#include <string_view>

#include "stack/node.hpp"

namespace selvage::audit {

[[nodiscard]] const stack::Origin* step_of(const stack::Node& node, stack::Step step);
// The value stands in a Compose file as it is: no variable took part, no env_file gave it.
[[nodiscard]] bool is_literal(const stack::Node& node);
// The text before variables were put in; the value itself when none took part.
[[nodiscard]] std::string_view text_before(const stack::Node& node);

}  // namespace selvage::audit
