#include <cstdio>

#include "app/build_info.hpp"
#include "app/command.hpp"

namespace selvage::app {

namespace {

Result<int> run(const Invocation&) {
  std::string text = fmt::format("selvage {}", kVersion);
  if (!kGitSha.empty()) text += fmt::format(" ({})", kGitSha);
  if (!kBuildDate.empty()) text += fmt::format(", built {}", kBuildDate);
  std::puts(text.c_str());
  return 0;
}

}  // namespace

Command version_command() {
  return {.name = "version",
          .summary = "Print the version, the commit and the build date.",
          .run = run};
}

}  // namespace selvage::app
