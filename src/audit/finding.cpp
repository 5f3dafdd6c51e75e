#include "audit/finding.hpp"

#include <fmt/format.h>

#include <map>

#include "base/crypto.hpp"

namespace selvage::audit {

void give_fingerprints(std::vector<Finding>& findings) {
  std::map<std::string, int> seen;
  for (Finding& finding : findings) {
    const std::string identity =
        fmt::format("{}\n{}\n{}", finding.rule->id, finding.place.file, finding.subject);
    const int number = seen[identity]++;
    finding.fingerprint =
        sha256_hex(number == 0 ? identity : fmt::format("{}\n{}", identity, number)).substr(0, 16);
  }
}

namespace {

bool are_twins(const Finding& a, const Finding& b) {
  return a.rule == b.rule && a.place.line != 0 && a.place.file == b.place.file &&
         a.place.line == b.place.line && a.place.column == b.place.column && !a.service.empty() &&
         a.service != b.service;
}

}  // namespace

void join_twins(std::vector<Finding>& findings) {
  std::vector<Finding> joined;
  for (Finding& finding : findings) {
    if (!joined.empty() && are_twins(joined.back(), finding)) {
      joined.back().twins.push_back(std::move(finding));
    } else {
      joined.push_back(std::move(finding));
    }
  }
  for (Finding& finding : joined) {
    const std::size_t count = finding.twins.size();
    if (count == 0) continue;
    finding.message += count == 1 ? fmt::format(" (and so for {})", finding.twins[0].service)
                                  : fmt::format(" (and so for {} other services)", count);
  }
  findings = std::move(joined);
}

}  // namespace selvage::audit
