// The words of one Dockerfile instruction, each with its bytes in the file although lines were
// joined.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stack/dockerfile.hpp"

namespace selvage::stack::detail {

// Joined lines; `places[i]` is where text[i] stands in the file.
struct DockerText {
  std::string text;
  std::vector<std::uint32_t> places;

  void add(char c, std::size_t place) {
    text += c;
    places.push_back(static_cast<std::uint32_t>(place));
  }
  void remove_prefix(std::size_t count) {
    text.erase(0, count);
    places.erase(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(count));
  }
};

// Split at blanks outside of quotes.
[[nodiscard]] std::vector<DockerWord> docker_words(const DockerText& joined, const Text& file,
                                                   char escape);
// The JSON array of strings that the text is; false when it is none (then it is the shell form).
[[nodiscard]] bool exec_words(const DockerText& joined, const Text& file,
                              std::vector<DockerWord>& words);

struct HeredocStart {
  std::string name;
  bool expands = true;
  bool strips_tabs = false;
};
[[nodiscard]] std::vector<HeredocStart> heredoc_starts(std::string_view text);

}  // namespace selvage::stack::detail
