#include "stack/env_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "base/placeholder.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "base/url_password.hpp"
#include "stack/env_secrets.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMaxShown = 200;  // bytes of what others wrote
constexpr std::size_t kMaxPlacesShown = 3;

// One line, whatever it held.
std::string one_line(std::string_view text) {
  std::string shown = printable(text.substr(0, kMaxShown));
  if (text.size() > kMaxShown) shown += "...";
  return shown;
}

std::string file_and_line(const Span& where) {
  if (!where.known()) return "";
  const std::string file = std::filesystem::path(where.file->name()).filename().string();
  return fmt::format("{}:{}", file, where.place().line);
}

bool may_show(std::string_view variable, std::string_view fallback) {
  if (secret_sort(variable) != SecretSort::none) return false;
  if (!url_password(fallback).empty() || fallback.contains('\n')) return false;
  return !placeholder_reason(fallback);
}

std::string entry(const std::string& variable, const EnvUse& use) {
  std::string out;
  for (std::size_t i = 0; i < std::min(use.places.size(), kMaxPlacesShown); ++i) {
    out +=
        fmt::format("# {} {}\n", file_and_line(use.places[i].where), one_line(use.places[i].path));
  }
  if (use.required) {
    out += use.message.empty() ? "# required\n"
                               : fmt::format("# required: {}\n", one_line(use.message));
  }
  const bool shows = use.fallback && may_show(variable, *use.fallback);
  const std::string value = shows ? dotenv_quoted(one_line(*use.fallback)) : "";
  if (use.needed()) return out + fmt::format("{}={}\n", variable, value);
  if (use.fallback) out += shows ? "# optional; its default:\n" : "# optional; it has a default\n";
  if (!use.fallback) out += "# optional\n";
  return out + fmt::format("#{}={}\n", variable, value);
}

// In the order in which a reader of the Compose files meets them.
std::vector<std::pair<std::string, const EnvUse*>> in_order(const EnvUsage& usage) {
  std::vector<std::pair<std::string, const EnvUse*>> uses;
  for (const auto& [variable, use] : usage.of_compose) {
    if (!is_tool_variable(variable)) uses.emplace_back(variable, &use);
  }
  std::ranges::sort(uses, {}, [](const auto& use) {
    const Span& where = use.second->places.front().where;
    return std::tuple(where.known() ? where.file->name() : "", where.begin, use.first);
  });
  return uses;
}

bool mentions(const EnvFile& file, const std::string& variable) {
  if (file.find(variable) != nullptr) return true;
  for (const std::string_view line : split(file.text->bytes(), '\n')) {
    std::string_view text = trim(line);
    if (!text.starts_with('#')) continue;
    text = trim(text.substr(text.find_first_not_of('#') == std::string_view::npos
                                ? text.size()
                                : text.find_first_not_of('#')));
    if (text.starts_with(variable) && text.substr(variable.size()).starts_with('=')) return true;
  }
  return false;
}

}  // namespace

std::string env_template(const EnvUsage& usage) {
  std::string out =
      "# What the Compose files read. Copy it to .env and fill it in;\n"
      "# `selvage env generate` makes the secrets, `selvage env check` looks after.\n";
  for (const auto& [variable, use] : in_order(usage)) out += "\n" + entry(variable, *use);
  return out;
}

std::string with_missing_variables(const EnvFile& existing, const EnvUsage& usage) {
  std::string out(existing.text->bytes());
  for (const auto& [variable, use] : in_order(usage)) {
    if (mentions(existing, variable)) continue;
    if (!out.empty() && !out.ends_with('\n')) out += '\n';
    if (!out.empty()) out += '\n';
    out += entry(variable, *use);
  }
  return out;
}

}  // namespace selvage::stack
