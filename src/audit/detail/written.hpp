// From a value of the model to where a file writes it, and to edits there.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "audit/stack.hpp"

namespace selvage::audit {

// The edit functions give nothing when the value does not stand in a file with one document, as
// when it came by `<<` from a default of Compose.
using Changes = std::vector<Change>;

[[nodiscard]] Changes set_value(const Stack& stack, const stack::Span& value, std::string yaml);
[[nodiscard]] Changes remove_value(const Stack& stack, const stack::Span& value);
[[nodiscard]] Changes append_item(const Stack& stack, const stack::Span& list, std::string yaml);
// A member of the service where its name stands.
[[nodiscard]] Changes add_member(const Stack& stack, const Service& service, std::string_view key,
                                 std::string yaml);
// A member of the mapping `value`.
[[nodiscard]] Changes add_inside(const Stack& stack, const stack::Span& value, std::string_view key,
                                 std::string yaml);
// A member of the file that names the service.
[[nodiscard]] Changes add_at_top(const Stack& stack, const Service& service, std::string_view key,
                                 std::string yaml);
// The member of a service as the service's own file writes it; nullptr: it is written elsewhere.
[[nodiscard]] const stack::Node* own_member(const Stack& stack, const Service& service,
                                            std::string_view member);

}  // namespace selvage::audit
