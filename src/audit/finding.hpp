// One place where a rule holds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "audit/rule.hpp"

namespace selvage::audit {

// Lines and columns count from 1, columns in code points; line 0 means the file as a whole. The end
// is behind the last character.
struct Place {
  std::string file;  // as the user would name it from where he stands
  std::size_t line = 0;
  std::size_t column = 0;
  std::size_t end_line = 0;
  std::size_t end_column = 0;
};

// An edit of a file: see stack/edit.hpp for what each does.
struct Change {
  enum class Kind { set, add, append, remove };
  Kind kind = Kind::set;
  std::string file;  // the name of its text
  std::vector<std::string> path;
  std::string key;   // of what is added
  std::string yaml;  // what is set, added or appended
  std::string was;   // the bytes that are set or removed; another edit may have changed them
};

// What a Change comes to in the bytes of its file: the place's text becomes `text`.
struct Replacement {
  Place place;
  std::string text;
};

struct Finding {
  const Rule* rule = nullptr;          // never null in a report
  Severity severity = Severity::info;  // the rule's own, unless the policy says otherwise
  Place place;
  std::string service;  // empty: none
  std::string message;  // what is wrong here, one sentence without a full stop; never a secret
  std::string how;      // what to write here; empty: the rule's own text
  // What is meant, in words that survive moved lines: "services.db.ports 5432:5432". With rule and
  // file it is the finding's identity, so it holds no position and no secret.
  std::string subject;
  std::string fingerprint;  // given by the audit
  // What ends it; empty: no edit is known here. Whether it is safe says the rule.
  std::vector<Change> changes;
  std::vector<Replacement> replacements;  // only after add_replacements()
  // The same of other services, which come by an anchor or extends from the same lines: one mend
  // ends all of them.
  std::vector<Finding> twins;

  [[nodiscard]] std::string_view remedy() const { return how.empty() ? rule->how : how; }
};

// Makes findings of one rule at one place, but of different services, one finding with twins.
// REQUIRES: sorted, so that such stand together.
void join_twins(std::vector<Finding>& findings);

// A finding that a person has set aside, and by what.
struct SetAside {
  Finding finding;
  std::string by;      // "waiver", "comment", "baseline"
  std::string reason;  // empty for the baseline
};

// 16 hexadecimal digits of rule, file and subject; findings that agree in all three are counted,
// in order. Sets `fingerprint` of each.
void give_fingerprints(std::vector<Finding>& findings);

}  // namespace selvage::audit
