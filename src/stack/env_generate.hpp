// Fills the secrets of an env file that are missing, empty or placeholders with random ones. What
// has a value keeps it.
#pragma once

#include <string>
#include <vector>

#include "stack/env_usage.hpp"

namespace selvage::stack {

struct EnvGenerated {
  std::string bytes;                   // of the whole file; holds secrets
  std::vector<std::string> generated;  // names, in the order of the file
  std::vector<std::string> to_fill;    // needed variables that no random text can be
  std::vector<std::string> insecure;   // kept although everybody can guess them: rotate those
};

// `wanted`: names that are made although they do not look like a stack's own secret, such as a
// webhook token that this side chooses. A wanted one that has a value keeps it, too.
// REQUIRES: file.accepted().
[[nodiscard]] EnvGenerated generate_secrets(const EnvFile& file, const EnvUsage& usage,
                                            const std::vector<std::string>& wanted);

}  // namespace selvage::stack
