// A rule of the audit: what it looks for, why that matters, how to mend it, and the function that
// looks. Rules are rows of tables in rules/<name>.cpp; each such file offers one
// `<name>_rules()`, and the build makes the table of them. From a row come the finding's text,
// `--explain`, `--list-rules`, the SARIF rule, the reference page and the test that demands a bad
// and a good stack for it (tests/stacks/rules/<id>/).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "audit/severity.hpp"

namespace selvage::audit {

struct Stack;
class Sightings;

struct Rule {
  std::string_view id;  // "net-public-bind"; what is before the first '-' is the family
  Severity severity;
  FixKind fix;
  std::string_view title;                  // what is wrong, one sentence without a full stop
  std::string_view why;                    // what happens to whom when it stays
  std::string_view how;                    // what to write instead
  std::string_view source;                 // where the demand comes from
  std::string_view bad;                    // a few lines that have it
  std::string_view good;                   // the same lines without it
  void (*look)(const Stack&, Sightings&);  // nullptr: the audit itself tells it
  bool on_by_default = true;
};

// The rules of one file of rules/.
struct RuleTable {
  std::span<const Rule> rules;
};

struct Family {
  std::string_view id;     // "net"
  std::string_view title;  // "Network exposure"
};

// Generated from the files of rules/.
[[nodiscard]] std::vector<RuleTable> all_rule_tables();
// Every rule, families in the order of all_families(), ids sorted within. Made once; any thread.
[[nodiscard]] std::span<const Rule* const> all_rules();
[[nodiscard]] std::span<const Family> all_families();
[[nodiscard]] const Rule* find_rule(std::string_view id);  // nullptr: there is none
[[nodiscard]] const Family& family_of(const Rule& rule);

}  // namespace selvage::audit
