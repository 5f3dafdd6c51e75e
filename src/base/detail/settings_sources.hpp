// Finds the value of every setting among its sources, strongest first, without judging it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/settings.hpp"

namespace selvage::detail {

struct SourcedText {
  std::string text;
  std::string source;  // as in Settings::Listed
};

struct CollectedSettings {
  std::map<std::string, SourcedText, std::less<>> values;  // one for each setting of the table
  std::vector<std::string> problems;                       // "NAME: what (source)"
};

// Reads the env file and the NAME_FILE files. An empty value counts as not given, because Compose
// passes variables that are not set as empty ones.
[[nodiscard]] CollectedSettings collect_settings(std::span<const SettingSection> sections,
                                                 const SettingSources& sources);

}  // namespace selvage::detail
