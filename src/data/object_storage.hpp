// Object storage: pictures by key. Keys are relative paths of [A-Za-z0-9_./-], without "..", at
// most 512 bytes. All calls may be awaited on any loop. put() is durable and atomic when it
// resumes: a reader sees all or nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"

namespace selvage::data {

// The longest object that is taken and given.
inline constexpr std::size_t kMaxObjectBytes = 64 << 20;

struct StoredObject {
  std::string bytes;
  std::string media_type;
};

class ObjectStorage {
 public:
  virtual ~ObjectStorage() = default;
  // Overwrites. Errors: storage.full, storage.unavailable, storage.key, storage.too_large.
  [[nodiscard]] virtual Task<Result<void>> put(std::string key, std::string bytes,
                                               std::string media_type) = 0;
  // Errors: storage.not_found, storage.too_large (over kMaxObjectBytes), storage.unavailable.
  [[nodiscard]] virtual Task<Result<StoredObject>> get(std::string key) = 0;
  [[nodiscard]] virtual Task<Result<bool>> exists(std::string key) = 0;
  // Removing what is not there succeeds.
  [[nodiscard]] virtual Task<Result<void>> remove(std::string key) = 0;
  // Keys under a prefix, sorted, at most `limit`, for sweeping.
  [[nodiscard]] virtual Task<Result<std::vector<std::string>>> list(std::string prefix,
                                                                    std::size_t limit) = 0;
  // A URL that anyone may fetch until `lifetime` has passed.
  [[nodiscard]] virtual Task<Result<std::string>> signed_url(std::string key, seconds lifetime) = 0;
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
};

// No part of a key is empty or begins with a dot. Errors: storage.key (invalid).
[[nodiscard]] Result<void> check_key(std::string_view key);
// By the extension: JPEG, PNG and WebP, else "application/octet-stream".
[[nodiscard]] std::string_view media_type_of_key(std::string_view key);

}  // namespace selvage::data
