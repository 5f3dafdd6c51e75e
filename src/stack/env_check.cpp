#include "stack/env_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/placeholder.hpp"
#include "base/text.hpp"
#include "base/url_password.hpp"
#include "stack/env_secrets.hpp"

namespace selvage::stack {

namespace {

using Is = EnvFindingKind;

constexpr std::size_t kShortest = 6;  // that two secrets share only on purpose

// Where a quote is missing, pieces of secrets stand where names belong; no name is so long.
std::string shown(std::string_view variable) {
  constexpr std::size_t kLongest = 48;
  if (variable.size() <= kLongest) return std::string(variable);
  return fmt::format("{}...", variable.substr(0, 4));
}

class Check {
 public:
  explicit Check(const EnvCheck& check) : check_(check) {}

  std::vector<EnvFinding> run() {
    if (check_.file != nullptr) {
      values_ = env_values(*check_.file, check_.environment);
      lines();
      for (const auto& [name, value] : values_.values) judge(name, value);
      shared();
      permissions();
    }
    if (check_.usage != nullptr) {
      for (const auto& [name, use] : check_.usage->of_compose) needs(name, use);
      unused();
      untemplated();
    }
    std::ranges::sort(findings_, {}, [](const EnvFinding& finding) {
      return std::tuple(!finding.error, finding.where.known() ? finding.where.file->name() : "",
                        finding.where.begin, finding.kind, finding.variable);
    });
    return std::move(findings_);
  }

 private:
  void add(Is kind, bool error, std::string_view variable, Span where, std::string message,
           std::string hint = {}) {
    findings_.push_back({kind, error, shown(variable), where, std::move(message), std::move(hint)});
  }

  void lines() {
    for (const EnvProblem& problem : check_.file->problems) {
      add(Is::malformed, problem.fatal, "", problem.span, problem.message,
          problem.fatal ? "Compose does not take the file before this is mended" : "");
    }
    for (const Problem& problem : values_.problems) {
      add(Is::malformed, true, "", problem.span, problem.message);
    }
  }

  const EnvUse* use_of(std::string_view variable) const {
    if (check_.usage == nullptr) return nullptr;
    const auto found = check_.usage->of_compose.find(variable);
    return found == check_.usage->of_compose.end() ? nullptr : &found->second;
  }

  void judge(std::string_view variable, const EnvValue& value) {
    const SecretSort sort = secret_sort(variable);
    const EnvUse* use = use_of(variable);
    if (value.value.empty()) {
      if (sort != SecretSort::none && (use == nullptr || use->needed())) {
        add(Is::empty, true, variable, value.where, "is a secret without a value", hint_for(sort));
      }
      return;
    }
    if (const auto reason = placeholder_reason(value.value)) {
      add(Is::placeholder, use != nullptr || sort != SecretSort::none, variable, value.where,
          std::string(*reason), sort == SecretSort::none ? "give it its value" : hint_for(sort));
      return;
    }
    const std::string_view in_url = url_password(value.value);
    const std::string_view secret = in_url.empty() ? std::string_view(value.value) : in_url;
    if (sort == SecretSort::none && in_url.empty()) return;
    const std::string_view what = in_url.empty() ? "" : "holds a password that ";
    if (const auto reason = in_url.empty() ? guessable_reason(secret) : url_reason(secret)) {
      add(Is::insecure, true, variable, value.where, fmt::format("{}{}", what, *reason),
          "replace it where it is used, too: a database keeps its old password");
    } else if (sort == SecretSort::own && in_url.empty() && estimated_bits(secret) < kStrongBits) {
      add(Is::weak, true, variable, value.where,
          fmt::format("holds {:.0f} bits at most; {:.0f} cannot be guessed", estimated_bits(secret),
                      kStrongBits),
          "replace it where it is used, too: a database keeps its old password");
    }
  }

  static std::optional<std::string_view> url_reason(std::string_view password) {
    if (const auto reason = placeholder_reason(password)) return reason;
    return guessable_reason(password);
  }

  static std::string hint_for(SecretSort sort) {
    return sort == SecretSort::own ? "selvage env generate makes one" : "get it from who issues it";
  }

  void shared() {
    std::map<std::string_view, std::pair<const std::string*, Span>> first;
    for (const auto& [name, value] : values_.values) {
      if (secret_sort(name) == SecretSort::none || value.value.size() < kShortest) continue;
      if (placeholder_reason(value.value)) continue;
      const auto [known, is_new] = first.emplace(value.value, std::pair(&name, value.where));
      if (is_new) continue;
      add(Is::shared, true, name, value.where,
          fmt::format("has the value of {} (line {}): who learns one knows both",
                      shown(*known->second.first), known->second.second.place().line),
          "give each its own, unless both name one and the same account");
    }
  }

  void permissions() {
    if ((check_.permissions & 077) == 0) return;
    const bool secrets = std::ranges::any_of(values_.values, [](const auto& value) {
      return !value.second.value.empty() && (secret_sort(value.first) != SecretSort::none ||
                                             !url_password(value.second.value).empty());
    });
    if (!secrets) return;
    add(Is::permissions, true, "", span_in(*check_.file->text, 0, 0),
        fmt::format("the file holds secrets and others may read it (mode {:04o})",
                    check_.permissions & 07777),
        fmt::format("chmod 600 {}", check_.file->text->name()));
  }

  void needs(std::string_view variable, const EnvUse& use) {
    const bool from_shell = check_.environment.contains(variable);
    const auto known = values_.values.find(variable);
    const bool set = from_shell || known != values_.values.end();
    const SecretSort sort = secret_sort(variable);
    if (!set && use.needed() && !is_tool_variable(variable)) {
      std::string message = use.required ? "is missing, and Compose stops without it"
                                         : "is missing, and Compose puts nothing in its place";
      if (use.required && !use.message.empty()) {
        message += fmt::format(" ({})", in_quotes(use.message, 60));
      }
      add(Is::missing, true, variable, use.places.front().where, std::move(message),
          sort == SecretSort::none ? fmt::format("set it: {}=...", variable) : hint_for(sort));
    } else if (known != values_.values.end() && !from_shell && use.needed() &&
               known->second.value.empty() && sort == SecretSort::none) {
      add(Is::empty, use.refuses_empty, variable, known->second.where,
          use.refuses_empty ? "is empty, and Compose stops without a value"
                            : "is empty, and Compose puts nothing in its place");
    }
    if (!use.fallback || use.fallback->empty() || sort == SecretSort::none) return;
    auto reason = placeholder_reason(*use.fallback);
    if (use.fallback->contains("${")) return;
    if (!reason) reason = guessable_reason(*use.fallback);
    if (!reason) return;
    add(Is::insecure_default, !set, variable, use.fallback_at,
        fmt::format("has a default in the Compose file that {}", *reason),
        fmt::format("write ${{{}:?set it in .env}}, so that nothing starts without it", variable));
  }

  void unused() {
    if (check_.file == nullptr || check_.usage->whole_files.contains(check_.canonical_path)) return;
    std::map<std::string_view, const EnvAssignment*> last;
    std::set<std::string_view> referred;
    for (const EnvAssignment& assignment : check_.file->assignments) {
      last.insert_or_assign(assignment.name, &assignment);
      if (assignment.interpolates()) note_references(assignment.raw, referred);
    }
    for (const auto& [variable, assignment] : last) {
      const bool used = variable.empty() || assignment->stray ||
                        check_.usage->of_compose.contains(variable) ||
                        check_.usage->of_others.contains(variable) || is_tool_variable(variable) ||
                        referred.contains(variable);
      if (used) continue;
      add(Is::unused, false, variable, assignment->name_span,
          "is read by no Compose file, script or template");
    }
  }

  static void note_references(std::string_view value, std::set<std::string_view>& names) {
    for (std::size_t at = 0; (at = value.find('$', at)) != std::string_view::npos;) {
      ++at;
      if (at < value.size() && value[at] == '{') ++at;
      const std::size_t begin = at;
      while (at < value.size() &&
             (value[at] == '_' || is_digit(value[at]) ||
              (to_lower_ascii(value[at]) >= 'a' && to_lower_ascii(value[at]) <= 'z'))) {
        ++at;
      }
      names.insert(value.substr(begin, at - begin));
    }
  }

  void untemplated() {
    if (check_.template_file == nullptr) return;
    for (const auto& [variable, use] : check_.usage->of_compose) {
      if (is_tool_variable(variable) || check_.template_file->find(variable) != nullptr) continue;
      // an optional one may stand there as a comment
      if (check_.template_file->text->bytes().contains("#" + variable + "=") ||
          check_.template_file->text->bytes().contains("# " + variable + "=")) {
        continue;
      }
      add(Is::untemplated, false, variable, use.places.front().where,
          fmt::format("is read here and lacks in {}", check_.template_file->text->name()),
          "selvage env template adds it");
    }
  }

  const EnvCheck& check_;
  EnvValues values_;
  std::vector<EnvFinding> findings_;
};

}  // namespace

std::string_view name(EnvFindingKind kind) {
  switch (kind) {
    case Is::missing:
      return "missing";
    case Is::empty:
      return "empty";
    case Is::placeholder:
      return "placeholder";
    case Is::insecure:
      return "insecure";
    case Is::insecure_default:
      return "insecure-default";
    case Is::weak:
      return "weak";
    case Is::shared:
      return "shared";
    case Is::malformed:
      return "malformed";
    case Is::permissions:
      return "permissions";
    case Is::unused:
      return "unused";
    case Is::untemplated:
      return "untemplated";
  }
  return "finding";
}

std::vector<EnvFinding> check_env(const EnvCheck& check) { return Check(check).run(); }

}  // namespace selvage::stack
