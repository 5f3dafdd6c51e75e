// A bucket of a storage behind HTTP: where in it our objects lie, and how it is called.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace selvage::data {

struct RemotePlace {
  std::string bucket;
  std::string prefix;  // without a slash at its end; empty: the whole bucket

  // The name of an object in the bucket.
  [[nodiscard]] std::string name_of(std::string_view key) const;
  // The key of such a name; nullopt when it lies elsewhere or is none of ours.
  [[nodiscard]] std::optional<std::string> key_of(std::string_view name) const;
};

struct RemoteOptions {
  milliseconds timeout{30'000};  // of one operation, all its tries together
  std::string ca_file;           // empty: the system's
};

// "bucket[/prefix[/]]". Errors: settings.storage_url.
[[nodiscard]] Result<RemotePlace> parse_place(std::string_view path);

[[nodiscard]] std::unexpected<Error> bad_storage_url(std::string_view what,
                                                     std::string_view example);

}  // namespace selvage::data
