#include "audit/rule.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"

namespace selvage::audit {

namespace {

constexpr std::array kFamilies = {
    Family{"cmp", "Compose model"},
    Family{"env", "Environment"},
    Family{"sec", "Secrets"},
    Family{"img", "Images"},
    Family{"net", "Network exposure"},
    Family{"hard", "Container hardening"},
    Family{"res", "Resources"},
    Family{"rel", "Reliability"},
    Family{"hc", "Health checks"},
    Family{"log", "Logs"},
    Family{"data", "Data services"},
    Family{"tls", "Certificates"},
    Family{"obs", "Metrics and dashboards"},
    Family{"aud", "The audit itself"},
};

std::size_t family_index(std::string_view id) {
  const auto family = std::ranges::find(kFamilies, id.substr(0, id.find('-')), &Family::id);
  SELVAGE_CHECK(family != kFamilies.end());  // a rule's id starts with one
  return static_cast<std::size_t>(family - kFamilies.begin());
}

std::vector<const Rule*> sorted_rules() {
  std::vector<const Rule*> rules;
  for (const RuleTable& table : all_rule_tables()) {
    for (const Rule& rule : table.rules) rules.push_back(&rule);
  }
  std::ranges::sort(rules, {},
                    [](const Rule* rule) { return std::pair(family_index(rule->id), rule->id); });
  return rules;
}

}  // namespace

std::span<const Rule* const> all_rules() {
  static const std::vector<const Rule*> rules = sorted_rules();
  return rules;
}

std::span<const Family> all_families() { return kFamilies; }

const Rule* find_rule(std::string_view id) {
  const auto rules = all_rules();
  const auto found = std::ranges::find(rules, id, &Rule::id);
  return found == rules.end() ? nullptr : *found;
}

const Family& family_of(const Rule& rule) { return kFamilies[family_index(rule.id)]; }

}  // namespace selvage::audit
