#include "base/detail/settings_sources.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/detail/env_file.hpp"

namespace selvage {

namespace {

using detail::CollectedSettings;
using detail::SourcedText;

constexpr std::string_view kFileSuffix = "_FILE";

// One place that values come from: the environment, or one env file.
using Source = std::map<std::string, SourcedText, std::less<>>;

// Steps from `a` to `b` by inserting, deleting, replacing one character or swapping two neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_up, up(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) up[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = up[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({up[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_up[j - 2] + 1);
      }
    }
    two_up = up;
    std::swap(up, row);
  }
  return up[b.size()];
}

class Collector {
 public:
  explicit Collector(std::span<const SettingSection> sections) {
    for (const SettingSection& section : sections) {
      for (const SettingSpec& spec : section.specs) {
        SELVAGE_CHECK(specs_.emplace(spec.name, &spec).second);
      }
    }
  }

  CollectedSettings run(const SettingSources& sources) {
    const Source environment = from_environment(sources.environment);
    const Source env_file = from_file(sources.env_file);
    for (const auto& [name, value] : sources.command_line) {
      if (!specs_.contains(name)) unknown(name, "command line");
    }
    for (const auto& [name, spec] : specs_) {
      const auto given = sources.command_line.find(std::string(name));
      if (given != sources.command_line.end() && !given->second.empty()) {
        result_.values.emplace(name, SourcedText{given->second, "command line"});
        continue;
      }
      auto value = find(name, environment);
      if (!value) value = find(name, env_file);
      if (!value) value = SourcedText{std::string(spec->fallback), "default"};
      result_.values.emplace(name, std::move(*value));
    }
    return std::move(result_);
  }

 private:
  void problem(std::string_view name, std::string_view what, std::string_view source) {
    result_.problems.push_back(fmt::format("{}: {} ({})", name, what, source));
  }

  // The setting whose NAME_FILE this is. A setting may itself end in _FILE; then it is no
  // indirection.
  bool is_file_name(std::string_view name) const {
    return name.ends_with(kFileSuffix) && !specs_.contains(name) &&
           specs_.contains(name.substr(0, name.size() - kFileSuffix.size()));
  }

  static Source from_environment(const std::map<std::string, std::string>& environment) {
    Source source;
    for (const auto& [name, value] : environment) {
      source.emplace(name, SourcedText{value, "environment"});
    }
    return source;
  }

  Source from_file(const std::filesystem::path& path) {
    Source source;
    if (path.empty()) return source;
    const auto text = detail::read_file(path, detail::kMaxEnvFileBytes);
    if (!text) {
      result_.problems.push_back(text.error().message);
      return source;
    }
    detail::EnvText parsed = detail::parse_env(*text, path.string());
    std::ranges::move(parsed.problems, std::back_inserter(result_.problems));
    for (detail::EnvEntry& entry : parsed.entries) {
      const std::string where = fmt::format("{}:{}", path.string(), entry.line);
      const bool known = specs_.contains(entry.name) || is_file_name(entry.name);
      if (!known) {
        if (!similar(entry.name).empty()) unknown(entry.name, where);
        continue;
      }
      const auto [first, fresh] =
          source.emplace(entry.name, SourcedText{std::move(entry.value), where});
      if (!fresh) problem(entry.name, "is already set at " + first->second.source, where);
    }
    return source;
  }

  // A setting that `name` is probably a slip of; empty when there is none. Short names are near to
  // too many others for two edits to mean anything.
  std::string_view similar(std::string_view name) const {
    constexpr std::size_t kShortName = 8;
    std::size_t best = name.size() < kShortName ? 2 : 3;
    std::string_view found;
    for (const auto& [known, spec] : specs_) {
      if (known.size() > name.size() + 2 || name.size() > known.size() + 2) continue;
      const std::size_t distance = edit_distance(name, known);
      if (distance < best) {
        best = distance;
        found = known;
      }
    }
    return found;
  }

  void unknown(std::string_view name, std::string_view source) {
    const std::string_view near = similar(name);
    problem(
        name,
        near.empty() ? "is not a setting" : fmt::format("is not a setting; did you mean {}?", near),
        source);
  }

  // NAME or the content of NAME_FILE in one source.
  std::optional<SourcedText> find(std::string_view name, const Source& source) {
    const auto plain = source.find(name);
    const bool has_plain = plain != source.end() && !plain->second.text.empty();
    const std::string file_name = std::string(name) + std::string(kFileSuffix);
    const auto file = is_file_name(file_name) ? source.find(file_name) : source.end();
    const bool has_file = file != source.end() && !file->second.text.empty();
    if (has_plain && has_file) {
      problem(name, fmt::format("is set together with {}; keep one of them", file_name),
              plain->second.source);
    }
    if (has_plain) return plain->second;
    if (!has_file) return std::nullopt;

    auto content = detail::read_file(file->second.text, detail::kMaxSecretFileBytes);
    if (!content) {
      problem(file_name, content.error().message, file->second.source);
      return std::nullopt;
    }
    while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
    if (content->empty()) {
      problem(file_name, fmt::format("{} is empty", file->second.text), file->second.source);
      return std::nullopt;
    }
    return SourcedText{std::move(*content), file_name};
  }

  std::map<std::string_view, const SettingSpec*> specs_;
  CollectedSettings result_;
};

}  // namespace

CollectedSettings detail::collect_settings(std::span<const SettingSection> sections,
                                           const SettingSources& sources) {
  return Collector(sections).run(sources);
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace selvage
