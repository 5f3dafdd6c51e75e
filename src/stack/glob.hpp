// Path patterns as Docker, git and nginx write them. Matching takes time proportional to pattern
// times path, whatever both hold. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace selvage::stack {

enum class GlobDialect {
  git,     // ** crosses folders only as a whole path segment
  docker,  // ** crosses folders wherever it stands
  plain,   // glob(3), for nginx' include: * and ? never cross a '/', ** is *
};

// *, ?, [a-z], [!x], \x and **. A '[' that is never closed stands for itself.
class Glob {
 public:
  static constexpr std::size_t kMaxPattern = 4096;

  // A pattern longer than kMaxPattern matches nothing.
  Glob(std::string_view pattern, GlobDialect dialect);
  // The whole of `path`, whose separator is '/'.
  [[nodiscard]] bool matches(std::string_view path) const;

 private:
  enum class Kind : std::uint8_t {
    character,
    any_but_slash,   // ?
    many_but_slash,  // *
    many,            // **
    folders,         // "**/": nothing, or whole folders with the slash behind them
    set,             // [...]
    nothing_ever,    // the pattern was too long
  };
  struct Part {
    Kind kind = Kind::character;
    char character = 0;
    std::uint16_t set = 0;
  };
  using Set = std::array<bool, 256>;

  void take_stars(std::string_view pattern, std::size_t& at, GlobDialect dialect);
  bool take_set(std::string_view pattern, std::size_t& at);
  [[nodiscard]] bool takes(const Part& part, char c) const;

  std::vector<Part> parts_;
  std::vector<Set> sets_;
};

}  // namespace selvage::stack
