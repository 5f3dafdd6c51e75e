// Keeps secrets out of what is printed.
#pragma once

#include "stack/node.hpp"

namespace selvage::stack::detail {

// Replaces secrets anywhere in the tree of a whole project; see RenderOptions::redact.
void redact(Node& project);

}  // namespace selvage::stack::detail
