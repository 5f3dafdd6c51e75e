// What one load_project() keeps while it works, shared by its steps.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "stack/compose.hpp"
#include "stack/yaml.hpp"

namespace selvage::stack::detail {

inline constexpr std::size_t kMaxFiles = 200;
inline constexpr std::size_t kMaxVariableUses = 20'000;
inline constexpr std::size_t kMaxPorts = 20'000;
inline constexpr std::size_t kMaxModelValues = 400'000;
inline constexpr std::size_t kMaxReplacedBytes = 16 << 20;
inline constexpr std::size_t kMaxNotices = 2'000;

struct Loading {
  const LoadOptions& options;
  Project project;
  std::size_t files_read = 0;
  std::size_t bytes_replaced = 0;
  std::size_t ports = 0;

  // Reads a file once; counts against kMaxFiles. Errors: stack.file, stack.file_size,
  // compose.include when there are too many.
  Result<TextPtr> read(const std::filesystem::path& path, StackFile::Role role);
  void notice(Span where, std::string code, std::string text);
};

// How one group of files is read: the main files, or those of one include.
struct Surroundings {
  std::filesystem::path directory;  // relative paths count from here
  const Environment* environment = nullptr;
};

// A value whose text came from a placeholder cannot be judged.
[[nodiscard]] bool holds_placeholder(const Node& node);

// Go's %v of a scalar: "1e+06", "true", "<nil>" is "".
[[nodiscard]] std::string go_text(const Node& node);

}  // namespace selvage::stack::detail
