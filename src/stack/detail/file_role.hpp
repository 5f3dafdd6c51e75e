// Which part of a stack a file is.
#pragma once

#include <optional>
#include <string_view>

#include "stack/project_files.hpp"

namespace selvage::stack::detail {

enum class NameVerdict : std::uint8_t { known, ask_content, none };

struct NamedRole {
  NameVerdict verdict = NameVerdict::none;
  FileRole role = FileRole::page;  // when known
};

// By the path alone, relative to the stack's folder.
[[nodiscard]] NamedRole role_by_name(std::string_view path);
// By the content of a file whose name leaves it open.
[[nodiscard]] std::optional<FileRole> role_by_content(std::string_view path,
                                                      std::string_view bytes);

}  // namespace selvage::stack::detail
