#include "audit/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "audit/detail/place.hpp"
#include "base/text.hpp"
#include "stack/yaml.hpp"

namespace selvage::audit {

namespace {

using stack::Entry;
using stack::Node;
using stack::Span;

constexpr std::size_t kMaxWaivers = 1000;

std::optional<std::chrono::year_month_day> date_of(std::string_view text) {
  const auto number = [&](std::size_t from, std::size_t count) -> std::optional<int> {
    int value = 0;
    const std::string_view digits = text.substr(from, count);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + count, value);
    if (error != std::errc() || end != digits.data() + count) return std::nullopt;
    return value;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(0, 4);
  const auto month = number(5, 2);
  const auto day = number(8, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional(date) : std::nullopt;
}

// "on" and "off" are strings to YAML as Compose reads it, true and false are not.
std::optional<bool> switch_of(const Node& node) {
  const std::string word = stack::scalar_text(node);
  if (word == "on" || word == "true") return true;
  if (word == "off" || word == "false") return false;
  return std::nullopt;
}

class Reader {
 public:
  Policy read(const Node& root) {
    for (const Entry& entry : members(root, "the policy")) {
      if (entry.key == "audit")
        read_audit(entry.value);
      else
        unknown(entry, "the policy holds \"audit\"");
    }
    return std::move(policy_);
  }
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  void problem(const Span& span, std::string_view what) {
    problems_.push_back(fmt::format("{}: {}", span.where(), what));
  }
  void unknown(const Entry& entry, std::string_view allowed) {
    problem(entry.key_span, fmt::format("{} is not known here; {}", in_quotes(entry.key), allowed));
  }
  std::vector<Entry> members(const Node& node, std::string_view what) {
    if (node.is_mapping()) return node.entries;
    if (!node.is_null()) problem(node.span, fmt::format("{} must be a mapping", what));
    return {};
  }

  void read_audit(const Node& node) {
    for (const Entry& entry : members(node, "audit")) {
      if (entry.key == "families")
        read_families(entry.value);
      else if (entry.key == "rules")
        read_rules(entry.value);
      else if (entry.key == "choices")
        read_choices(entry.value);
      else if (entry.key == "waivers")
        read_waivers(entry.value);
      else
        unknown(entry, "audit holds families, rules, choices and waivers");
    }
  }

  void read_families(const Node& node) {
    for (const Entry& entry : members(node, "families")) {
      if (std::ranges::find(all_families(), entry.key, &Family::id) == all_families().end()) {
        unknown(entry, "see the families with: selvage audit --list-rules");
      } else if (const auto on = switch_of(entry.value)) {
        policy_.families[entry.key] = *on;
      } else {
        problem(entry.value.span, "a family is on or off");
      }
    }
  }

  void read_rules(const Node& node) {
    for (const Entry& entry : members(node, "rules")) {
      if (find_rule(entry.key) == nullptr) {
        unknown(entry, "see the rules with: selvage audit --list-rules");
      } else if (const auto on = switch_of(entry.value)) {
        policy_.switched[entry.key] = *on;
      } else if (const auto severity = parse_severity(stack::scalar_text(entry.value))) {
        policy_.severities[entry.key] = *severity;
        policy_.switched[entry.key] = true;
      } else {
        problem(entry.value.span,
                "a rule is on, off, or one of info, low, medium, high and critical");
      }
    }
  }

  std::vector<std::string> texts(const Node& node, std::string_view what) {
    std::vector<std::string> all;
    if (!node.is_sequence()) problem(node.span, fmt::format("{} must be a list", what));
    for (const Node& item : node.items) {
      if (item.is_scalar() && !item.is_null())
        all.push_back(stack::scalar_text(item));
      else
        problem(item.span, fmt::format("{} must list plain words", what));
    }
    return all;
  }

  void read_choices(const Node& node) {
    for (const Entry& entry : members(node, "choices")) {
      const std::string word = entry.value.is_scalar() ? stack::scalar_text(entry.value) : "";
      if (entry.key == "secrets") {
        if (word == "env" || word == "files") {
          policy_.choices.secrets = word == "env" ? SecretsIn::env : SecretsIn::files;
        } else {
          problem(entry.value.span, "secrets is env or files");
        }
      } else if (entry.key == "restart") {
        if (word == "unless-stopped" || word == "always" || word == "on-failure") {
          policy_.choices.restart = word;
        } else {
          problem(entry.value.span, "restart is unless-stopped, always or on-failure");
        }
      } else if (entry.key == "registries") {
        policy_.choices.registries = texts(entry.value, "registries");
      } else if (entry.key == "edge") {
        policy_.choices.edge = texts(entry.value, "edge");
      } else if (entry.key == "public_ports") {
        read_ports(entry.value);
      } else {
        unknown(entry, "choices are secrets, restart, registries, edge and public_ports");
      }
    }
  }

  void read_ports(const Node& node) {
    policy_.choices.public_ports.clear();
    if (!node.is_sequence()) problem(node.span, "public_ports must be a list");
    for (const Node& item : node.items) {
      if (item.kind == stack::Kind::integer && item.integer > 0 && item.integer < 65536) {
        policy_.choices.public_ports.push_back(static_cast<int>(item.integer));
      } else {
        problem(item.span, "a port is a number from 1 to 65535");
      }
    }
  }

  void read_waivers(const Node& node) {
    if (!node.is_sequence()) return problem(node.span, "waivers must be a list");
    if (node.items.size() > kMaxWaivers) {
      return problem(node.span, fmt::format("{} waivers are the most", kMaxWaivers));
    }
    for (const Node& item : node.items) read_waiver(item);
  }

  void read_waiver(const Node& node) {
    const std::size_t problems_before = problems_.size();
    std::map<std::string, std::string, std::less<>> fields;
    for (const Entry& entry : members(node, "a waiver")) {
      if (entry.key != "rule" && entry.key != "service" && entry.key != "reason" &&
          entry.key != "until") {
        unknown(entry, "a waiver has rule, service, reason and until");
      } else {
        fields[entry.key] = std::string(trim(stack::scalar_text(entry.value)));
      }
    }
    for (const std::string_view field : {"rule", "service", "reason", "until"}) {
      if (fields.find(field) == fields.end() || fields.find(field)->second.empty()) {
        problem(node.span, fmt::format("the waiver has no {}; it needs rule, service (\"*\" for "
                                       "all), reason and until",
                                       field));
      }
    }
    if (problems_.size() > problems_before) return;
    if (find_rule(fields["rule"]) == nullptr) {
      problem(node.span, fmt::format("there is no rule {}", in_quotes(fields["rule"])));
    }
    const auto until = date_of(fields["until"]);
    if (!until) problem(node.span, "until is a date such as 2027-03-31");
    if (problems_.size() > problems_before) return;
    policy_.waivers.push_back(
        {fields["rule"], fields["service"], fields["reason"], *until, place_of(node.span)});
  }

  Policy policy_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<Policy> Policy::parse(const stack::TextPtr& text) {
  const auto documents = TRY(stack::parse_yaml(text));
  if (documents.empty()) return Policy{};
  if (documents.size() > 1) {
    return stack::fail_at(documents[1].root.span, "policy.invalid",
                          "a policy file holds one document, here begins a second one");
  }
  Reader reader;
  Policy policy = reader.read(documents.front().root);
  if (!reader.problems().empty()) {
    return fail(ErrorKind::invalid, "policy.invalid", join(reader.problems(), "\n"),
                "the guide on the audit shows a whole policy file");
  }
  return policy;
}

bool Policy::wants(const Rule& rule) const {
  if (const auto own = switched.find(rule.id); own != switched.end()) return own->second;
  if (const auto family = families.find(family_of(rule).id); family != families.end()) {
    return family->second && rule.on_by_default;
  }
  return rule.on_by_default;
}

Severity Policy::severity_of(const Rule& rule) const {
  const auto found = severities.find(rule.id);
  return found == severities.end() ? rule.severity : found->second;
}

}  // namespace selvage::audit
