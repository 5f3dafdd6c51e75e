// The bytes of one file and where its lines begin. Every value of a stack keeps a Span into a Text,
// so that a finding can name file, line and column, and an edit can splice the very bytes.
//
// Texts are immutable and shared by all trees that were read from them: life really is shared.
// Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace selvage::stack {

inline constexpr std::size_t kMaxFileBytes = 4 << 20;

// From 1. A column counts code points, as editors do; broken UTF-8 counts byte by byte.
struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
  auto operator<=>(const Place&) const = default;
};

class Text {
 public:
  // `name` is the path as a person should see it. REQUIRES: bytes.size() <= 4 GiB.
  Text(std::string name, std::string bytes);

  // A regular file, following symbolic links. Errors: stack.file (missing, not a regular file, not
  // readable), stack.file_size (over kMaxFileBytes).
  // Its name is `path` as seen from the working directory.
  static Result<std::shared_ptr<const Text>> read(const std::filesystem::path& path);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] Place place(std::size_t offset) const;
  // The byte offset of a line's first byte, counted from 1; the end of the text past the last line.
  [[nodiscard]] std::size_t line_start(std::size_t line) const;
  [[nodiscard]] std::size_t line_count() const { return starts_.size(); }

 private:
  std::string name_;
  std::string bytes_;
  std::vector<std::uint32_t> starts_;
};

// A path as a person should see it: relative when it lies in the working directory.
[[nodiscard]] std::string shown_path(const std::filesystem::path& path);

using TextPtr = std::shared_ptr<const Text>;

// Bytes [begin, end) of a file. A Span without a file stands for what no file says, such as a
// default of Compose. It does not own the text: Document and Project keep theirs alive.
struct Span {
  const Text* file = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] bool known() const { return file != nullptr; }
  [[nodiscard]] Place place() const;
  [[nodiscard]] std::string_view bytes() const;
  // "compose.yaml:12:5"; empty when no file says it.
  [[nodiscard]] std::string where() const;
  bool operator==(const Span&) const = default;
};

}  // namespace selvage::stack
