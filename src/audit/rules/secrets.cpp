// Credentials: where they stand and what they are worth. No finding ever shows one.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "audit/detail/address.hpp"
#include "audit/detail/origin.hpp"
#include "audit/detail/secret_name.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/placeholder.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

using stack::NamedValue;
using stack::Node;

std::string in_env(std::string_view name) { return fmt::format("environment.{}", name); }

void literal_env(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const NamedValue& variable : service.environment()) {
      if (!variable.value || !names_a_secret(variable.name) || !is_literal(*variable.node) ||
          is_harmless_value(*variable.value) || address_in(*variable.value)) {
        continue;
      }
      out.in(service, variable.node, in_env(variable.name),
             fmt::format("The value of {} stands in the file", variable.name))
          .how = fmt::format(
          "Write {0}: ${{{0}:?set it}}, keep the value in an env file that git "
          "ignores, and choose a new one.",
          variable.name);
    }
  }
}

// A credential behind a flag or a name inside a longer text; its bytes are not told.
bool holds_credential(std::string_view text) {
  for (const std::string_view flag :
       {"--requirepass ", "--password=", "--password ", "--passwd=", "--token=", "--token ",
        "--api-key=", "--secret=", "redis-cli -a ", "PASSWORD=", "SECRET=", "TOKEN=", "API_KEY="}) {
    for (auto at = text.find(flag); at != text.npos; at = text.find(flag, at + 1)) {
      std::string_view value = text.substr(at + flag.size());
      value = value.substr(0, value.find_first_of(" ;|&)\n"));
      while (!value.empty() && (value.front() == '"' || value.front() == '\''))
        value.remove_prefix(1);
      if (value.empty() || value.starts_with('$') || value.starts_with('-') ||
          value.starts_with("file:") || is_harmless_value(value) ||
          value.starts_with(stack::kPlaceholder)) {
        continue;
      }
      return true;
    }
  }
  return false;
}

// What the file writes, list or text, as one line of words.
std::string as_words(const Node& node) {
  std::string words(node.span.bytes());
  for (char& c : words) {
    if (c == '"' || c == '\'' || c == '[' || c == ']' || c == ',' || c == '\n') c = ' ';
  }
  std::string single;
  for (const std::string_view word : split(words, ' ')) {
    if (!word.empty() && word != "-") single += fmt::format("{} ", word);
  }
  return single;
}

void literal_elsewhere(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const std::string_view member : {"command", "entrypoint", "healthcheck", "labels"}) {
      const Node* node = service.find(member);
      if (node == nullptr || !node->span.known() || !holds_credential(as_words(*node))) continue;
      out.in(service, node, member,
             fmt::format("A credential stands in {} of {}", member, service.name()));
    }
    const Node* arguments = service.at({"build", "args"});
    if (arguments == nullptr) continue;
    for (const stack::Entry& entry : arguments->entries) {
      if (entry.value.is_null() || !names_a_secret(entry.key) ||
          is_harmless_value(entry.value.text)) {
        continue;
      }
      out.in(service, &entry.value, fmt::format("build.args.{}", entry.key),
             fmt::format("The build argument {} stays readable in the image's history", entry.key));
    }
  }
}

void connection_string(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const NamedValue& variable : service.environment()) {
      if (!variable.value || step_of(*variable.node, stack::Step::env_file) != nullptr) continue;
      const auto address = address_in(text_before(*variable.node));
      if (!address || address->password.empty() || address->password.contains('$')) continue;
      out.in(service, variable.node, in_env(variable.name),
             fmt::format("{} holds the password of {} on {}", variable.name,
                         address->user.empty() ? "the server" : address->user, address->host));
    }
  }
}

void env_not_file(const Stack& stack, Sightings& out) {
  if (stack.choices.secrets != SecretsIn::files) return;
  for (const Service& service : stack.services()) {
    if (!service.facts().secret_files) continue;
    for (const NamedValue& variable : service.environment()) {
      if (!variable.value || !names_a_secret(variable.name) || is_harmless_value(*variable.value)) {
        continue;
      }
      out.in(service, variable.node, in_env(variable.name),
             fmt::format("{} could come from a file: {}", variable.name,
                         service.image_name().name == "grafana" ? "the image reads NAME__FILE"
                                                                : "the image reads NAME_FILE"));
    }
  }
}

// Values of secret variables as the stack gets them, each variable of the env files once.
template <class Tell>
void each_secret_variable(const Stack& stack, Tell tell) {
  std::set<std::string_view> seen;
  for (const stack::VariableUse& use : stack.project.variables) {
    if (!use.value || use.placeholder || use.source.empty() || !names_a_secret(use.name) ||
        is_harmless_value(*use.value) || placeholder_reason(*use.value) ||
        !seen.insert(use.name).second) {
      continue;
    }
    tell(use, *use.value);
  }
}

std::optional<std::string_view> weakness(std::string_view value) {
  if (const auto reason = insecure_reason(value)) return reason;
  if (value.size() < 16) return "is shorter than 16 characters";
  const std::set<char> different(value.begin(), value.end());
  if (different.size() < 6) return "has few different characters";
  return std::nullopt;
}

void weak(const Stack& stack, Sightings& out) {
  each_secret_variable(stack, [&](const stack::VariableUse& use, const std::string& value) {
    const auto reason = weakness(value);
    if (!reason) return;
    out.at(use.where, fmt::format("variables.{}", use.name),
           fmt::format("{} (from {}) {}", use.name, use.source, *reason));
  });
}

void shared(const Stack& stack, Sightings& out) {
  std::map<std::string, std::string> first;
  each_secret_variable(stack, [&](const stack::VariableUse& use, const std::string& value) {
    const auto [other, fresh] = first.try_emplace(value, use.name);
    if (fresh) return;
    out.at(use.where, fmt::format("variables.{}", use.name),
           fmt::format("{} and {} have the same value", other->second, use.name));
  });
}

void server_key_exposed(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const NamedValue& variable : service.environment()) {
      bool browser = false;
      for (const std::string_view prefix : {"NEXT_PUBLIC_", "VITE_", "REACT_APP_", "NUXT_PUBLIC_",
                                            "PUBLIC_", "EXPO_PUBLIC_", "GATSBY_"}) {
        browser |= variable.name.starts_with(prefix);
      }
      const bool server = variable.name.contains("SERVICE_ROLE") ||
                          variable.name.contains("SECRET") || variable.name.contains("PRIVATE") ||
                          variable.name.contains("PASSWORD");
      if (!browser || !server) continue;
      out.in(service, variable.node, in_env(variable.name),
             fmt::format("{} is built into the pages that {} sends to browsers", variable.name,
                         service.name()));
    }
  }
}

constexpr Rule kRules[] = {
    {"sec-literal-env", Severity::critical, FixKind::safe, "A credential stands in a Compose file",
     "Everybody who can read the repository has it, for ever, since git forgets nothing.",
     "Write ${NAME:?set it}, keep the value in an env file that git ignores, and choose a new one.",
     "OWASP Secrets Management Cheat Sheet; Twelve-Factor App, config",
     "environment: {DB_PASSWORD: hunter2hunter2}",
     "environment: {DB_PASSWORD: \"${DB_PASSWORD:?set it}\"}", literal_env},
    {"sec-literal-elsewhere", Severity::critical, FixKind::proposal,
     "A credential stands in a command, a label or a build argument",
     "It is in the repository, in docker inspect, in the list of processes and, as a build "
     "argument, in the image.",
     "Take it from the environment; for builds use build secrets.",
     "OWASP Secrets Management Cheat Sheet; Docker documentation, build secrets",
     "command: redis-server --requirepass hunter2hunter2",
     "command: redis-server --requirepass ${REDIS_PASSWORD:?set it}", literal_elsewhere},
    {"sec-connection-string", Severity::high, FixKind::safe, "A URL holds a password",
     "It is in the repository, and URLs are what programs print when something fails.",
     "Put a variable into its place: scheme://user:${PASSWORD:?set it}@host",
     "OWASP Secrets Management Cheat Sheet",
     "environment: {DATABASE_URL: \"postgres://app:hunter2@db/app\"}",
     "environment: {DATABASE_URL: \"postgres://app:${DB_PASSWORD:?set it}@db/app\"}",
     connection_string},
    {"sec-env-not-file", Severity::medium, FixKind::behaviour,
     "A secret is given as a variable, not as a file",
     "The policy keeps secrets in files: variables are visible in docker inspect and in the "
     "environment of every child process.",
     "NAME_FILE: /run/secrets/name, with the secret declared under secrets",
     "Compose documentation, secrets",
     "environment: {POSTGRES_PASSWORD: \"${DB_PASSWORD:?set it}\"}",
     "environment: {POSTGRES_PASSWORD_FILE: /run/secrets/db_password}\nsecrets: [db_password]",
     env_not_file},
    {"sec-weak", Severity::high, FixKind::proposal, "A secret can be guessed",
     "Programs try millions of known and short ones a second.",
     "Choose a new one: openssl rand -base64 32", "NIST SP 800-63B, memorized secrets",
     "DB_PASSWORD=summer2024", "DB_PASSWORD=Zt0mXw7RkQ2vJc5yLh9sUdBe3nAfGp1i", weak},
    {"sec-shared", Severity::high, FixKind::proposal, "One value serves as two secrets",
     "Who learns one has both, and neither can be changed alone.",
     "Choose a value for each: openssl rand -base64 32", "NIST SP 800-57, key separation",
     "JWT_SECRET=Zt0mXw7RkQ2vJc5y\nDB_PASSWORD=Zt0mXw7RkQ2vJc5y",
     "JWT_SECRET=Zt0mXw7RkQ2vJc5y\nDB_PASSWORD=Lh9sUdBe3nAfGp1i", shared},
    {"sec-server-key-exposed", Severity::high, FixKind::proposal,
     "A key of the server reaches browsers",
     "Variables of this name are written into the pages: every visitor has the key.",
     "Give browsers the public key, and keep this one in a variable of the server.",
     "Next.js and Vite documentation, environment variables",
     "environment: {NEXT_PUBLIC_SUPABASE_SERVICE_ROLE_KEY: \"${SERVICE_KEY}\"}",
     "environment: {SUPABASE_SERVICE_ROLE_KEY: \"${SERVICE_KEY}\"}", server_key_exposed},
};

}  // namespace

RuleTable secrets_rules() { return {kRules}; }

}  // namespace selvage::audit
