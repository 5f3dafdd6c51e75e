#include "stack/render.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "stack/detail/fields.hpp"
#include "stack/detail/redaction.hpp"

namespace selvage::stack {

namespace {

using detail::Field;
using detail::Structure;
using detail::Type;

bool is_zero(const Node& node) {
  switch (node.kind) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return !node.flag;
    case Kind::integer:
      return node.integer == 0;
    case Kind::floating:
      return node.number == 0;
    case Kind::string:
      return node.text.empty();
    case Kind::sequence:
      return node.items.empty();
    case Kind::mapping:
      return node.entries.empty();
  }
  return false;
}

// Whether the reference leaves the value out.
bool is_left_out(const Node& node, Type type) {
  switch (type) {
    case Type::text_kept:
    case Type::flag_kept:
    case Type::whole_kept:
    case Type::natural_kept:
    case Type::duration_kept:
      return node.is_null();
    case Type::structure:
    case Type::mode:
      return node.is_null();
    case Type::structure_kept:
    case Type::command:
      return false;
    case Type::duration:
      return node.is_null() || node.text == "0s";
    case Type::bytes:
      return node.is_null() || node.text == "0";
    case Type::any:
      return true;
    case Type::text:
    case Type::flag:
    case Type::whole:
    case Type::natural:
    case Type::real:
    case Type::cpus:
    case Type::count:
    case Type::texts:
    case Type::text_or_list:
    case Type::numbers:
    case Type::mapping:
    case Type::environment:
    case Type::options:
    case Type::multi_options:
    case Type::hosts:
    case Type::health_test:
    case Type::list_of:
    case Type::map_of:
    case Type::ssh:
      return is_zero(node);
  }
  return false;
}

Node shown_structure(const Node& node, const Structure& about);

Node shown(const Node& node, const Field& field) {
  switch (field.type) {
    case Type::structure:
    case Type::structure_kept:
      return shown_structure(node.is_mapping() ? node : Node::mapping(), *field.of);
    case Type::list_of: {
      Node list = Node::sequence(node.span);
      for (const Node& item : node.items) {
        list.items.push_back(item.is_mapping() ? shown_structure(item, *field.of) : item);
      }
      return list;
    }
    case Type::map_of: {
      Node map = Node::mapping(node.span);
      for (const Entry& entry : node.entries) {
        // a network without settings, or a number among ulimits; the reference loses a zero there
        if (field.key == "ulimits" && entry.value.is_scalar() && is_zero(entry.value)) {
          map.entries.push_back({entry.key, entry.key_span, Node::mapping()});
          continue;
        }
        map.entries.push_back(
            {entry.key, entry.key_span,
             entry.value.is_mapping() ? shown_structure(entry.value, *field.of) : entry.value});
      }
      return map;
    }
    case Type::command:
      return node.is_string() ? Node::null_value() : node;
    default:
      return node;
  }
}

Node shown_structure(const Node& node, const Structure& about) {
  Node result = Node::mapping(node.span);
  for (const Field& field : about.fields) {
    const Node* found = node.find(field.key);
    if (found == nullptr) {
      const bool always = field.type == Type::command || field.type == Type::structure_kept;
      if (!always) continue;
      result.set(field.key,
                 field.type == Type::command ? Node::null_value() : shown(Node::mapping(), field));
      continue;
    }
    if (is_left_out(*found, field.type)) continue;
    result.set(field.shown_as.empty() ? field.key : field.shown_as, shown(*found, field));
  }
  return result;
}

void sort_keys(Node& node) {
  std::ranges::sort(node.entries, {}, &Entry::key);
  for (Entry& entry : node.entries) sort_keys(entry.value);
  for (Node& item : node.items) sort_keys(item);
}

void escape_dollars(Node& node) {
  if (node.is_string() && node.text.contains('$')) {
    std::string escaped;
    for (const char c : node.text) escaped += c == '$' ? "$$" : std::string(1, c);
    node.text = std::move(escaped);
  }
  for (Node& item : node.items) escape_dollars(item);
  for (Entry& entry : node.entries) escape_dollars(entry.value);
}

}  // namespace

Node config_tree(const Project& project, const RenderOptions& options) {
  Node tree = shown_structure(project.tree, detail::project_structure());
  if (tree.find("services") == nullptr) tree.set("services", Node::mapping());
  tree.erase("models");  // the reference prints none
  for (const Entry& entry : project.tree.entries) {
    if (entry.key.starts_with("x-")) tree.set(entry.key, entry.value);
  }
  sort_keys(tree);
  if (options.redact) detail::Redaction(project.tree).apply(tree);
  if (options.escape_dollars) escape_dollars(tree);
  return tree;
}

std::string config_json(const Project& project, const RenderOptions& options) {
  return to_json(config_tree(project, options)) + "\n";
}

std::string config_yaml(const Project& project, const RenderOptions& options) {
  Node tree = config_tree(project, options);
  // a command that nobody gives is left out of YAML
  if (Node* services = tree.find("services")) {
    for (Entry& service : services->entries) {
      for (const std::string_view key : {"command", "entrypoint"}) {
        const Node* found = service.value.find(key);
        if (found != nullptr && found->is_null()) service.value.erase(key);
      }
    }
  }
  return to_yaml(tree);
}

}  // namespace selvage::stack
