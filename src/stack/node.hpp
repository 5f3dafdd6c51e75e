// A value of a stack: a tree of scalars, sequences and mappings, each of which knows the bytes that
// say it and the way it took since. Values, copied deeply; any thread that owns its copy.
//
//   const Node* image = project.tree.at({"services", "api", "image"});
//   if (image != nullptr) fmt::print("{} {}\n", image->text, image->span.where());
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stack/text.hpp"

namespace selvage::stack {

enum class Kind : std::uint8_t { null, boolean, integer, floating, string, sequence, mapping };

// How the file writes it. `none`: no file does.
enum class Style : std::uint8_t {
  none,
  plain,
  single_quoted,
  double_quoted,
  literal,  // |
  folded,   // >
  block,    // sequence or mapping by indentation
  flow,     // [..] or {..}
};

// What happened to a value since it was read; the newest step first.
enum class Step : std::uint8_t {
  alias,          // stands where `*name` does; `where` is the alias, the value's span the anchor's
  merge_key,      // came through `<<`; `where` is the value of `<<`
  interpolation,  // a variable took part; detail: the text before
  extends,        // from the service that `where` extends; detail: "service of file"
  include,        // from the file that `where` includes
  overrides,      // replaced the value that was at `where` in an earlier file
  appends,        // was added to the list that began at `where`
  short_form,     // made from the short form at `where`; detail: the short form
  normalised,     // set or changed by Compose's rules; detail: which
  env_file,       // read from an env_file; `where` is its line
};
[[nodiscard]] std::string_view name(Step step);

struct Origin {
  Step step = Step::normalised;
  Span where;
  std::string detail;
  std::shared_ptr<const Origin> before;  // shared: copies of a value share their past
};

struct Entry;

struct Node {
  Kind kind = Kind::null;
  Style style = Style::none;
  bool flag = false;           // boolean
  std::int64_t integer = 0;    // integer
  double number = 0;           // floating; also set for integers
  std::string text;            // string: its value; other scalars: as the file writes them
  std::string tag;             // as written, "!reset", "!!str"; mostly empty
  std::string anchor;          // without "&"; mostly empty
  std::vector<Node> items;     // sequence
  std::vector<Entry> entries;  // mapping, in the order of the file; keys are unique
  Span span;                   // of the value, quotes and brackets included, tag and anchor not
  std::shared_ptr<const Origin> origin;  // null: it stands as it was read

  Node() = default;
  Node(const Node&) = default;
  Node(Node&&) noexcept = default;
  Node& operator=(const Node&) = default;
  Node& operator=(Node&&) noexcept = default;
  ~Node();

  static Node null_value(Span span = {});
  static Node boolean(bool value, Span span = {});
  static Node whole(std::int64_t value, Span span = {});
  static Node real(double value, Span span = {});
  static Node string(std::string value, Span span = {});
  static Node sequence(Span span = {});
  static Node mapping(Span span = {});

  [[nodiscard]] bool is_null() const { return kind == Kind::null; }
  [[nodiscard]] bool is_string() const { return kind == Kind::string; }
  [[nodiscard]] bool is_sequence() const { return kind == Kind::sequence; }
  [[nodiscard]] bool is_mapping() const { return kind == Kind::mapping; }
  [[nodiscard]] bool is_scalar() const { return kind < Kind::sequence; }

  // The member of a mapping, nullptr when there is none or this is no mapping.
  [[nodiscard]] const Node* find(std::string_view key) const;
  [[nodiscard]] Node* find(std::string_view key);
  [[nodiscard]] const Entry* entry(std::string_view key) const;
  // find() along a path; a step into a sequence is its index in digits.
  [[nodiscard]] const Node* at(std::initializer_list<std::string_view> path) const;
  // The text of a string member, else `fallback`.
  [[nodiscard]] std::string_view string_at(std::string_view key,
                                           std::string_view fallback = {}) const;

  // Replaces the value of a member, or adds it at the end. REQUIRES: mapping.
  Node& set(std::string_view key, Node value, Span key_span = {});
  // True when there was one.
  bool erase(std::string_view key);

  // Adds a step to this value alone.
  void remember(Step step, Span where, std::string detail = {});
  // Adds one and the same step to this value and all below it.
  void remember_all(Step step, Span where, std::string detail = {});
};

struct Entry {
  std::string key;
  Span key_span;
  Node value;
};

// Same kinds, values, order of items; the order of keys, places, styles and origins do not count.
[[nodiscard]] bool same_value(const Node& a, const Node& b);

// What a scalar says, as Compose writes it into a string: "true", "80", "0.5", "".
[[nodiscard]] std::string scalar_text(const Node& node);

}  // namespace selvage::stack
