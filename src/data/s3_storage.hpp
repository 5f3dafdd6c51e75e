// Objects in a bucket of Amazon S3 or of anything that speaks its protocol: MinIO, Ceph, R2, ...
//
//   s3://bucket[/prefix]?region=eu-central-1&endpoint=https://host[:port][/path]&style=path|host
//
// Requests are signed with AWS Signature Version 4, bodies included. Signed URLs are made here,
// without a call, so they name missing objects too. Missing by default: region us-east-1, endpoint
// that of AWS in the region, style host at AWS (path when the bucket's name has a dot) and path
// elsewhere. The key needs s3:GetObject, PutObject, DeleteObject and ListBucket.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "data/object_storage.hpp"
#include "data/remote_place.hpp"
#include "net/blocking_pool.hpp"
#include "net/loop.hpp"

namespace selvage::data {

struct S3Options {
  std::string endpoint;     // scheme://host[:port][/path], no slash at its end
  bool host_style = false;  // https://bucket.host/key, else https://host/bucket/key
  std::string region;
  RemotePlace place;
  std::string key_id;
  Secret secret_key;
  Secret session_token;         // of temporary credentials; signed URLs die with them
  std::string public_endpoint;  // of signed URLs; empty: `endpoint`
  RemoteOptions remote;
};

// Errors: settings.storage_url.
[[nodiscard]] Result<S3Options> parse_s3_url(std::string_view url);

class S3Storage final : public ObjectStorage {
 public:
  // `home` and `pool` outlive it, and `home` runs while it is used; no call may be under way at its
  // end. Errors: storage.credentials (invalid).
  [[nodiscard]] static Result<std::unique_ptr<S3Storage>> open(S3Options options, net::Loop& home,
                                                               net::BlockingPool& pool);
  ~S3Storage() override;

  Task<Result<void>> put(std::string key, std::string bytes, std::string media_type) override;
  Task<Result<StoredObject>> get(std::string key) override;
  Task<Result<bool>> exists(std::string key) override;
  Task<Result<void>> remove(std::string key) override;
  Task<Result<std::vector<std::string>>> list(std::string prefix, std::size_t limit) override;
  Task<Result<std::string>> signed_url(std::string key, seconds lifetime) override;
  Task<Result<void>> ping() override;
  std::string public_origin() const override;

 private:
  struct Impl;
  explicit S3Storage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::data
