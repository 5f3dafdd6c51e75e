// YAML's merge key: `<<: *defaults` and `<<: [*a, *b]`.
#pragma once

#include "stack/yaml.hpp"

namespace selvage::stack {

// Puts the entries of every `<<` behind the mapping's own, which win; of several, the first wins.
// Values are taken whole: a list under `<<` is not joined with the mapping's own. Each merged
// entry, and all below it, remembers Step::merge_key. A quoted "<<" is an ordinary key. Errors:
// yaml.merge (not a mapping or a sequence of them), yaml.size.
[[nodiscard]] Result<void> resolve_merge_keys(Node& tree, const YamlOptions& options = {});

}  // namespace selvage::stack
