// The settings registry. A room describes its settings in one table, a line each; from that line
// come parsing, validation, the .env template, the reference page, redaction, and the
// ConfigMap/Secret split.
//
//   const SettingSpec kWorkSettings[] = {
//     {"WORKER_CONCURRENCY", SettingType::integer, "8", "1..4096", "Jobs a worker runs at once."},
//     {"OPENAI_API_KEY", SettingType::secret, "", "", "Key of the OpenAI API."},
//   };
//
// Values come from, strongest first: the command line, the environment, NAME_FILE (the content of
// that file), the file given with --env-file, the default. An empty value counts as not given.
// Settings is immutable after load and may be read from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"

namespace selvage {

enum class SettingType { text, integer, flag, duration, bytes, choice, url, path, list, secret };

struct SettingSpec {
  std::string_view name;  // upper case, as in the environment
  SettingType type;
  std::string_view fallback;  // default, in the same spelling a user would write
  // integer/duration/bytes: "min..max"; choice: "a|b|c"; url: allowed schemes "redis|rediss";
  // list: items "a|b|c"; text/secret: "min..max" length in bytes, or empty.
  std::string_view allowed;
  std::string_view doc;              // one sentence for people, with the unit
  bool risky_in_production = false;  // `settings --check` calls any value but the default unsafe
};

// The settings of one room, for headings and order.
struct SettingSection {
  std::string_view title;
  std::span<const SettingSpec> specs;
};

struct SettingSources {
  std::map<std::string, std::string> command_line;
  std::map<std::string, std::string> environment;
  std::filesystem::path env_file;  // empty: none
};
// The process environment as a map.
[[nodiscard]] std::map<std::string, std::string> process_environment();

class Settings {
 public:
  // Reads and validates all. Errors: settings.invalid, whose message lists EVERY bad, placeholder
  // ("changeme", "your-key-here", "<...>") or known-insecure value, one a line, without the values
  // of secrets. So is: NAME beside NAME_FILE in one source, a NAME_FILE or env file that cannot be
  // read, a name in the env file or on the command line that looks like a slip of a setting's name.
  // Passwords in URLs count as secrets.
  [[nodiscard]] static Result<Settings> load(std::vector<SettingSection> sections,
                                             SettingSources sources);

  // REQUIRES: the name is in a section with that type (a bug otherwise).
  [[nodiscard]] const std::string& text(std::string_view name) const;  // text, choice, url, path
  [[nodiscard]] std::int64_t integer(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] milliseconds duration(std::string_view name) const;
  [[nodiscard]] ByteCount bytes(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> list(
      std::string_view name) const;  // comma separated, trimmed
  [[nodiscard]] const Secret& secret(std::string_view name) const;

  [[nodiscard]] bool is_set(std::string_view name) const;  // not from the default, and not empty

  struct Listed {
    const SettingSpec* spec;
    std::string shown;  // the value; secrets as "(set)" or "(not set)", passwords in URLs masked
    std::string
        source;  // "default", "environment", "WORKER_CONCURRENCY_FILE", ".env:12", "command line"
  };
  [[nodiscard]] std::vector<Listed> listed() const;
  [[nodiscard]] const std::vector<SettingSection>& sections() const { return sections_; }
  // What is legal but unsafe in production, a sentence each: risky settings that are set, short
  // secrets.
  [[nodiscard]] std::vector<std::string> production_warnings() const;

 private:
  struct Value {
    const SettingSpec* spec;
    std::string text;
    std::string source;
    std::int64_t number;  // of integer, flag (0 or 1), duration (ms) and bytes
    Secret secret;
  };
  const Value& find(std::string_view name, std::initializer_list<SettingType> types) const;

  std::vector<SettingSection> sections_;
  std::map<std::string, Value, std::less<>> values_;
};

// An .env file with every setting, its documentation and default, commented out.
[[nodiscard]] std::string env_template(std::span<const SettingSection> sections);
// The reference page in Markdown.
[[nodiscard]] std::string settings_reference(std::span<const SettingSection> sections);
// scheme://user:***@host/...?password=***; text without a password is returned as it is.
[[nodiscard]] std::string mask_url_password(std::string_view url);

}  // namespace selvage
