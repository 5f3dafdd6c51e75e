// Object storage: pictures by key. Keys are relative paths of [A-Za-z0-9_./-], without "..", at
// most 512 bytes. All calls may be awaited on any loop. put() is durable and atomic when it
// resumes: a reader sees all or nothing.
//
// Errors of any call: storage.key; storage.unavailable (unavailable or timeout): away, slow or
// full, later may help. Of storages behind HTTP, of kind unavailable, until the operator mends
// them: storage.denied (key or policy), storage.no_bucket, storage.region, storage.clock,
// storage.read_only, storage.protocol. STORAGE_TIMEOUT bounds each call.
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
  // Overwrites. Also storage.full, storage.too_large, storage.media_type (the bucket does not take
  // it).
  [[nodiscard]] virtual Task<Result<void>> put(std::string key, std::string bytes,
                                               std::string media_type) = 0;
  // Also storage.not_found, storage.too_large (over kMaxObjectBytes).
  [[nodiscard]] virtual Task<Result<StoredObject>> get(std::string key) = 0;
  [[nodiscard]] virtual Task<Result<bool>> exists(std::string key) = 0;
  // Removing what is not there succeeds.
  [[nodiscard]] virtual Task<Result<void>> remove(std::string key) = 0;
  // The same for many, in few calls where the storage can; some may be gone when it fails.
  [[nodiscard]] virtual Task<Result<void>> remove_many(std::vector<std::string> keys);
  // Keys under a prefix, sorted, at most `limit`, for sweeping.
  [[nodiscard]] virtual Task<Result<std::vector<std::string>>> list(std::string prefix,
                                                                    std::size_t limit) = 0;
  // A URL that anyone may fetch until `lifetime` has passed. Also storage.not_found, where signing
  // looks the object up, and storage.lifetime.
  [[nodiscard]] virtual Task<Result<std::string>> signed_url(std::string key, seconds lifetime) = 0;
  // One for each key, in their order, in few calls where the storage can; empty for an object that
  // is known to be gone.
  [[nodiscard]] virtual Task<Result<std::vector<std::string>>> signed_urls(
      std::vector<std::string> keys, seconds lifetime);
  // Whether it answers and lets us in.
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
  // scheme://host[:port] of signed URLs; empty when they are our own.
  [[nodiscard]] virtual std::string public_origin() const { return {}; }
};

// No part of a key is empty or begins with a dot. Errors: storage.key (invalid).
[[nodiscard]] Result<void> check_key(std::string_view key);
// By the extension: JPEG, PNG and WebP, else "application/octet-stream".
[[nodiscard]] std::string_view media_type_of_key(std::string_view key);

}  // namespace selvage::data
