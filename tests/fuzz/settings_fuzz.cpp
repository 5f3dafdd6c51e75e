// Any bytes as an env file: parsing ends, names are names, problems say where and never repeat a
// value; the values then go through the whole of Settings::load.
#include <cstdint>
#include <string_view>

#include "base/detail/env_file.hpp"
#include "base/settings.hpp"
#include "base/text.hpp"

namespace {

using selvage::SettingType;

constexpr selvage::SettingSpec kSpecs[] = {
    {"A", SettingType::integer, "8", "1..4096", ""},
    {"B", SettingType::duration, "5m", "1s..1h", ""},
    {"C", SettingType::bytes, "1 MiB", "1KiB..1GiB", ""},
    {"D", SettingType::choice, "x", "x|y", ""},
    {"E", SettingType::flag, "false", "", ""},
    {"F", SettingType::secret, "", "", ""},
    {"G", SettingType::url, "", "redis|sqlite", ""},
    {"H", SettingType::list, "", "", ""},
    {"I", SettingType::text, "", "1..100", ""},
    {"J", SettingType::path, "", "", ""},
};

bool is_name(std::string_view text) {
  if (text.empty() || selvage::is_digit(text[0])) return false;
  for (const char c : text) {
    const char lower = selvage::to_lower_ascii(c);
    if (!selvage::is_digit(c) && c != '_' && (lower < 'a' || lower > 'z')) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const selvage::detail::EnvText parsed = selvage::detail::parse_env(text, "f");
  selvage::SettingSources sources;
  std::size_t line = 0;
  for (const auto& entry : parsed.entries) {
    SELVAGE_CHECK(is_name(entry.name) && entry.line > 0 && entry.line >= line);
    SELVAGE_CHECK(!entry.value.contains('\0'));
    line = entry.line;
    // NAME_FILE would read what the input names
    if (!entry.name.ends_with("_FILE")) sources.environment[entry.name] = entry.value;
  }
  for (const auto& problem : parsed.problems) SELVAGE_CHECK(problem.starts_with("f:"));

  const auto secret = sources.environment.find("F");
  const auto settings = selvage::Settings::load({{"All", kSpecs}}, sources);
  if (settings) {
    SELVAGE_CHECK(settings->integer("A") >= 1 && settings->integer("A") <= 4096);
    for (const auto& item : settings->listed()) {
      SELVAGE_CHECK(item.spec->type != SettingType::secret || item.shown.starts_with('('));
    }
    (void)settings->production_warnings();
  } else if (secret != sources.environment.end() && secret->second.size() > 40 &&
             sources.environment.size() == 1) {
    SELVAGE_CHECK(!settings.error().message.contains(secret->second));
  }
  return 0;
}
