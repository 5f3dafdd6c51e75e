#include "stack/yaml.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "stack/detail/composer.hpp"
#include "stack/merge_keys.hpp"

namespace selvage::stack {

namespace {

Result<void> check_encoding(const TextPtr& text) {
  const std::string_view bytes = text->bytes();
  for (std::size_t at = 0; at < bytes.size();) {
    if (static_cast<unsigned char>(bytes[at]) < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = utf8_sequence(bytes.substr(at));
    if (length == 0) {
      const auto here = static_cast<std::uint32_t>(at);
      return fail_at(
          {text.get(), here, here + 1}, "yaml.encoding",
          fmt::format("the byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(bytes[at])),
          "save the file as UTF-8");
    }
    at += length;
  }
  return {};
}

}  // namespace

Result<std::vector<Document>> parse_yaml(TextPtr text, const YamlOptions& options) {
  TRY(check_encoding(text));
  std::vector<Document> documents = TRY(detail::Composer(text, options).documents());
  if (options.merge_keys) {
    for (Document& document : documents) TRY(resolve_merge_keys(document.root, options));
  }
  return documents;
}

std::unexpected<Error> fail_at(const Span& span, std::string code, std::string_view what,
                               std::string hint) {
  return fail(ErrorKind::invalid, std::move(code),
              span.known() ? fmt::format("{}: {}", span.where(), what) : std::string(what),
              std::move(hint));
}

}  // namespace selvage::stack
