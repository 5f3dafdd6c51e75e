// What an operator has decided about the audit: `.selvage.yaml` beside the stack.
//
//   audit:
//     families: {log: off}                  # whole families on or off
//     rules: {hard-read-only: low, img-no-digest: off, cmp-style: on}
//     choices:
//       secrets: env                        # or files
//       restart: unless-stopped             # or always, on-failure
//       registries: [docker.io, ghcr.io/acme]
//       edge: [nginx]                       # services that may publish ports
//       public_ports: [80, 443]
//     waivers:
//       - rule: hard-docker-sock
//         service: alloy                    # "*": the whole stack
//         reason: reads container logs; a socket proxy comes with the next host
//         until: 2027-03-31
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "audit/finding.hpp"
#include "base/error.hpp"
#include "stack/text.hpp"

namespace selvage::audit {

enum class SecretsIn { env, files };

// Where good practice allows two answers.
struct Choices {
  SecretsIn secrets = SecretsIn::env;
  std::string restart = "unless-stopped";
  std::vector<std::string> registries;  // empty: any
  std::vector<std::string> edge;        // empty: told by image and ports
  std::vector<int> public_ports = {80, 443};
};

struct Waiver {
  std::string rule;
  std::string service;  // "*": any, also none
  std::string reason;
  std::chrono::year_month_day until;  // the last day it counts
  Place place;
};

struct Policy {
  std::map<std::string, bool, std::less<>> families;
  std::map<std::string, bool, std::less<>> switched;  // rules on or off
  std::map<std::string, Severity, std::less<>> severities;
  Choices choices;
  std::vector<Waiver> waivers;

  // Errors: policy.invalid, every problem on a line of its own, led by file, line and column; what
  // parse_yaml() tells.
  [[nodiscard]] static Result<Policy> parse(const stack::TextPtr& text);

  // A rule's own switch counts more than its family's, that more than the rule's default.
  [[nodiscard]] bool wants(const Rule& rule) const;
  [[nodiscard]] Severity severity_of(const Rule& rule) const;
};

}  // namespace selvage::audit
