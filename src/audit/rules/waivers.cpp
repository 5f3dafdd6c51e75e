// What is told about the audit's own exceptions. No function looks: detail/set_aside.cpp tells.
#include "audit/rule.hpp"

namespace selvage::audit {

namespace {

constexpr Rule kRules[] = {
    {"aud-waiver-expired", Severity::medium, FixKind::none, "A waiver has expired",
     "The day until which the risk was accepted has passed, so the finding counts again.",
     "Mend what the waiver excused, or decide anew and give it another date.",
     "Selvage: exceptions have an end",
     "waivers:\n  - {rule: net-flat, service: \"*\", reason: split next year, until: 2024-12-31}",
     "waivers:\n  - {rule: net-flat, service: \"*\", reason: split next year, until: 2999-12-31}",
     nullptr},
    {"aud-waiver-unused", Severity::low, FixKind::none, "A waiver fits no finding",
     "Nobody sees any more what it was for, and it will hide the next such finding.",
     "Delete the waiver.", "Selvage: exceptions have an end",
     "waivers:\n  - {rule: hard-privileged, service: gone, reason: driver, until: 2999-12-31}",
     "waivers: []", nullptr},
    {"aud-ignore-no-reason", Severity::low, FixKind::none,
     "A comment ignores a rule without saying why",
     "Without a reason nobody can judge later whether it still holds; the comment does not count.",
     "Write: # selvage: ignore RULE reason", "Selvage: exceptions have a reason",
     "ports: [\"5432:5432\"]  # selvage: ignore net-datastore-public",
     "ports: [\"5432:5432\"]  # selvage: ignore net-datastore-public the host's firewall is tested",
     nullptr},
    {"aud-ignore-unused", Severity::low, FixKind::none, "A comment ignores what is not found",
     "It will hide the next such finding on its line.", "Delete the comment.",
     "Selvage: exceptions have an end",
     "image: redis:7.4.1  # selvage: ignore img-mutable-tag pinned elsewhere", "image: redis:7.4.1",
     nullptr},
};

}  // namespace

RuleTable waivers_rules() { return {kRules}; }

}  // namespace selvage::audit
