// Mends findings by edits of the files, as text: nothing is written here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "audit/report.hpp"
#include "audit/stack.hpp"
#include "base/error.hpp"

namespace selvage::audit {

struct MendedFile {
  std::string name;  // as in findings
  std::filesystem::path path;
  std::string before;
  std::string after;
};

struct Mending {
  std::vector<MendedFile> files;  // those that change
  std::size_t mended = 0;         // findings
  struct Refusal {
    const Finding* finding = nullptr;
    std::string reason;
  };
  std::vector<Refusal> refused;  // an edit is known, but it would change more than is meant
};

// The edits of all findings whose rule's mend is safe, or at most `most`. Each finding's edits are
// made whole or not at all; comments, order, anchors and ${} stay as they are. The findings must
// outlive the result.
[[nodiscard]] Mending mend(const Stack& stack, std::span<const Finding> findings, FixKind most);

// Fills in `replacements` of the findings that have edits, each as if it alone were mended; of the
// first kMaxReplacements, because each costs reading its file again.
inline constexpr std::size_t kMaxReplacements = 300;
void add_replacements(const Stack& stack, Report& report);

// What changes, as `diff -u` shows it.
[[nodiscard]] std::string unified_diff(const MendedFile& file);

}  // namespace selvage::audit
