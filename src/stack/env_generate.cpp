#include "stack/env_generate.hpp"

#include <algorithm>
#include <set>

#include "base/placeholder.hpp"
#include "base/text.hpp"
#include "stack/env_secrets.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMostSecrets = 500;  // further ones are left to be filled in

bool insecure_fallback(const EnvUse& use) {
  if (!use.fallback) return false;
  return use.fallback->empty() || placeholder_reason(*use.fallback) ||
         guessable_reason(*use.fallback);
}

// Every name that may get a value: those of the file, then those that only the stack knows.
std::vector<std::string> candidates(const EnvFile& file, const EnvUsage& usage,
                                    const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  std::set<std::string, std::less<>> seen;
  const auto add = [&](const std::string& name) {
    if (seen.insert(name).second) names.push_back(name);
  };
  for (const EnvAssignment& assignment : file.assignments) add(assignment.name);
  for (const auto& [name, use] : usage.of_compose) {
    if (is_tool_variable(name)) continue;
    if (use.needed() || (secret_sort(name) == SecretSort::own && insecure_fallback(use))) add(name);
  }
  for (const std::string& name : wanted) add(name);
  return names;
}

// A line "#NAME=" is where a template has room for the variable.
std::string with_room_for(std::string_view bytes, const std::string& name) {
  std::string out(bytes);
  for (const std::string_view line : split(bytes, '\n')) {
    std::string_view text = trim(line);
    if (!text.starts_with('#')) continue;
    if (trim(text.substr(1)) != name + "=") continue;
    out.replace(static_cast<std::size_t>(text.data() - bytes.data()), text.size(), name + "=");
    break;
  }
  return out;
}

EnvFile again(std::string bytes, const EnvFile& before) {
  return parse_dotenv(std::make_shared<const Text>(before.text->name(), std::move(bytes)));
}

}  // namespace

EnvGenerated generate_secrets(const EnvFile& file, const EnvUsage& usage,
                              const std::vector<std::string>& wanted) {
  EnvGenerated result;
  EnvFile current = file;
  for (const std::string& name : candidates(file, usage, wanted)) {
    const EnvAssignment* assignment = file.find(name);
    const bool open =
        assignment == nullptr || assignment->raw.empty() || placeholder_reason(assignment->raw);
    // a reference to another variable is a value
    const bool refers =
        assignment != nullptr && assignment->interpolates() && assignment->raw.contains('$');
    const bool asked = std::ranges::find(wanted, name) != wanted.end();
    const bool own = secret_sort(name) == SecretSort::own;
    const bool room = result.generated.size() < kMostSecrets;
    if (open && !refers && (own || asked) && room) {
      if (assignment == nullptr) {
        current = again(with_room_for(current.text->bytes(), name), current);
      }
      current = again(with_value(current, name, new_secret()), current);
      result.generated.push_back(name);
    } else if (open && !refers) {
      const auto use = usage.of_compose.find(name);
      const bool needed = use != usage.of_compose.end() && use->second.needed();
      const bool placeholder = assignment != nullptr && !assignment->raw.empty();
      if (needed || placeholder) result.to_fill.push_back(name);
    } else if (own && !refers && guessable_reason(assignment->raw)) {
      result.insecure.push_back(name);
    }
  }
  result.bytes = current.text->bytes();
  return result;
}

}  // namespace selvage::stack
