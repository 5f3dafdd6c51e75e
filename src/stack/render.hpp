// The resolved model as `docker compose config` prints it, and where a value came from.
#pragma once

#include <string>
#include <string_view>

#include "stack/compose.hpp"

namespace selvage::stack {

struct RenderOptions {
  // Replaces what looks like a secret: values of environment, args and the like whose name says so,
  // passwords in URLs, and every other text that holds one of these values.
  bool redact = true;
  // Writes "$$" for "$", so that the output is a Compose file again.
  bool escape_dollars = true;
};

inline constexpr std::string_view kRedacted = "(redacted)";

// Keys sorted, empty and default values left out as the reference does.
[[nodiscard]] Node config_tree(const Project& project, const RenderOptions& options = {});
[[nodiscard]] std::string config_json(const Project& project, const RenderOptions& options = {});
[[nodiscard]] std::string config_yaml(const Project& project, const RenderOptions& options = {});

// JSON and YAML of any tree, two blanks a level; keys in the tree's order.
[[nodiscard]] std::string to_json(const Node& tree);
[[nodiscard]] std::string to_yaml(const Node& tree);

// The steps of the value at `path`, newest first, each a line with its place; the value itself is
// redacted like above. Errors: compose.no_value with the closest part of the path that exists.
[[nodiscard]] Result<std::string> explain(const Project& project, std::string_view path,
                                          const RenderOptions& options = {});

// Whether a variable of this name usually holds a secret: PASSWORD, TOKEN, API_KEY, ...
[[nodiscard]] bool names_secret(std::string_view name);

}  // namespace selvage::stack
