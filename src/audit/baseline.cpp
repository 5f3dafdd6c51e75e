#include "audit/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

std::unexpected<Error> invalid(std::string_view what) {
  return fail(ErrorKind::invalid, "baseline.invalid", fmt::format("the baseline {}", what),
              "write it anew: selvage audit --write-baseline FILE");
}

}  // namespace

Result<Baseline> Baseline::parse(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed) return invalid(fmt::format("is no JSON: {}", parsed.error().message));
  const json::value& root = *parsed;
  const auto* object = root.if_object();
  const auto* version = object == nullptr ? nullptr : object->if_contains("version");
  const auto* findings = object == nullptr ? nullptr : object->if_contains("findings");
  if (version == nullptr || findings == nullptr || !findings->is_array()) {
    return invalid("must be an object with version and findings");
  }
  if (*version != 1) return invalid("is of a version that is not known");
  Baseline baseline;
  for (const json::value& row : findings->get_array()) {
    const auto* finding = row.if_object();
    const auto* print = finding == nullptr ? nullptr : finding->if_contains("fingerprint");
    if (print == nullptr || !print->is_string()) {
      return invalid("has a finding without a fingerprint");
    }
    baseline.fingerprints.emplace(print->get_string().c_str());
  }
  return baseline;
}

std::string baseline_of(std::span<const Finding> findings) {
  std::vector<std::string> lines;
  const auto add = [&](const Finding& finding) {
    const json::object row{{"rule", finding.rule->id},
                           {"file", mended_utf8(finding.place.file)},
                           {"subject", mended_utf8(finding.subject)},
                           {"fingerprint", finding.fingerprint}};
    lines.push_back("  " + json::dump(row));
  };
  for (const Finding& finding : findings) {
    add(finding);
    std::ranges::for_each(finding.twins, add);
  }
  std::ranges::sort(lines);
  return fmt::format("{{\"version\": 1, \"findings\": [\n{}\n]}}\n", join(lines, ",\n"));
}

}  // namespace selvage::audit
