// Any bytes as a YAML file: parsing ends within its limits, every value has bytes of the file, an
// error names its place, and what is written again reads as the same tree.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "stack/edit.hpp"
#include "stack/merge_keys.hpp"
#include "stack/render.hpp"
#include "stack/yaml.hpp"

namespace {

using namespace selvage::stack;

void check(const Node& node, const Text& text, std::size_t depth) {
  SELVAGE_CHECK(depth <= 64);
  SELVAGE_CHECK(node.span.file == &text && node.span.begin <= node.span.end);
  SELVAGE_CHECK(node.span.end <= text.bytes().size());
  SELVAGE_CHECK(!node.span.where().empty());
  for (const Node& item : node.items) check(item, text, depth + 1);
  for (const Entry& entry : node.entries) {
    SELVAGE_CHECK(entry.key_span.file == &text && entry.key_span.end <= text.bytes().size());
    check(entry.value, text, depth + 1);
  }
}

// What is not written as it was read: infinities, and bytes that are no text.
bool is_lossy(const Node& node) {
  if (node.kind == Kind::floating || node.tag == "!!binary") return true;
  for (const Node& item : node.items) {
    if (is_lossy(item)) return true;
  }
  for (const Entry& entry : node.entries) {
    if (is_lossy(entry.value)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text =
      std::make_shared<const Text>("f", std::string(reinterpret_cast<const char*>(data), size));
  const YamlOptions options{.max_nodes = 5000, .max_bytes = 1 << 20, .merge_keys = false};
  auto documents = parse_yaml(text, options);
  if (!documents) {
    SELVAGE_CHECK(documents.error().message.starts_with("f:"));
    SELVAGE_CHECK(!documents.error().hint.empty());
    return 0;
  }
  for (Document& document : *documents) {
    check(document.root, *text, 1);
    if (!is_lossy(document.root)) {
      const auto again = parse_yaml(std::make_shared<const Text>("again", to_yaml(document.root)),
                                    {.merge_keys = false});
      SELVAGE_CHECK(again && again->size() == 1);
      SELVAGE_CHECK(same_value(again->front().root, document.root));
    }
    if (documents->size() == 1 && document.root.is_mapping() && !document.root.entries.empty()) {
      // whatever an edit gives is what was asked for, or an error
      const std::string& key = document.root.entries.front().key;
      Edits edits(document);
      if (edits.set({key}, "\"new\"") && edits.add({}, "a new key", "1")) (void)edits.apply();
      Edits removal(document);
      if (removal.remove({key})) (void)removal.apply();
    }
    (void)resolve_merge_keys(document.root, options);
  }
  return 0;
}
