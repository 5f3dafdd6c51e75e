#include "data/local_storage.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/crypto.hpp"
#include "data/detail/object_files.hpp"
#include "data/detail/object_rules.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMinSigningKey = 16;

std::int64_t unix_seconds(Timestamp time) { return to_unix_ms(time) / 1000; }

std::string sign(const Secret& key, std::string_view object, std::string_view expires) {
  return hmac_sha256(key.reveal(), fmt::format("files\n{}\n{}", object, expires));
}

}  // namespace

struct LocalStorage::Impl {
  std::unique_ptr<ObjectFiles> files;
  Secret signing_key;
  std::string base_url;  // without a slash at its end
  net::BlockingPool& pool;
};

LocalStorage::LocalStorage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LocalStorage::~LocalStorage() = default;

Result<std::unique_ptr<LocalStorage>> LocalStorage::open(std::filesystem::path root,
                                                         Secret signing_key, std::string base_url,
                                                         net::BlockingPool& pool) {
  if (signing_key.reveal().size() < kMinSigningKey) {
    return fail(ErrorKind::invalid, "storage.signing_key",
                fmt::format("the storage signing key has fewer than {} characters", kMinSigningKey),
                "set STORAGE_SIGNING_KEY to a long random text, or leave it empty");
  }
  while (base_url.ends_with('/')) base_url.pop_back();
  std::unique_ptr<ObjectFiles> files = TRY(ObjectFiles::open(root));
  return std::unique_ptr<LocalStorage>(new LocalStorage(std::unique_ptr<Impl>(
      new Impl{std::move(files), std::move(signing_key), std::move(base_url), pool})));
}

Task<Result<void>> LocalStorage::put(std::string key, std::string bytes, std::string) {
  CO_TRY(check_key(key));
  CO_TRY(check_size(key, bytes.size()));
  co_return co_await impl_->pool.run([&] { return impl_->files->put(key, bytes); });
}

Task<Result<StoredObject>> LocalStorage::get(std::string key) {
  CO_TRY(check_key(key));
  std::string bytes = CO_TRY(co_await impl_->pool.run([&] { return impl_->files->get(key); }));
  co_return StoredObject{std::move(bytes), std::string(media_type_of_key(key))};
}

Task<Result<bool>> LocalStorage::exists(std::string key) {
  CO_TRY(check_key(key));
  co_return co_await impl_->pool.run([&] { return impl_->files->exists(key); });
}

Task<Result<void>> LocalStorage::remove(std::string key) {
  CO_TRY(check_key(key));
  co_return co_await impl_->pool.run([&] { return impl_->files->remove(key); });
}

Task<Result<std::vector<std::string>>> LocalStorage::list(std::string prefix, std::size_t limit) {
  CO_TRY(check_prefix(prefix));
  limit = std::min(limit, kMaxListed);
  co_return co_await impl_->pool.run([&] { return impl_->files->list(prefix, limit); });
}

Task<Result<std::string>> LocalStorage::signed_url(std::string key, seconds lifetime) {
  CO_TRY(check_key(key));
  CO_TRY(check_lifetime(lifetime));
  const std::string expires = std::to_string(unix_seconds(now()) + lifetime.count());
  co_return fmt::format("{}/files/{}?expires={}&signature={}", impl_->base_url, key, expires,
                        sign(impl_->signing_key, key, expires));
}

Task<Result<void>> LocalStorage::ping() {
  co_return co_await impl_->pool.run([&] { return impl_->files->check_writable(); });
}

Result<void> LocalStorage::verify(std::string_view key, std::string_view expires,
                                  std::string_view signature) const {
  // The signature comes first: what we did not sign learns nothing but that.
  if (!check_key(key) || !equal_constant_time(signature, sign(impl_->signing_key, key, expires))) {
    return fail(ErrorKind::forbidden, "storage.signature",
                "the signature of this link does not fit it", "ask for a new link");
  }
  std::int64_t until = 0;
  std::from_chars(expires.begin(), expires.end(), until);  // ours, so it is a number
  if (unix_seconds(now()) < until) return {};
  return fail(ErrorKind::forbidden, "storage.expired", "this link has expired",
              "ask for a new link");
}

}  // namespace selvage::data
