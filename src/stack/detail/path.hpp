// Where a value stands in the model, and patterns over such places.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace selvage::stack::detail {

// Steps from the root; an index of a list is "[3]". The steps view keys of the tree, or kIndex.
class Path {
 public:
  void push(std::string_view step) { steps_.push_back({step, kNoIndex}); }
  void push(std::size_t index) { steps_.push_back({"[]", index}); }
  void pop() { steps_.pop_back(); }
  [[nodiscard]] std::size_t size() const { return steps_.size(); }
  [[nodiscard]] std::string_view operator[](std::size_t i) const { return steps_[i].key; }
  // "services.api.ports[0]"
  [[nodiscard]] std::string shown() const {
    std::string text;
    for (const Step& step : steps_) {
      if (step.index != kNoIndex) {
        text += "[" + std::to_string(step.index) + "]";
      } else {
        if (!text.empty()) text += '.';
        text += step.key;
      }
    }
    return text;
  }

 private:
  static constexpr std::size_t kNoIndex = static_cast<std::size_t>(-1);
  struct Step {
    std::string_view key;
    std::size_t index;
  };
  std::vector<Step> steps_;
};

// "services.*.ports": as many steps as the path, "*" stands for any one.
class Pattern {
 public:
  consteval Pattern(const char* text) {  // NOLINT: implicit, for tables
    std::string_view rest = text;
    while (true) {
      const std::size_t dot = rest.find('.');
      steps_[size_++] = rest.substr(0, dot);
      if (dot == std::string_view::npos) return;
      rest.remove_prefix(dot + 1);
    }
  }
  [[nodiscard]] bool matches(const Path& path) const {
    if (path.size() != size_) return false;
    for (std::size_t i = size_; i-- > 0;) {
      if (steps_[i] != "*" && steps_[i] != path[i]) return false;
    }
    return true;
  }

 private:
  std::array<std::string_view, 8> steps_{};
  std::size_t size_ = 0;
};

// Pushes a step for its lifetime.
class PathStep {
 public:
  template <class Step>
  PathStep(Path& path, Step step) : path_(path) {
    path_.push(step);
  }
  ~PathStep() { path_.pop(); }
  PathStep(const PathStep&) = delete;
  PathStep& operator=(const PathStep&) = delete;

 private:
  Path& path_;
};

}  // namespace selvage::stack::detail
