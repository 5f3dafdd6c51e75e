#include "audit/detail/written.hpp"

#include <algorithm>

#include "stack/edit.hpp"

namespace selvage::audit {

namespace {

using stack::Node;
using stack::Span;

struct Written {
  const stack::Document* document;
  stack::NodePath path;
  const Node* node;
};

// Depth first: the place of an anchor comes before those of its aliases.
const Node* descend(const Node& node, const Span& span, stack::NodePath& path) {
  if (node.span == span) return &node;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    path.push_back(std::to_string(i));
    if (const Node* found = descend(node.items[i], span, path)) return found;
    path.pop_back();
  }
  for (const stack::Entry& entry : node.entries) {
    path.push_back(entry.key);
    if (entry.key_span == span) return &entry.value;
    if (const Node* found = descend(entry.value, span, path)) return found;
    path.pop_back();
  }
  return nullptr;
}

std::optional<Written> written(const Stack& stack, const Span& span) {
  if (!span.known()) return std::nullopt;
  for (const stack::Document& document : stack.files) {
    if (document.text.get() != span.file) continue;
    const auto documents = std::ranges::count(stack.files, document.text, &stack::Document::text);
    stack::NodePath path;
    const Node* node = documents == 1 ? descend(document.root, span, path) : nullptr;
    if (node != nullptr) return Written{&document, std::move(path), node};
  }
  return std::nullopt;
}

Changes one(Change::Kind kind, const std::optional<Written>& at, std::string key,
            std::string yaml) {
  if (!at) return {};
  return {{kind, at->document->text->name(), at->path, std::move(key), std::move(yaml),
           std::string(at->node->span.bytes())}};
}

}  // namespace

Changes set_value(const Stack& stack, const Span& value, std::string yaml) {
  return one(Change::Kind::set, written(stack, value), "", std::move(yaml));
}

Changes remove_value(const Stack& stack, const Span& value) {
  return one(Change::Kind::remove, written(stack, value), "", "");
}

Changes append_item(const Stack& stack, const Span& list, std::string yaml) {
  return one(Change::Kind::append, written(stack, list), "", std::move(yaml));
}

Changes add_inside(const Stack& stack, const Span& value, std::string_view key, std::string yaml) {
  return one(Change::Kind::add, written(stack, value), std::string(key), std::move(yaml));
}

Changes add_member(const Stack& stack, const Service& service, std::string_view key,
                   std::string yaml) {
  return add_inside(stack, service.key_span(), key, std::move(yaml));
}

Changes add_at_top(const Stack& stack, const Service& service, std::string_view key,
                   std::string yaml) {
  auto at = written(stack, service.key_span());
  if (at) at->path.clear();
  return one(Change::Kind::add, at, std::string(key), std::move(yaml));
}

const Node* own_member(const Stack& stack, const Service& service, std::string_view member) {
  const auto at = written(stack, service.key_span());
  return at ? at->node->find(member) : nullptr;
}

}  // namespace selvage::audit
