// Scalars with a tag.
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "stack/detail/composer.hpp"

namespace selvage::stack::detail {

namespace {

std::unexpected<Error> wrong_tag(std::string_view value, const std::string& tag, Span where) {
  return fail_at(where, "yaml.tag", fmt::format("{} cannot be read as {}", in_quotes(value), tag),
                 "remove the tag or mend the value");
}

}  // namespace

Result<Node> tagged_scalar(std::string_view value, bool plain, const std::string& tag, Span where) {
  if (tag.empty()) return plain ? plain_scalar(value) : Node::string(std::string(value));
  if (!tag.starts_with("!!")) {
    // an own tag leaves the type as it is, but the reference reads `null` behind it as a text
    Node node = plain && tag != "!" ? plain_scalar(value) : Node::string(std::string(value));
    return node.is_null() && !value.empty() ? Node::string(std::string(value)) : std::move(node);
  }
  if (tag == "!!binary") {
    std::string bytes;
    if (decode_base64(value, bytes)) return Node::string(std::move(bytes));
    return wrong_tag(value, tag, where);
  }
  Node node = plain_scalar(value);
  const bool fits =
      (tag == "!!int" && node.kind == Kind::integer) ||
      (tag == "!!bool" && node.kind == Kind::boolean) || (tag == "!!null" && node.is_null()) ||
      (tag == "!!float" && (node.kind == Kind::floating || node.kind == Kind::integer));
  if (fits) return node;
  if (tag == "!!int" || tag == "!!bool" || tag == "!!null" || tag == "!!float") {
    return wrong_tag(value, tag, where);
  }
  return Node::string(std::string(value));
}

}  // namespace selvage::stack::detail
