#include "stack/edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.hpp"
#include "stack/render.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kStep = 2;  // of indentation, for what is added

bool is_alias(const Node& node) {
  return node.origin != nullptr && node.origin->step == Step::alias;
}

// The bytes that stand at the value's place: its own, or the alias.
Span written(const Node& node) { return is_alias(node) ? node.origin->where : node.span; }

std::uint32_t offset(std::size_t at) { return static_cast<std::uint32_t>(at); }

std::size_t line_begin(std::string_view bytes, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : bytes.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

std::size_t line_end(std::string_view bytes, std::size_t at) {
  return std::min(bytes.find('\n', at), bytes.size());
}

std::size_t column(const Span& span) {
  const std::string_view bytes = span.file->bytes();
  return span.begin - line_begin(bytes, span.begin);
}

// Whether it needs lines of its own.
bool is_block(const Node& value) { return value.style == Style::block; }

std::string indented(std::string_view yaml, std::size_t by) {
  std::string text;
  for (const std::string_view line : split(yaml, '\n')) {
    if (!text.empty()) text += '\n';
    if (!line.empty()) text.append(by, ' ');
    text += line;
  }
  return text;
}

Result<Node> read_fragment(std::string_view yaml) {
  auto documents = parse_yaml(std::make_shared<const Text>("the new value", std::string(yaml)),
                              {.merge_keys = false});
  if (!documents) return fail(documents.error());
  if (documents->size() > 1) {
    return fail(ErrorKind::invalid, "edit.value", "the new value holds several documents",
                "give one value");
  }
  if (documents->empty()) return Node::null_value();
  return std::move(documents->front().root);
}

// Every copy of the node whose bytes are these, the anchored one and those of its aliases.
std::size_t change_all(Node& tree, const Span& of, Kind kind,
                       const std::function<void(Node&)>& change) {
  if (tree.span == of && tree.kind == kind) {
    if (change) change(tree);
    return 1;
  }
  std::size_t count = 0;
  for (Node& item : tree.items) count += change_all(item, of, kind, change);
  for (Entry& entry : tree.entries) count += change_all(entry.value, of, kind, change);
  return count;
}

std::string shown(const NodePath& path) { return in_quotes(join(path, ".")); }

Node* descend(Node& tree, const NodePath& path) {
  Node* node = &tree;
  for (const std::string& step : path) {
    node = const_cast<Node*>(std::as_const(*node).at({step}));
    if (node == nullptr) return nullptr;
  }
  return node;
}

}  // namespace

std::string yaml_text(std::string_view text) {
  std::string yaml = to_yaml(Node::string(std::string(text)));
  yaml.pop_back();
  return yaml;
}

Result<const Node*> Edits::find(const NodePath& path) const {
  const Node* node = &document_.root;
  for (const std::string& step : path) {
    node = node->at({step});
    if (node == nullptr) {
      return fail(ErrorKind::not_found, "edit.path",
                  fmt::format("{} has no value {}", document_.text->name(), shown(path)),
                  "the file may have changed since it was read");
    }
  }
  return node;
}

Result<void> Edits::plan(Splice splice, const NodePath& path, const Node& at, bool here_only,
                         const std::function<void(Node&)>& change) {
  if (!has_wanted_) {
    wanted_ = document_.root;
    has_wanted_ = true;
  }
  if (here_only) {
    Node* node = descend(wanted_, path);
    if (node == nullptr) return overlap(splice);
    change(*node);
  } else {
    const std::size_t count = change_all(wanted_, at.span, at.kind, {});
    if (count == 0) return overlap(splice);
    if (count > 1 && !shared_) {
      return fail(ErrorKind::conflict, "edit.shared",
                  fmt::format("{}: {} is used by {} places through an anchor", at.span.where(),
                              shown(path), count),
                  "change the anchor for all of them, or write the value at its own place");
    }
    change_all(wanted_, at.span, at.kind, change);
  }
  splices_.push_back(std::move(splice));
  return {};
}

std::unexpected<Error> Edits::overlap(const Splice& splice) const {
  return fail(ErrorKind::conflict, "edit.overlap",
              fmt::format("{}: two changes meet at one place",
                          Span{document_.text.get(), splice.begin, splice.end}.where()),
              "make them one after the other");
}

Result<void> Edits::set(const NodePath& path, std::string_view yaml) {
  const Node& node = *TRY(find(path));
  const Node value = TRY(read_fragment(yaml));
  const std::string_view bytes = document_.text->bytes();
  const Span place = written(node);
  Splice splice{place.begin, place.end, std::string(yaml)};
  const bool block = is_block(value);
  const bool was_block = !is_alias(node) && node.style == Style::block;
  if (was_block || block || place.begin == place.end) {
    // back to the colon or dash
    std::size_t begin = place.begin;
    while (begin > 0 && std::string_view(" \t\r\n").contains(bytes[begin - 1])) --begin;
    if (begin > 0 && (bytes[begin - 1] == ':' || bytes[begin - 1] == '-')) {
      splice.begin = offset(begin);
      splice.text = " " + splice.text;
    }
  }
  if (block) {
    const std::size_t indent = column({place.file, splice.begin, splice.begin});
    const std::size_t first = bytes.find_first_not_of(' ', splice.begin - indent);
    const std::size_t own = path.empty() ? 0 : first - (splice.begin - indent) + kStep;
    splice.text = (path.empty() ? "" : "\n") + indented(yaml, own);
  }
  return plan(std::move(splice), path, node, is_alias(node), [&](Node& each) { each = value; });
}

Result<void> Edits::add(const NodePath& path, std::string_view key, std::string_view yaml) {
  const Node& map = *TRY(find(path));
  const Node value = TRY(read_fragment(yaml));
  const std::string name = yaml_text(key);
  if (map.is_null()) {
    return set(path, is_block(value) ? name + ":\n" + indented(yaml, kStep)
                                     : fmt::format("{}: {}", name, yaml));
  }
  if (!map.is_mapping() || map.find(key) != nullptr) {
    return fail(ErrorKind::conflict, "edit.key",
                fmt::format("{}: {} {}", map.span.where(), shown(path),
                            map.is_mapping() ? "has this key already" : "is no mapping"),
                "set the value instead");
  }
  const auto change = [&](Node& each) { each.set(key, value); };
  if (map.style == Style::flow) {
    return plan(before_bracket(map, fmt::format("{}: {}", name, yaml)), path, map, false, change);
  }
  const std::size_t indent = column(map.entries.front().key_span);
  const std::string text = is_block(value) ? name + ":\n" + indented(yaml, indent + kStep)
                                           : name + ": " + std::string(yaml);
  return plan(behind_last_line(map, std::string(indent, ' ') + text), path, map, false, change);
}

Result<void> Edits::append(const NodePath& path, std::string_view yaml) {
  const Node& list = *TRY(find(path));
  const Node value = TRY(read_fragment(yaml));
  if (list.is_null()) return set(path, fmt::format("[{}]", yaml));
  if (!list.is_sequence()) {
    return fail(ErrorKind::conflict, "edit.key",
                fmt::format("{}: {} is no list", list.span.where(), shown(path)),
                "set the value instead");
  }
  const auto change = [&](Node& each) { each.items.push_back(value); };
  if (list.style == Style::flow) {
    return plan(before_bracket(list, std::string(yaml)), path, list, false, change);
  }
  const std::size_t indent = column(list.span);
  const std::string text = indented(yaml, indent + kStep).substr(indent + kStep);
  return plan(behind_last_line(list, std::string(indent, ' ') + "- " + text), path, list, false,
              change);
}

Edits::Splice Edits::before_bracket(const Node& collection, std::string text) const {
  const std::string_view bytes = document_.text->bytes();
  std::size_t at = collection.span.end - 1;
  while (at > collection.span.begin + 1 && std::string_view(" \t\r\n").contains(bytes[at - 1])) {
    --at;
  }
  const bool empty = collection.items.empty() && collection.entries.empty();
  const bool has_comma = bytes[at - 1] == ',';
  return {offset(at), offset(at), (empty ? "" : has_comma ? " " : ", ") + std::move(text)};
}

Edits::Splice Edits::behind_last_line(const Node& collection, std::string text) const {
  const std::string_view bytes = document_.text->bytes();
  std::size_t at = line_end(bytes, collection.span.end);
  if (at > 0 && at < bytes.size() && bytes[at - 1] == '\r') --at;
  const bool windows = at < bytes.size() && bytes[at] == '\r';
  return {offset(at), offset(at), (windows ? "\r\n" : "\n") + std::move(text)};
}

Result<void> Edits::remove(const NodePath& path) {
  SELVAGE_CHECK(!path.empty());
  const Node& node = *TRY(find(path));
  const NodePath above(path.begin(), path.end() - 1);
  const Node& parent = *TRY(find(above));
  const std::string& step = path.back();
  const bool map = parent.is_mapping();
  const std::size_t count = map ? parent.entries.size() : parent.items.size();
  if (count == 1) return set(above, map ? "{}" : "[]");
  const auto change = [&](Node& each) {
    if (map) {
      each.erase(step);
    } else {
      each.items.erase(each.items.begin() + static_cast<std::ptrdiff_t>(std::stoul(step)));
    }
  };
  const auto begin_of = [&](std::size_t i) {
    return map ? parent.entries[i].key_span.begin : written(parent.items[i]).begin;
  };
  std::size_t index = 0;
  while (map ? parent.entries[index].key != step : std::to_string(index) != step) ++index;
  const Node& before = map ? parent.entries[index == 0 ? 0 : index - 1].value
                           : parent.items[index == 0 ? 0 : index - 1];
  const std::string_view bytes = document_.text->bytes();
  Splice splice;
  if (parent.style == Style::flow) {
    const bool last = index + 1 == count;
    splice = {last ? written(before).end : begin_of(index),
              last ? written(node).end : begin_of(index + 1), ""};
  } else {
    const std::size_t start = line_begin(bytes, begin_of(index));
    const std::string_view front = trim(bytes.substr(start, begin_of(index) - start));
    if (map && !front.empty()) {
      // the first key behind a dash: the next one takes its place
      if (index + 1 == count)
        splice = {written(before).end, written(node).end, ""};
      else
        splice = {begin_of(index), begin_of(index + 1), ""};
    } else {
      const std::size_t end = std::max<std::size_t>(written(node).end, begin_of(index));
      splice = {offset(start), offset(std::min(line_end(bytes, end) + 1, bytes.size())), ""};
    }
  }
  return plan(std::move(splice), above, parent, false, change);
}

Result<std::string> Edits::apply() const {
  std::string bytes(document_.text->bytes());
  std::vector<const Splice*> order;
  for (const Splice& splice : splices_) order.push_back(&splice);
  // insertions at one place keep the order in which they were asked for
  std::ranges::reverse(order);
  std::sort(order.begin(), order.end(),
            [](const Splice* a, const Splice* b) { return a->begin > b->begin; });
  std::size_t above = bytes.size();
  for (const Splice* splice : order) {
    if (splice->end > above) {
      return overlap(*splice);
    }
    bytes.replace(splice->begin, splice->end - splice->begin, splice->text);
    above = splice->begin;
  }
  auto again = parse_yaml(std::make_shared<const Text>(document_.text->name(), bytes),
                          {.merge_keys = false});
  const bool as_wanted = again && again->size() == 1 &&
                         same_value(again->front().root, has_wanted_ ? wanted_ : document_.root);
  if (as_wanted) return bytes;
  return fail(ErrorKind::conflict, "edit.changed",
              fmt::format("{} would say something else than what was asked for{}",
                          document_.text->name(), again ? "" : ": " + again.error().message),
              "change this place by hand");
}

}  // namespace selvage::stack
