#include "stack/node.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace selvage::stack {

std::string_view name(Step step) {
  switch (step) {
    case Step::alias:
      return "alias";
    case Step::merge_key:
      return "merge key";
    case Step::interpolation:
      return "interpolation";
    case Step::extends:
      return "extends";
    case Step::include:
      return "include";
    case Step::overrides:
      return "overrides";
    case Step::appends:
      return "appends";
    case Step::short_form:
      return "short form";
    case Step::normalised:
      return "normalised";
    case Step::env_file:
      return "env file";
  }
  return "";
}

Node::~Node() = default;

Node Node::null_value(Span span) {
  Node node;
  node.span = span;
  return node;
}

Node Node::boolean(bool value, Span span) {
  Node node = null_value(span);
  node.kind = Kind::boolean;
  node.flag = value;
  node.text = value ? "true" : "false";
  return node;
}

Node Node::whole(std::int64_t value, Span span) {
  Node node = null_value(span);
  node.kind = Kind::integer;
  node.integer = value;
  node.number = static_cast<double>(value);
  node.text = std::to_string(value);
  return node;
}

Node Node::real(double value, Span span) {
  Node node = null_value(span);
  node.kind = Kind::floating;
  node.number = value;
  node.text = fmt::format("{}", value);
  return node;
}

Node Node::string(std::string value, Span span) {
  Node node = null_value(span);
  node.kind = Kind::string;
  node.text = std::move(value);
  return node;
}

Node Node::sequence(Span span) {
  Node node = null_value(span);
  node.kind = Kind::sequence;
  return node;
}

Node Node::mapping(Span span) {
  Node node = null_value(span);
  node.kind = Kind::mapping;
  return node;
}

const Entry* Node::entry(std::string_view key) const {
  for (const Entry& each : entries) {
    if (each.key == key) return &each;
  }
  return nullptr;
}

const Node* Node::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found != nullptr ? &found->value : nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

const Node* Node::at(std::initializer_list<std::string_view> path) const {
  const Node* node = this;
  for (const std::string_view step : path) {
    if (node->is_sequence()) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
      if (error != std::errc{} || end != step.data() + step.size()) return nullptr;
      if (index >= node->items.size()) return nullptr;
      node = &node->items[index];
    } else {
      node = node->find(step);
      if (node == nullptr) return nullptr;
    }
  }
  return node;
}

std::string_view Node::string_at(std::string_view key, std::string_view fallback) const {
  const Node* member = find(key);
  return member != nullptr && member->is_string() ? std::string_view(member->text) : fallback;
}

Node& Node::set(std::string_view key, Node value, Span key_span) {
  for (Entry& each : entries) {
    if (each.key != key) continue;
    each.value = std::move(value);
    if (key_span.known()) each.key_span = key_span;
    return each.value;
  }
  entries.push_back({std::string(key), key_span, std::move(value)});
  return entries.back().value;
}

bool Node::erase(std::string_view key) {
  return std::erase_if(entries, [&](const Entry& each) { return each.key == key; }) != 0;
}

void Node::remember(Step step, Span where, std::string detail) {
  origin = std::make_shared<const Origin>(step, where, std::move(detail), std::move(origin));
}

void Node::remember_all(Step step, Span where, std::string detail) {
  for (Node& item : items) item.remember_all(step, where, detail);
  for (Entry& each : entries) each.value.remember_all(step, where, detail);
  remember(step, where, std::move(detail));
}

bool same_value(const Node& a, const Node& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.flag == b.flag;
    case Kind::integer:
      return a.integer == b.integer;
    case Kind::floating:
      return a.number == b.number || (std::isnan(a.number) && std::isnan(b.number));
    case Kind::string:
      return a.text == b.text;
    case Kind::sequence:
      if (a.items.size() != b.items.size()) return false;
      for (std::size_t i = 0; i < a.items.size(); ++i) {
        if (!same_value(a.items[i], b.items[i])) return false;
      }
      return true;
    case Kind::mapping:
      if (a.entries.size() != b.entries.size()) return false;
      for (std::size_t i = 0; i < a.entries.size(); ++i) {
        // mostly in the same order: then no search
        const Entry& mine = a.entries[i];
        const Node* other = b.entries[i].key == mine.key ? &b.entries[i].value : b.find(mine.key);
        if (other == nullptr || !same_value(mine.value, *other)) return false;
      }
      return true;
  }
  return false;
}

std::string scalar_text(const Node& node) {
  switch (node.kind) {
    case Kind::boolean:
      return node.flag ? "true" : "false";
    case Kind::integer:
      return std::to_string(node.integer);
    case Kind::floating:
      return fmt::format("{}", node.number);
    case Kind::string:
      return node.text;
    case Kind::null:
    case Kind::sequence:
    case Kind::mapping:
      break;
  }
  return {};
}

}  // namespace selvage::stack
