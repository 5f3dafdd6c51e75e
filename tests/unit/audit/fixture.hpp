// Small stacks for tests, written in place.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "audit/audit.hpp"
#include "base/id.hpp"

namespace selvage::audit {

// A folder that is gone afterwards.
class StackFolder {
 public:
  explicit StackFolder(std::string_view compose) {
    std::filesystem::create_directories(path_);
    write("compose.yaml", compose);
  }
  ~StackFolder() { std::filesystem::remove_all(path_); }
  StackFolder(const StackFolder&) = delete;
  StackFolder& operator=(const StackFolder&) = delete;

  void write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // The report of all rules in `only`, or of those that the policy wants.
  [[nodiscard]] Report report(const Policy& policy = {}, const Baseline& baseline = {},
                              std::set<std::string, std::less<>> only = {}) const {
    const std::chrono::year_month_day today{std::chrono::year(2026), std::chrono::June,
                                            std::chrono::day(1)};
    auto project = stack::load_project({.directory = path_, .placeholders = true});
    REQUIRE_MESSAGE(project, project.error().describe());
    auto stack = stack_of(*std::move(project), policy.choices);
    REQUIRE_MESSAGE(stack, stack.error().describe());
    return audit(*stack, {policy, baseline, today, std::move(only)});
  }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("selvage-audit-" + new_uuid());
};

inline Policy policy_of(std::string_view text) {
  auto policy = Policy::parse(std::make_shared<stack::Text>(".selvage.yaml", std::string(text)));
  REQUIRE_MESSAGE(policy, policy.error().describe());
  return *policy;
}

}  // namespace selvage::audit
