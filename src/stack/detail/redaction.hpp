// Keeps secrets out of what is printed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stack/node.hpp"

namespace selvage::stack::detail {

// The secrets of one model; see RenderOptions::redact.
class Redaction {
 public:
  // `project`: the whole model. Its disabled services count, too, when they are in it.
  explicit Redaction(const Node& project);

  // Replaces them anywhere in the model, or a copy of it.
  void apply(Node& project) const;
  [[nodiscard]] std::string hidden(std::string text) const;

 private:
  void collect(const Node& node, std::string_view key);
  void collect_urls(const Node& node);
  void add(std::string_view secret);
  void replace(Node& node, std::string_view key) const;

  std::vector<std::string> secrets_;
};

}  // namespace selvage::stack::detail
