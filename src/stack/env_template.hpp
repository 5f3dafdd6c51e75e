// The template of an env file: every variable that the Compose files read, with where and how.
#pragma once

#include <string>

#include "stack/env_usage.hpp"

namespace selvage::stack {

// A new template. Needed variables stand as "NAME=", optional ones as "#NAME=default"; comments say
// where each is used. Holds no secret and no default that is one.
[[nodiscard]] std::string env_template(const EnvUsage& usage);

// `existing` with the variables that it lacks at its end; its own bytes stay. The same bytes when
// nothing is missing.
[[nodiscard]] std::string with_missing_variables(const EnvFile& existing, const EnvUsage& usage);

}  // namespace selvage::stack
