// Objects as files under a directory, written to a temporary name, synced, renamed, directory
// synced. Signed URLs are "<base_url>/files/<key>?expires=<unix s>&signature=<HMAC-SHA-256>",
// checked in constant time by verify().
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/secret.hpp"
#include "data/object_storage.hpp"
#include "net/blocking_pool.hpp"

namespace selvage::data {

class LocalStorage final : public ObjectStorage {
 public:
  // Creates `root` and removes temporary files a crash left behind. `pool` must outlive it.
  // `base_url` may be empty: signed URLs are then relative ("/files/...").
  [[nodiscard]] static Result<std::unique_ptr<LocalStorage>> open(std::filesystem::path root,
                                                                  Secret signing_key,
                                                                  std::string base_url,
                                                                  net::BlockingPool& pool);
  ~LocalStorage() override;

  Task<Result<void>> put(std::string key, std::string bytes, std::string media_type) override;
  Task<Result<StoredObject>> get(std::string key) override;
  Task<Result<bool>> exists(std::string key) override;
  Task<Result<void>> remove(std::string key) override;
  Task<Result<std::vector<std::string>>> list(std::string prefix, std::size_t limit) override;
  Task<Result<std::string>> signed_url(std::string key, seconds lifetime) override;
  Task<Result<void>> ping() override;

  // Whether a request for /files/<key> carries a signature that is ours and not expired. Any
  // thread. Errors: storage.signature (forbidden), storage.expired (forbidden).
  [[nodiscard]] Result<void> verify(std::string_view key, std::string_view expires,
                                    std::string_view signature) const;

 private:
  struct Impl;
  explicit LocalStorage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::data
