#include "audit/report/groups.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace selvage::audit {

std::vector<Group> groups_of(const Report& report) {
  std::vector<Group> groups;
  const std::span<const Finding> all = report.findings;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i + 1;
    while (end < all.size() && all[end].rule == all[i].rule &&
           all[end].severity == all[i].severity) {
      ++end;
    }
    groups.push_back({all[i].rule, all[i].severity, all.subspan(i, end - i)});
    i = end;
  }
  return groups;
}

std::string where(const Place& place) {
  if (place.line == 0) return place.file;
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

bool same_remedy(const Group& group) {
  return std::ranges::all_of(group.findings, [&](const Finding& finding) {
    return finding.remedy() == group.findings.front().remedy();
  });
}

}  // namespace selvage::audit
