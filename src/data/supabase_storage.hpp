// Supabase Storage over its REST API, hosted or self-hosted: objects in one bucket, below an
// optional prefix. https://github.com/supabase/storage
//
// The service answers HTTP 400 to almost everything; what went wrong is in the body's code and
// statusCode, and there alone. A signed URL comes relative to the storage's root, and signing looks
// the object up. list() needs a storage server of July 2025 or later (list-v2).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "data/object_storage.hpp"
#include "data/remote_place.hpp"
#include "net/loop.hpp"

namespace selvage::data {

struct SupabaseOptions {
  std::string origin;  // scheme://host[:port]
  RemotePlace place;
  // "sb_secret_..." goes into apikey alone; a JWT ("eyJ...") into apikey and Authorization.
  Secret key;
  std::string public_origin;  // of signed URLs; empty: `origin`
  RemoteOptions remote;
};

// "supabase://<ref>.supabase.co/<bucket>[/prefix]" (https), "supabase+http://host[:port]/bucket".
// Errors: settings.storage_url.
[[nodiscard]] Result<SupabaseOptions> parse_supabase_url(std::string_view url);

class SupabaseStorage final : public ObjectStorage {
 public:
  // `home` outlives it and runs while it is used; no call may be under way at its end. Errors:
  // storage.credentials (invalid): no key, or one of no known kind.
  [[nodiscard]] static Result<std::unique_ptr<SupabaseStorage>> open(SupabaseOptions options,
                                                                     net::Loop& home);
  ~SupabaseStorage() override;

  Task<Result<void>> put(std::string key, std::string bytes, std::string media_type) override;
  Task<Result<StoredObject>> get(std::string key) override;
  Task<Result<bool>> exists(std::string key) override;
  Task<Result<void>> remove(std::string key) override;
  Task<Result<void>> remove_many(std::vector<std::string> keys) override;
  Task<Result<std::vector<std::string>>> list(std::string prefix, std::size_t limit) override;
  Task<Result<std::string>> signed_url(std::string key, seconds lifetime) override;
  Task<Result<std::vector<std::string>>> signed_urls(std::vector<std::string> keys,
                                                     seconds lifetime) override;
  Task<Result<void>> ping() override;
  std::string public_origin() const override;

 private:
  struct Impl;
  explicit SupabaseStorage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::data
