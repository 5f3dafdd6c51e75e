#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/settings.hpp"
#include "base/text.hpp"

namespace selvage {

namespace {

std::string_view type_name(SettingType type) {
  switch (type) {
    case SettingType::text:
      return "text";
    case SettingType::integer:
      return "integer";
    case SettingType::flag:
      return "true or false";
    case SettingType::duration:
      return "duration";
    case SettingType::bytes:
      return "size";
    case SettingType::choice:
      return "choice";
    case SettingType::url:
      return "URL";
    case SettingType::path:
      return "path";
    case SettingType::list:
      return "comma-separated list";
    case SettingType::secret:
      return "secret";
  }
  return "text";
}

// "1 to 4096", "one of b2b, b2c", "redis:// or rediss://"; empty when anything goes.
std::string allowed_text(const SettingSpec& spec) {
  if (spec.allowed.empty()) return {};
  if (const auto dots = spec.allowed.find(".."); dots != std::string_view::npos) {
    const bool length = spec.type == SettingType::text || spec.type == SettingType::secret;
    return fmt::format("{} to {}{}", spec.allowed.substr(0, dots), spec.allowed.substr(dots + 2),
                       length ? " characters" : "");
  }
  const auto pieces = split(spec.allowed, '|');
  if (spec.type == SettingType::url) return fmt::format("{}://", fmt::join(pieces, "://, "));
  return fmt::format("{}{}", pieces.size() > 1 ? "one of " : "", fmt::join(pieces, ", "));
}

// As parse_env() reads it back.
std::string env_value(std::string_view value) {
  const bool plain = std::ranges::all_of(value, [](char c) {
    return static_cast<unsigned char>(c) > ' ' && !std::string_view("#'\"\\").contains(c);
  });
  if (plain) return std::string(value);
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '$') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("`{}`", cell(text));
}

}  // namespace

std::string env_template(std::span<const SettingSection> sections) {
  std::string out =
      "# Every line is optional: remove the leading \"# \" of what you change.\n"
      "# Instead of NAME=value, NAME_FILE=/path takes the value from a file.\n";
  for (const SettingSection& section : sections) {
    fmt::format_to(std::back_inserter(out), "\n# ---- {} ----\n", section.title);
    for (const SettingSpec& spec : section.specs) {
      const std::string allowed = allowed_text(spec);
      fmt::format_to(std::back_inserter(out), "\n# {} ({}{}{})\n", spec.doc, type_name(spec.type),
                     allowed.empty() ? "" : ", ", allowed);
      if (spec.risky_in_production) out += "# Leave the default in production.\n";
      fmt::format_to(std::back_inserter(out), "# {}={}\n", spec.name, env_value(spec.fallback));
    }
  }
  return out;
}

std::string settings_reference(std::span<const SettingSection> sections) {
  std::string out =
      "# Settings\n\n"
      "A value is taken from the first of these that gives one: the command line, the environment, "
      "the file named by\n`NAME_FILE`, the file given with `--env-file`, the default. An empty "
      "value "
      "counts as not given.\n\n"
      "Durations are written as `250ms`, `30s`, `1m30s` or `6h`; a bare number means seconds. "
      "Sizes are "
      "written as\n`512 KiB` or `10 MiB`; a bare number means bytes.\n";
  for (const SettingSection& section : sections) {
    fmt::format_to(std::back_inserter(out),
                   "\n## {}\n\n"
                   "| Setting | Type | Default | Allowed | What it does |\n"
                   "|---|---|---|---|---|\n",
                   section.title);
    for (const SettingSpec& spec : section.specs) {
      fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} | {} | {}{} |\n", spec.name,
                     type_name(spec.type), code(spec.fallback), cell(allowed_text(spec)),
                     cell(spec.doc),
                     spec.risky_in_production ? " Leave the default in production." : "");
    }
  }
  return out;
}

}  // namespace selvage
