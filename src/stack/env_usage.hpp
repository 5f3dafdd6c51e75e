// Which variables a stack reads, where, and what it makes of them when nobody sets them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "stack/compose.hpp"
#include "stack/dotenv.hpp"
#include "stack/project_files.hpp"

namespace selvage::stack {

struct EnvPlace {
  Span where;
  std::string path;  // "services.api.environment.TOKEN"
};

// A variable of the Compose files.
struct EnvUse {
  std::vector<EnvPlace> places;         // at most kMaxPlaces, the first ones
  bool required = false;                // ${V:?} somewhere: Compose stops without it
  bool refuses_empty = false;           // ${V:?}, not ${V?}
  bool blank_without = false;           // ${V} somewhere: Compose puts nothing in its place
  std::string message;                  // of the first ${V:?message}
  std::optional<std::string> fallback;  // of the first ${V:-fallback}, as written
  Span fallback_at;

  static constexpr std::size_t kMaxPlaces = 8;
  // Whether the stack lacks something while nobody sets it.
  [[nodiscard]] bool needed() const { return required || blank_without; }
};

struct EnvUsage {
  std::map<std::string, EnvUse, std::less<>> of_compose;
  std::set<std::string, std::less<>> of_others;    // scripts, crontabs, nginx templates
  std::set<std::string, std::less<>> whole_files;  // env files that services take as they are
};

[[nodiscard]] EnvUsage env_usage(const Project& project, const ProjectFiles& files);

// Variables that Compose itself, Docker or the shell read: COMPOSE_PROFILES, DOCKER_HOST, TZ.
[[nodiscard]] bool is_tool_variable(std::string_view name);

struct EnvValue {
  std::string value;
  Span where;  // of the assignment's value
};
struct EnvValues {
  std::map<std::string, EnvValue, std::less<>> values;
  std::vector<Problem> problems;  // references that Compose refuses
};

// What the file's variables are worth: ${} replaced from `outer`, which is the stronger, and from
// the lines above.
[[nodiscard]] EnvValues env_values(const EnvFile& file,
                                   const std::map<std::string, std::string, std::less<>>& outer);

}  // namespace selvage::stack
