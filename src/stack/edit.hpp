// Edits of a YAML file that touch nothing but what they change: comments, order, anchors, quotes,
// blank lines and `${}` stay byte for byte, because bytes are spliced at the spans of values.
//
//   Edits edits(document);
//   TRY(edits.set({"services", "api", "image"}, "api:1.2"));
//   TRY(edits.add({"services", "api"}, "read_only", "true"));
//   std::string text = TRY(edits.apply());
//
// apply() reads its own result and compares the trees: a change of anything that was not asked for
// is an error. A value that several places name through an anchor is refused, unless shared(true)
// says that it is to change for all of them; an alias itself can be replaced.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/yaml.hpp"

namespace selvage::stack {

// Keys and, in sequences, indices in digits.
using NodePath = std::vector<std::string>;

class Edits {
 public:
  // `document` as parse_yaml gives it with `merge_keys = false`. It must outlive the edits.
  // REQUIRES: its file has no other document.
  explicit Edits(const Document& document) : document_(document) {}

  // Whether values that several places share may be changed.
  Edits& shared(bool allowed) {
    shared_ = allowed;
    return *this;
  }

  // Each of the four: errors edit.path (there is no such value), edit.shared, edit.key, edit.value,
  // edit.overlap
  // and those of yaml.hpp about `yaml`.

  // The value at `path` becomes `yaml`, a fragment that reads as one value: `"8080:80"`, `[a, b]`,
  // or lines of a block without indentation.
  Result<void> set(const NodePath& path, std::string_view yaml);
  // A member behind the last one of the mapping at `path`.
  Result<void> add(const NodePath& path, std::string_view key, std::string_view yaml);
  // An element behind the last one of the sequence at `path`.
  Result<void> append(const NodePath& path, std::string_view yaml);
  // A member or element goes, with its line; comments above it stay.
  Result<void> remove(const NodePath& path);

  // The file's new bytes. Errors: edit.overlap (two edits of one
  // place), edit.changed (the result
  // would say something else than what was asked for), and those of yaml.hpp.
  [[nodiscard]] Result<std::string> apply() const;

 private:
  struct Splice {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::string text;
  };

  Result<const Node*> find(const NodePath& path) const;
  Result<void> plan(Splice splice, const NodePath& path, const Node& at, bool here_only,
                    const std::function<void(Node&)>& change);
  std::unexpected<Error> overlap(const Splice& splice) const;
  Splice before_bracket(const Node& collection, std::string text) const;
  Splice behind_last_line(const Node& collection, std::string text) const;

  const Document& document_;
  bool shared_ = false;
  std::vector<Splice> splices_;
  Node wanted_;  // the tree that apply() must find
  bool has_wanted_ = false;
};

// Quotes a text so that it reads as this string, in the plainest form.
[[nodiscard]] std::string yaml_text(std::string_view text);

}  // namespace selvage::stack
