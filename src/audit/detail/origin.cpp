#include "audit/detail/origin.hpp"

namespace selvage::audit {

const stack::Origin* step_of(const stack::Node& node, stack::Step step) {
  for (const stack::Origin* at = node.origin.get(); at != nullptr; at = at->before.get()) {
    if (at->step == step) return at;
  }
  return nullptr;
}

bool is_literal(const stack::Node& node) {
  return step_of(node, stack::Step::interpolation) == nullptr &&
         step_of(node, stack::Step::env_file) == nullptr;
}

std::string_view text_before(const stack::Node& node) {
  const stack::Origin* origin = step_of(node, stack::Step::interpolation);
  return origin == nullptr ? std::string_view(node.text) : std::string_view(origin->detail);
}

}  // namespace selvage::audit
