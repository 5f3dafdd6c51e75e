#include "stack/detail/composer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace selvage::stack::detail {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// from here on a mapping's keys are looked up in an index
constexpr std::size_t kLargeMapping = 16;

std::size_t skipped_bytes(std::string_view bytes) {
  return bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
}

std::string as_string(const yaml_char_t* text) {
  return text != nullptr ? reinterpret_cast<const char*>(text) : std::string{};
}

// "!!str" for the core schema's long form, others as they are.
std::string tag_text(const yaml_char_t* text) {
  std::string tag = as_string(text);
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag.starts_with(kCore)) tag.replace(0, kCore.size(), "!!");
  return tag;
}

Style scalar_style(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
      return Style::single_quoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
      return Style::double_quoted;
    case YAML_LITERAL_SCALAR_STYLE:
      return Style::literal;
    case YAML_FOLDED_SCALAR_STYLE:
      return Style::folded;
    case YAML_ANY_SCALAR_STYLE:
    case YAML_PLAIN_SCALAR_STYLE:
      break;
  }
  return Style::plain;
}

// From the anchor and tag to the value itself.
std::size_t skip_properties(std::string_view bytes, std::size_t at, std::size_t end) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (at < end) {
    if (bytes[at] == '&' || bytes[at] == '!') {
      while (at < end && !is_blank(bytes[at])) ++at;
    } else if (is_blank(bytes[at])) {
      ++at;
    } else if (bytes[at] == '#') {
      while (at < end && bytes[at] != '\n') ++at;
    } else {
      break;
    }
  }
  return at;
}

}  // namespace

struct Composer::Event {
  yaml_event_t raw{};
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
};

Composer::Composer(TextPtr text, const YamlOptions& options)
    : text_(std::move(text)),
      options_(options),
      offsets_(text_->bytes(), skipped_bytes(text_->bytes())) {
  SELVAGE_CHECK(yaml_parser_initialize(&parser_) == 1);
  yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  const std::string_view bytes = text_->bytes().substr(skipped_bytes(text_->bytes()));
  yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(bytes.data()),
                               bytes.size());
}

Composer::~Composer() { yaml_parser_delete(&parser_); }

Result<std::vector<Document>> Composer::documents() {
  std::vector<Document> documents;
  while (true) {
    Event event;
    TRY(next(event));
    if (event.raw.type == YAML_STREAM_END_EVENT) return documents;
    if (event.raw.type != YAML_DOCUMENT_START_EVENT) continue;
    anchors_.clear();
    Event root;
    TRY(next(root));
    Size size;
    documents.push_back({text_, TRY(node(root, 1, size))});
  }
}

Result<void> Composer::next(Event& event) {
  if (yaml_parser_parse(&parser_, &event.raw) == 1) return {};
  return syntax_error();
}

std::unexpected<Error> Composer::syntax_error() const {
  const bool in_reader = parser_.error == YAML_READER_ERROR;
  const std::uint32_t at =
      in_reader ? static_cast<std::uint32_t>(parser_.problem_offset + skipped_bytes(text_->bytes()))
                : offsets_.offset(parser_.problem_mark.index);
  std::string what = parser_.problem != nullptr ? parser_.problem : "this is not YAML";
  if (!in_reader && parser_.context != nullptr) what = fmt::format("{} {}", parser_.context, what);
  const std::string_view rest =
      text_->bytes().substr(std::min<std::size_t>(at, text_->bytes().size()));
  return fail_at({text_.get(), at, at}, "yaml.syntax", what,
                 rest.starts_with('\t') ? "indent with blanks; YAML takes no tabs"
                                        : "mend the line; quote text that holds : # { [ or @");
}

Span Composer::span(const yaml_event_t& event, bool has_properties) const {
  Span span{text_.get(), offsets_.offset(event.start_mark.index),
            offsets_.offset(event.end_mark.index)};
  if (has_properties) {
    // the end of a collection is not known yet
    const bool is_scalar = event.type == YAML_SCALAR_EVENT;
    const std::size_t end = is_scalar ? span.end : text_->bytes().size();
    span.begin = static_cast<std::uint32_t>(skip_properties(text_->bytes(), span.begin, end));
  }
  span.end = std::max(span.begin, span.end);
  return span;
}

Result<void> Composer::spend(Size& size, std::size_t nodes, std::size_t bytes, Span where) {
  size.nodes += nodes;
  size.bytes += bytes;
  total_.nodes += nodes;
  total_.bytes += bytes;
  if (total_.nodes > options_.max_nodes) {
    return fail_at(where, "yaml.size",
                   fmt::format("the file has more than {} values once its aliases are expanded",
                               options_.max_nodes),
                   "use fewer aliases; this many can fill the memory of whoever reads the file");
  }
  if (total_.bytes > options_.max_bytes) {
    return fail_at(where, "yaml.size",
                   fmt::format("the file's text is longer than {} bytes once its aliases are "
                               "expanded",
                               options_.max_bytes),
                   "use fewer aliases or shorter text");
  }
  return {};
}

Result<Node> Composer::node(const Event& event, std::size_t depth, Size& size) {
  if (event.raw.type == YAML_ALIAS_EVENT) return alias(event, depth, size);
  if (depth > options_.max_depth) {
    return fail_at(span(event.raw, false), "yaml.depth",
                   fmt::format("values are nested deeper than {} levels", options_.max_depth),
                   "nest less");
  }
  const yaml_char_t* anchor = nullptr;
  switch (event.raw.type) {
    case YAML_SCALAR_EVENT:
      anchor = event.raw.data.scalar.anchor;
      break;
    case YAML_SEQUENCE_START_EVENT:
      anchor = event.raw.data.sequence_start.anchor;
      break;
    default:
      anchor = event.raw.data.mapping_start.anchor;
  }
  const std::string name = as_string(anchor);
  if (!name.empty()) open_anchors_.insert(name);
  Size own;
  own.height = 1;
  Node result;
  switch (event.raw.type) {
    case YAML_SCALAR_EVENT:
      result = TRY(scalar(event, own));
      break;
    case YAML_SEQUENCE_START_EVENT:
      result = TRY(sequence(event, depth, own));
      break;
    case YAML_MAPPING_START_EVENT:
      result = TRY(mapping(event, depth, own));
      break;
    default:
      SELVAGE_CHECK(false && "libyaml sends no other event here");
  }
  if (!name.empty()) {
    result.anchor = name;
    open_anchors_.erase(name);
    anchors_.insert_or_assign(name, Anchored{std::make_shared<const Node>(result), own});
  }
  size.nodes += own.nodes;
  size.bytes += own.bytes;
  size.height = std::max(size.height, own.height + 1);
  return result;
}

Result<Node> Composer::alias(const Event& event, std::size_t depth, Size& size) {
  const Span where = span(event.raw, false);
  const std::string name = as_string(event.raw.data.alias.anchor);
  if (open_anchors_.contains(name)) {
    return fail_at(where, "yaml.alias",
                   fmt::format("the alias {} stands inside its own anchor", in_quotes(name)),
                   "a value cannot contain itself; name another anchor");
  }
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) {
    return fail_at(where, "yaml.alias",
                   fmt::format("there is no anchor {} before this alias", in_quotes(name)),
                   fmt::format("write &{} at the value that is meant", name));
  }
  const Size& expanded = found->second.size;
  if (depth + expanded.height - 1 > options_.max_depth) {
    return fail_at(where, "yaml.depth",
                   fmt::format("values are nested deeper than {} levels once aliases are expanded",
                               options_.max_depth),
                   "nest less");
  }
  // judged before the copy is made
  TRY(spend(size, expanded.nodes, expanded.bytes, where));
  size.height = std::max(size.height, expanded.height + 1);
  Node copy = *found->second.node;
  copy.remember(Step::alias, where);
  return copy;
}

Result<Node> Composer::scalar(const Event& event, Size& size) {
  const auto& raw = event.raw.data.scalar;
  Span where = span(event.raw, raw.anchor != nullptr || raw.tag != nullptr);
  const std::string_view value(reinterpret_cast<const char*>(raw.value), raw.length);
  if (value.size() > options_.max_scalar_bytes) {
    return fail_at(where, "yaml.size",
                   fmt::format("a text is longer than {} bytes", options_.max_scalar_bytes),
                   "keep large texts in files of their own");
  }
  TRY(spend(size, 1, value.size(), where));
  const Style style = scalar_style(raw.style);
  const std::string tag = tag_text(raw.tag);
  Node node = TRY(tagged_scalar(value, style == Style::plain, tag, where));
  if (style == Style::literal || style == Style::folded) {
    // up to the last character of the text: what follows belongs to nobody
    const std::string_view bytes = text_->bytes();
    while (where.end > where.begin && std::string_view(" \t\r\n").contains(bytes[where.end - 1])) {
      --where.end;
    }
  }
  node.tag = tag;
  node.style = style;
  node.span = where;
  return node;
}

Result<Node> Composer::sequence(const Event& event, std::size_t depth, Size& size) {
  const auto& raw = event.raw.data.sequence_start;
  Node node = Node::sequence(span(event.raw, raw.anchor != nullptr || raw.tag != nullptr));
  node.tag = tag_text(raw.tag);
  node.style = raw.style == YAML_FLOW_SEQUENCE_STYLE ? Style::flow : Style::block;
  TRY(spend(size, 1, 0, node.span));
  while (true) {
    Event item;
    TRY(next(item));
    if (item.raw.type == YAML_SEQUENCE_END_EVENT) {
      if (node.style == Style::flow) node.span.end = offsets_.offset(item.raw.end_mark.index);
      return node;
    }
    node.items.push_back(TRY(this->node(item, depth + 1, size)));
    const Span written =
        item.raw.type == YAML_ALIAS_EVENT ? span(item.raw, false) : node.items.back().span;
    node.span.end = std::max(node.span.end, written.end);
  }
}

Result<Node> Composer::mapping(const Event& event, std::size_t depth, Size& size) {
  const auto& raw = event.raw.data.mapping_start;
  Node node = Node::mapping(span(event.raw, raw.anchor != nullptr || raw.tag != nullptr));
  node.tag = tag_text(raw.tag);
  node.style = raw.style == YAML_FLOW_MAPPING_STYLE ? Style::flow : Style::block;
  TRY(spend(size, 1, 0, node.span));
  std::map<std::string, Span> index;
  while (true) {
    Event key;
    TRY(next(key));
    if (key.raw.type == YAML_MAPPING_END_EVENT) {
      if (node.style == Style::flow) node.span.end = offsets_.offset(key.raw.end_mark.index);
      return node;
    }
    if (key.raw.type != YAML_SCALAR_EVENT && key.raw.type != YAML_ALIAS_EVENT) {
      return fail_at(span(key.raw, false), "yaml.key", "a key must be a plain text",
                     "quote it if it begins with [ or {");
    }
    Event value;
    TRY(next(value));
    Node read = TRY(this->node(value, depth + 1, size));
    const Span written = value.raw.type == YAML_ALIAS_EVENT ? span(value.raw, false) : read.span;
    TRY(add_entry(node, key, std::move(read), &index));
    node.span.end = std::max({node.span.end, node.entries.back().key_span.end, written.end});
  }
}

Result<void> Composer::add_entry(Node& mapping, const Event& key, Node value,
                                 std::map<std::string, Span>* index) {
  Size size;
  const Node name = TRY(node(key, 1, size));
  const Span where = key.raw.type == YAML_ALIAS_EVENT ? span(key.raw, false) : name.span;
  // !!binary can make anything of a key
  if (!name.is_scalar() || !is_valid_utf8(name.text)) {
    return fail_at(where, "yaml.key", "a key must be a plain text", "name the key itself");
  }
  if (options_.string_keys && !name.is_string()) {
    return fail_at(where, "yaml.key", fmt::format("the key {} is not a text", in_quotes(name.text)),
                   fmt::format("put it in quotes: \"{}\"", name.text));
  }
  Entry entry{name.text, where, std::move(value)};
  const Entry* first = nullptr;
  if (mapping.entries.size() < kLargeMapping) {
    first = mapping.entry(entry.key);
  } else {
    if (index->empty()) {
      for (const Entry& each : mapping.entries) index->emplace(each.key, each.key_span);
    }
    if (!index->emplace(entry.key, where).second) first = mapping.entry(entry.key);
  }
  if (first != nullptr) {
    return fail_at(
        where, "yaml.duplicate_key",
        fmt::format("the key {} is already at {}", in_quotes(entry.key), first->key_span.where()),
        "remove one of the two; readers disagree about which counts");
  }
  mapping.entries.push_back(std::move(entry));
  return {};
}

}  // namespace selvage::stack::detail
