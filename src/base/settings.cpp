#include "base/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/detail/settings_sources.hpp"
#include "base/detail/settings_value.hpp"
#include "base/text.hpp"

namespace selvage {

namespace {

// 16 random characters of a 64-letter alphabet are 96 bits.
constexpr std::size_t kMinGoodSecret = 16;

}  // namespace

Result<Settings> Settings::load(std::vector<SettingSection> sections, SettingSources sources) {
  detail::CollectedSettings collected = detail::collect_settings(sections, sources);
  std::vector<std::string> problems = std::move(collected.problems);

  Settings settings;
  settings.sections_ = std::move(sections);
  for (const SettingSection& section : settings.sections_) {
    for (const SettingSpec& spec : section.specs) {
      detail::SourcedText& found = collected.values.find(spec.name)->second;
      const auto number = detail::check_value(spec, found.text);
      if (!number) {
        problems.push_back(fmt::format("{}: {} ({})", spec.name, number.error(), found.source));
        continue;
      }
      Value value{&spec, {}, std::move(found.source), *number, Secret()};
      if (spec.type == SettingType::secret) {
        value.secret = Secret(std::move(found.text));
      } else {
        value.text = std::move(found.text);
      }
      settings.values_.emplace(spec.name, std::move(value));
    }
  }
  if (problems.empty()) return settings;
  return fail(ErrorKind::invalid, "settings.invalid",
              fmt::format("{} of the settings cannot be used:\n  {}",
                          problems.size() == 1 ? "one" : fmt::format("{}", problems.size()),
                          join(problems, "\n  ")),
              "Run `selvage settings` to see every setting with its meaning and its default.");
}

const Settings::Value& Settings::find(std::string_view name,
                                      std::initializer_list<SettingType> types) const {
  const auto found = values_.find(name);
  SELVAGE_CHECK(found != values_.end());
  SELVAGE_CHECK(std::ranges::find(types, found->second.spec->type) != types.end());
  return found->second;
}

const std::string& Settings::text(std::string_view name) const {
  return find(name, {SettingType::text, SettingType::choice, SettingType::url, SettingType::path})
      .text;
}

std::int64_t Settings::integer(std::string_view name) const {
  return find(name, {SettingType::integer}).number;
}

bool Settings::flag(std::string_view name) const {
  return find(name, {SettingType::flag}).number != 0;
}

milliseconds Settings::duration(std::string_view name) const {
  return milliseconds(find(name, {SettingType::duration}).number);
}

ByteCount Settings::bytes(std::string_view name) const {
  return {static_cast<std::uint64_t>(find(name, {SettingType::bytes}).number)};
}

std::vector<std::string> Settings::list(std::string_view name) const {
  return detail::list_items(find(name, {SettingType::list}).text);
}

const Secret& Settings::secret(std::string_view name) const {
  return find(name, {SettingType::secret}).secret;
}

bool Settings::is_set(std::string_view name) const {
  const auto found = values_.find(name);
  SELVAGE_CHECK(found != values_.end());
  const Value& value = found->second;
  return value.source != "default" && !(value.text.empty() && value.secret.empty());
}

std::vector<Settings::Listed> Settings::listed() const {
  std::vector<Listed> all;
  for (const SettingSection& section : sections_) {
    for (const SettingSpec& spec : section.specs) {
      const Value& value = values_.find(spec.name)->second;
      const bool secret = spec.type == SettingType::secret;
      all.push_back({&spec, detail::shown_value(spec, secret ? value.secret.reveal() : value.text),
                     value.source});
    }
  }
  return all;
}

std::vector<std::string> Settings::production_warnings() const {
  std::vector<std::string> warnings;
  for (const Listed& item : listed()) {
    const Value& value = values_.find(item.spec->name)->second;
    if (item.spec->risky_in_production && is_set(item.spec->name) &&
        value.text != item.spec->fallback) {
      warnings.push_back(fmt::format("{} is {} ({}), which is unsafe in production: {}",
                                     item.spec->name, in_quotes(item.shown), item.source,
                                     item.spec->doc));
    }
    const std::size_t length = value.secret.reveal().size();
    if (length != 0 && length < kMinGoodSecret) {
      warnings.push_back(fmt::format("{} has only {} characters; use at least {} random ones",
                                     item.spec->name, length, kMinGoodSecret));
    }
  }
  return warnings;
}

}  // namespace selvage
