#include "data/detail/backend_choice.hpp"

#include <filesystem>

#include "base/text.hpp"

namespace selvage::data {

DataUrl parse_data_url(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos) return {};
  std::string_view rest = url.substr(colon + 1);
  if (rest.starts_with("//")) rest.remove_prefix(2);
  return {to_lower_ascii(url.substr(0, colon)), std::string(rest)};
}

Error no_such_backend(std::string_view setting, std::string_view code, const DataUrl& url,
                      std::string_view example) {
  std::string what =
      url.scheme.empty() ? fmt::format("{} has no scheme; use {}", setting, example)
      : url.rest.empty()
          ? fmt::format("{} names nothing after {}:; use {}", setting, url.scheme, example)
          : fmt::format("{}:// is not supported by this build yet; use {}", url.scheme, example);
  return {ErrorKind::invalid, std::string(code), std::move(what),
          fmt::format("change the setting {}", setting), nullptr};
}

Result<void> create_data_directory(const Settings& settings) {
  const std::filesystem::path directory(settings.text("DATA_DIR"));
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (!failed) return {};
  return fail(
      ErrorKind::unavailable, "settings.data_dir",
      fmt::format("the directory {} cannot be created: {}", directory.string(), failed.message()),
      "create it for the user of this process, or set DATA_DIR to another one");
}

}  // namespace selvage::data
