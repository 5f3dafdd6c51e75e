// From the words of a command line to a checked Invocation.
#include <algorithm>
#include <array>

#include "app/closest_word.hpp"
#include "app/command.hpp"
#include "base/text.hpp"

namespace selvage::app {

namespace {

constexpr std::array kCommonFlags = {
    Flag{"--env-file", "FILE", "read settings from FILE; the environment is stronger", ""},
    Flag{"--data", "DIR", "where everything is kept (DATA_DIR)", "DATA_DIR"},
    Flag{"--set", "NAME=VALUE", "give any setting a value", "", true},
    Flag{"--help", "", "print this help", ""},
};

const Flag* find_flag(const Command& command, std::string_view name) {
  for (const Flag& flag : command.flags) {
    if (flag.name == name) return &flag;
  }
  for (const Flag& flag : kCommonFlags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

std::unexpected<Error> usage(std::string code, std::string message, const Command& command,
                             std::string hint = {}) {
  if (hint.empty()) hint = fmt::format("see: selvage {} --help", command.name);
  return fail(ErrorKind::invalid, std::move(code), std::move(message), std::move(hint));
}

std::unexpected<Error> unknown_flag(const Command& command, std::string_view name) {
  std::vector<std::string_view> known;
  known.reserve(command.flags.size() + kCommonFlags.size());
  for (const Flag& flag : command.flags) known.push_back(flag.name);
  for (const Flag& flag : kCommonFlags) known.push_back(flag.name);
  auto closest = closest_word(name, known);
  return usage("usage.flag", fmt::format("selvage {} has no flag {}", command.name, name), command,
               closest ? fmt::format("did you mean {}?", *closest) : "");
}

Result<void> take_setting(Invocation& invocation, const Command& command, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return usage("usage.set", fmt::format("--set takes NAME=VALUE, got \"{}\"", text), command,
                 "for example: --set WORKER_CONCURRENCY=16");
  }
  invocation.settings[std::string(text.substr(0, equals))] = std::string(text.substr(equals + 1));
  return {};
}

Result<void> choose_action(Invocation& invocation, const Command& command) {
  if (command.actions.empty()) {
    if (!invocation.arguments.empty() && command.arguments.empty()) {
      return usage("usage.argument",
                   fmt::format("selvage {} takes no argument, got \"{}\"", command.name,
                               invocation.arguments.front()),
                   command);
    }
    return {};
  }
  std::vector<std::string_view> known;
  known.reserve(command.actions.size());
  for (const Action& action : command.actions) known.push_back(action.name);
  if (invocation.arguments.empty()) {
    return usage("usage.action",
                 fmt::format("selvage {} needs one of: {}", command.name, fmt::join(known, ", ")),
                 command);
  }
  invocation.action = invocation.arguments.front();
  invocation.arguments.erase(invocation.arguments.begin());
  if (std::ranges::find(known, invocation.action) == known.end()) {
    auto closest = closest_word(invocation.action, known);
    return usage(
        "usage.action", fmt::format("selvage {} cannot \"{}\"", command.name, invocation.action),
        command,
        closest ? fmt::format("did you mean \"{}\"? It can: {}", *closest, fmt::join(known, ", "))
                : fmt::format("it can: {}", fmt::join(known, ", ")));
  }
  return {};
}

}  // namespace

std::span<const Flag> common_flags() { return kCommonFlags; }

std::optional<std::string> Invocation::value(std::string_view flag) const {
  auto found = flags.find(flag);
  if (found == flags.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

Result<Invocation> parse_arguments(const Command& command, std::span<const std::string> words) {
  Invocation invocation;
  bool only_arguments = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool negative_number = word.size() > 1 && word[0] == '-' && is_digit(word[1]);
    if (only_arguments || word.size() < 2 || word[0] != '-' || negative_number) {
      invocation.arguments.push_back(word);
      continue;
    }
    if (word == "--") {
      only_arguments = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string name = word == "-h" ? "--help" : word.substr(0, equals);
    const Flag* flag = find_flag(command, name);
    if (flag == nullptr) return unknown_flag(command, name);
    std::string value;
    if (!flag->value_name.empty()) {
      if (equals != std::string::npos) {
        value = word.substr(equals + 1);
      } else if (i + 1 < words.size()) {
        value = words[++i];
      } else {
        return usage("usage.value",
                     fmt::format("{} needs a value: {} {}", name, name, flag->value_name), command);
      }
    } else if (equals != std::string::npos) {
      return usage("usage.value", fmt::format("{} takes no value", name), command);
    }
    auto& values = invocation.flags[name];
    if (!values.empty() && !flag->repeats && !flag->value_name.empty()) {
      return usage("usage.repeated", fmt::format("{} is given twice", name), command);
    }
    values.push_back(value);
    if (!flag->setting.empty()) invocation.settings[std::string(flag->setting)] = value;
    if (name == "--set") TRY(take_setting(invocation, command, value));
    if (name == "--env-file") invocation.env_file = value;
  }
  if (!invocation.has("--help")) TRY(choose_action(invocation, command));
  return invocation;
}

}  // namespace selvage::app
