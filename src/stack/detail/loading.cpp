#include "stack/detail/loading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace selvage::stack::detail {

Result<TextPtr> Loading::read(const std::filesystem::path& path, StackFile::Role role) {
  for (const StackFile& file : project.files) {
    if (file.path == path && file.text != nullptr) return file.text;
  }
  if (++files_read > kMaxFiles) {
    return fail(ErrorKind::invalid, "compose.include",
                fmt::format("{}: the stack has more than {} files", path.string(), kMaxFiles),
                "look for files that include or extend each other in circles");
  }
  TextPtr text = TRY(Text::read(path));
  project.files.push_back({role, path, text});
  project.texts.push_back(text);
  return text;
}

void Loading::notice(Span where, std::string code, std::string text) {
  if (project.notices.size() >= kMaxNotices) return;
  project.notices.push_back({where, std::move(code), std::move(text)});
}

bool holds_placeholder(const Node& node) {
  if (node.is_scalar()) return node.text.contains(kPlaceholder);
  return std::ranges::any_of(node.items, holds_placeholder) ||
         std::ranges::any_of(node.entries,
                             [](const Entry& each) { return holds_placeholder(each.value); });
}

std::string go_text(const Node& node) {
  if (node.kind != Kind::floating) return scalar_text(node);
  if (std::isnan(node.number)) return "NaN";
  if (std::isinf(node.number)) return node.number > 0 ? "+Inf" : "-Inf";
  // shortest digits; an exponent below 1e-4 and from 1e6 on
  const double size = std::abs(node.number);
  if (size != 0 && (size < 1e-4 || size >= 1e6)) {
    char buffer[64];
    const auto [end, error] = std::to_chars(std::begin(buffer), std::end(buffer), node.number,
                                            std::chars_format::scientific);
    return {buffer, end};
  }
  char buffer[512];
  const auto [end, error] =
      std::to_chars(std::begin(buffer), std::end(buffer), node.number, std::chars_format::fixed);
  return {buffer, end};
}

}  // namespace selvage::stack::detail
