// A unified diff of two texts by their longest common lines.
#include <fmt/format.h>

#include <algorithm>

#include "audit/mend.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

constexpr std::size_t kAround = 3;          // lines of context
constexpr std::size_t kMaxCells = 4 << 20;  // of the table; beyond, all lines differ

struct Line {
  char sign;  // ' ', '-', '+'
  std::string_view text;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  auto lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::vector<Line> compared(const std::vector<std::string_view>& a,
                           const std::vector<std::string_view>& b) {
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  const std::size_t n = a.size() - head - tail;
  const std::size_t m = b.size() - head - tail;
  std::vector<Line> out;
  for (std::size_t i = 0; i < head; ++i) out.push_back({' ', a[i]});
  const bool small = (n + 1) * (m + 1) <= kMaxCells;
  // common[i][j]: the longest common lines of what is left behind i and j
  std::vector<std::uint32_t> common(small ? (n + 1) * (m + 1) : 0);
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return common[i * (m + 1) + j];
  };
  for (std::size_t i = small ? n : 0; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      at(i, j) =
          a[head + i] == b[head + j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < n || j < m) {
    if (small && i < n && j < m && a[head + i] == b[head + j]) {
      out.push_back({' ', a[head + i]});
      ++i;
      ++j;
    } else if (i < n && (j == m || !small || at(i + 1, j) >= at(i, j + 1))) {
      out.push_back({'-', a[head + i++]});
    } else {
      out.push_back({'+', b[head + j++]});
    }
  }
  for (std::size_t k = a.size() - tail; k < a.size(); ++k) out.push_back({' ', a[k]});
  return out;
}

}  // namespace

std::string unified_diff(const MendedFile& file) {
  const auto lines = compared(lines_of(file.before), lines_of(file.after));
  std::vector<bool> shown(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].sign == ' ') continue;
    const std::size_t end = std::min(lines.size(), i + kAround + 1);
    for (std::size_t k = i < kAround ? 0 : i - kAround; k < end; ++k) shown[k] = true;
  }
  std::string out = fmt::format("--- {0}\n+++ {0}\n", file.name);
  std::size_t before = 1;
  std::size_t after = 1;
  for (std::size_t i = 0; i < lines.size();) {
    if (!shown[i]) {
      ++before;
      ++after;
      ++i;
      continue;
    }
    std::size_t old_count = 0;
    std::size_t new_count = 0;
    std::string hunk;
    for (; i < lines.size() && shown[i]; ++i) {
      old_count += lines[i].sign != '+' ? 1 : 0;
      new_count += lines[i].sign != '-' ? 1 : 0;
      hunk += fmt::format("{}{}\n", lines[i].sign, lines[i].text);
    }
    out += fmt::format("@@ -{},{} +{},{} @@\n{}", before, old_count, after, new_count, hunk);
    before += old_count;
    after += new_count;
  }
  return out;
}

}  // namespace selvage::audit
