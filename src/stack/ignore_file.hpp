// .gitignore and .dockerignore: which paths a file of patterns leaves out, and which line says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/glob.hpp"
#include "stack/text.hpp"

namespace selvage::stack {

class IgnoreFile {
 public:
  static constexpr std::size_t kMaxPatterns = 2000;  // further ones are not read: see cut_short()

  // Patterns count from the folder of the .gitignore; paths are relative to it.
  [[nodiscard]] static IgnoreFile git(TextPtr text);
  // Patterns count from the root of the build context, and a match takes all that is below it.
  [[nodiscard]] static IgnoreFile docker(TextPtr text);

  // Whether `path` ("a/b", without "./") is left out. What lies in an ignored folder is, too; with
  // git nothing below such a folder can be taken back by '!', with Docker it can.
  [[nodiscard]] bool ignores(std::string_view path, bool is_folder = false) const;
  // Where the pattern stands that decides about `path`; nullopt when none matches.
  [[nodiscard]] std::optional<Span> decided_by(std::string_view path, bool is_folder = false) const;

  [[nodiscard]] std::size_t size() const { return rules_.size(); }
  [[nodiscard]] bool cut_short() const { return cut_short_; }

 private:
  struct Rule {
    Glob glob;
    Span span;
    bool takes_back = false;
    bool folders_only = false;
  };

  [[nodiscard]] const Rule* last_match(std::string_view path, bool is_folder) const;
  [[nodiscard]] const Rule* decide(std::string_view path, bool is_folder) const;
  void add_git(std::string_view line, Span span);
  void add_docker(std::string_view line, Span span);
  template <class Add>
  void each_line(Add add);

  TextPtr text_;
  std::vector<Rule> rules_;
  bool below_matches_ = false;  // Docker: a pattern that matches a parent matches the path
  bool cut_short_ = false;
};

}  // namespace selvage::stack
