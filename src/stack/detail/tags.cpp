// !reset and !override. The reference looks for them before it resolves merge keys, replaces every
// alias by the anchored value itself, and takes a tagged value out at its first visit: so a !reset
// inside an anchor counts where the anchor stands, and not where it is named.
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

class TagTaker {
 public:
  explicit TagTaker(TagPlaces& places) : places_(places) {}

  // False when the value itself goes.
  bool keep(Node& node, bool below_alias) {
    const bool is_alias = node.origin != nullptr && node.origin->step == Step::alias;
    if (node.tag == "!reset") {
      if (!below_alias) places_.push_back(path_);
      return false;
    }
    if (node.tag == "!override") {
      places_.push_back(path_);
      return true;
    }
    below_alias = below_alias || is_alias;
    for (std::size_t i = 0, index = 0; i < node.items.size(); ++index) {
      path_.push_back(std::to_string(index));
      if (keep(node.items[i], below_alias)) {
        ++i;
      } else {
        node.items.erase(node.items.begin() + static_cast<std::ptrdiff_t>(i));
      }
      path_.pop_back();
    }
    std::erase_if(node.entries, [&](Entry& entry) {
      const bool merge_key = entry.key == "<<" && !path_.empty();
      if (!merge_key) path_.push_back(entry.key);
      const bool kept = keep(entry.value, below_alias);
      if (!merge_key) path_.pop_back();
      return !kept;
    });
    return true;
  }

 private:
  TagPlaces& places_;
  std::vector<std::string> path_;
};

void apply_below(Node& node, const TagPlaces& places, std::vector<std::string>& path) {
  std::erase_if(node.entries, [&](Entry& entry) {
    path.push_back(entry.key);
    bool gone = false;
    for (const auto& place : places) gone = gone || place == path;
    if (!gone) apply_below(entry.value, places, path);
    path.pop_back();
    return gone;
  });
}

}  // namespace

TagPlaces take_tags(Node& document) {
  TagPlaces places;
  if (!TagTaker(places).keep(document, false)) document = Node::null_value(document.span);
  return places;
}

void apply_tags(Node& model, const TagPlaces& places) {
  if (places.empty()) return;
  std::vector<std::string> path;
  apply_below(model, places, path);
}

}  // namespace selvage::stack::detail
