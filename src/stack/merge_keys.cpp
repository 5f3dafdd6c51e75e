#include "stack/merge_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/text.hpp"

namespace selvage::stack {

namespace {

constexpr std::string_view kMergeKey = "<<";

bool is_merge(const Entry& entry) {
  return entry.key == kMergeKey && entry.key_span.bytes() == kMergeKey;
}

std::size_t count(const Node& node) {
  std::size_t sum = 1;
  for (const Node& item : node.items) sum += count(item);
  for (const Entry& entry : node.entries) sum += count(entry.value);
  return sum;
}

class Resolver {
 public:
  explicit Resolver(std::size_t budget) : budget_(budget) {}

  Result<void> resolve(Node& node) {
    for (Node& item : node.items) TRY(resolve(item));
    for (Entry& entry : node.entries) TRY(resolve(entry.value));
    const auto found = std::ranges::find_if(node.entries, is_merge);
    if (found == node.entries.end()) return {};
    const Node merged = std::move(found->value);
    node.entries.erase(found);
    if (merged.is_mapping()) return take(node, merged, merged.span);
    if (!merged.is_sequence()) return not_a_mapping(merged);
    for (const Node& each : merged.items) {
      if (!each.is_mapping()) return not_a_mapping(each);
      TRY(take(node, each, each.span));
    }
    return {};
  }

 private:
  static Result<void> not_a_mapping(const Node& node) {
    return fail_at(node.span, "yaml.merge", "`<<` takes a mapping or a list of mappings",
                   "merge an anchor of a mapping: `<<: *defaults`");
  }

  Result<void> take(Node& node, const Node& from, Span where) {
    // the alias itself, when there is one, says more than the anchor it leads to
    if (from.origin != nullptr && from.origin->step == Step::alias) where = from.origin->where;
    std::unordered_set<std::string> own;
    for (const Entry& entry : node.entries) own.insert(entry.key);
    for (const Entry& entry : from.entries) {
      if (own.contains(entry.key)) continue;
      const std::size_t nodes = count(entry.value);
      if (nodes > budget_) {
        return fail_at(where, "yaml.size", "merge keys expand to too many values",
                       "merge smaller mappings");
      }
      budget_ -= nodes;
      node.entries.push_back(entry);
      node.entries.back().value.remember_all(Step::merge_key, where);
    }
    return {};
  }

  std::size_t budget_;
};

}  // namespace

Result<void> resolve_merge_keys(Node& tree, const YamlOptions& options) {
  return Resolver(options.max_nodes).resolve(tree);
}

}  // namespace selvage::stack
