// Which part a setting like DATABASE_URL or STORAGE_URL names, by its scheme.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/settings.hpp"

namespace selvage::data {

struct DataUrl {
  std::string scheme;  // lower case; empty when there is none
  std::string rest;    // without "//" at its start
};

// sqlite:/var/db and sqlite:///var/db name the same file; sqlite://db is as good as sqlite:db.
[[nodiscard]] DataUrl parse_data_url(std::string_view url);

// Shows the scheme alone when there is one: the rest may hold a password.
[[nodiscard]] Error no_such_backend(std::string_view setting, std::string_view code,
                                    const DataUrl& url, std::string_view example);

// The row whose `scheme` is the URL's. Errors: `code` (invalid), which shows `example`.
template <class Backend>
[[nodiscard]] Result<const Backend*> choose(std::span<const Backend> backends,
                                            std::string_view setting, std::string_view code,
                                            const DataUrl& url, std::string_view example) {
  for (const Backend& backend : backends) {
    if (backend.scheme == url.scheme && !url.rest.empty()) return &backend;
  }
  return fail(no_such_backend(setting, code, url, example));
}

// Errors: settings.data_dir (unavailable).
[[nodiscard]] Result<void> create_data_directory(const Settings& settings);

}  // namespace selvage::data
