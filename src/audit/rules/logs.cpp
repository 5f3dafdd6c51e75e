// Logs on the host's disk.
#include <fmt/format.h>

#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"

namespace selvage::audit {

namespace {

void rotation(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const std::string driver = service.text_at({"logging", "driver"});
    if (!driver.empty() && driver != "json-file") continue;  // "local" rotates by itself
    if (!service.text_at({"logging", "options", "max-size"}).empty()) continue;
    out.in(service, service.find("logging"), "logging",
           fmt::format("The log of {} grows without end", service.name()))
        .changes = service.find("logging") != nullptr
                       ? Changes{}
                       : add_member(stack, service, "logging",
                                    "driver: json-file\noptions:\n  max-size: 10m\n  max-file: "
                                    "\"3\"");
  }
}

void none(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.text_at({"logging", "driver"}) != "none") continue;
    out.in(service, service.at({"logging", "driver"}), "logging.driver",
           fmt::format("What {} says is thrown away", service.name()));
  }
}

constexpr Rule kRules[] = {
    {"log-rotation", Severity::medium, FixKind::safe, "A container's log is not rotated",
     "json-file, the default, keeps every line for ever; one talkative service fills the disk, and "
     "then everything stops.",
     "logging: {driver: json-file, options: {max-size: 10m, max-file: \"3\"}}",
     "Docker documentation, configure logging drivers", "image: acme/api:1.4",
     "logging:\n  driver: json-file\n  options: {max-size: 10m, max-file: \"3\"}", rotation},
    {"log-none", Severity::medium, FixKind::safe, "A container's log is thrown away",
     "After a failure there is nothing to read.", "Use json-file with max-size, or local.",
     "OWASP Top Ten A09, logging and monitoring failures", "logging: {driver: none}",
     "logging: {driver: local}", none},
};

}  // namespace

RuleTable logs_rules() { return {kRules}; }

}  // namespace selvage::audit
