// A command of the binary: its documentation and its function in one value. Every file of
// app/commands/ offers one as `<file name>_command()`; the build makes the table of them.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/settings.hpp"

namespace selvage::app {

struct Flag {
  std::string_view name;        // "--port"
  std::string_view value_name;  // "PORT"; empty for a switch
  std::string_view doc;
  std::string_view setting;  // when not empty: the flag gives this setting's value
  bool repeats = false;
};

struct Action {  // "queue ls": the word after the command
  std::string_view name;
  std::string_view arguments;  // "ID...", for the help
  std::string_view doc;
};

// What the user typed, checked against the command's flags and actions.
struct Invocation {
  std::string action;  // empty when the command has none
  std::vector<std::string> arguments;
  std::map<std::string, std::vector<std::string>, std::less<>> flags;
  std::map<std::string, std::string> settings;  // from flags and --set
  std::string env_file;

  [[nodiscard]] bool has(std::string_view flag) const { return flags.contains(flag); }
  [[nodiscard]] std::optional<std::string> value(std::string_view flag) const;
};

struct Command {
  std::string_view name;
  std::string_view summary;    // one line
  std::string_view arguments;  // "[FILE...]"
  std::string_view details;    // paragraphs for --help, wrapped at 80 columns
  std::vector<Action> actions;
  std::vector<Flag> flags;
  // The exit code, or an Error that main prints as `error:` and `hint:`.
  Result<int> (*run)(const Invocation&);
};

// Generated from the files of app/commands/, sorted by name.
[[nodiscard]] std::vector<Command> all_commands();

// Flags that every command takes: --env-file, --data, --set, --help.
[[nodiscard]] std::span<const Flag> common_flags();

// Errors: usage.* (invalid) with the closest known word as a hint.
[[nodiscard]] Result<Invocation> parse_arguments(const Command& command,
                                                 std::span<const std::string> words);

[[nodiscard]] std::string help(std::span<const Command> commands);
[[nodiscard]] std::string help(const Command& command);
[[nodiscard]] std::string bash_completion(std::span<const Command> commands);

// Runs the program: finds the command, prints errors, returns the exit code.
[[nodiscard]] int run_program(std::span<const std::string> words);

// Settings of all rooms for an invocation. Errors: settings.invalid, listing every problem.
[[nodiscard]] Result<Settings> load_settings(const Invocation& invocation);
[[nodiscard]] std::vector<SettingSection> all_sections();

}  // namespace selvage::app
