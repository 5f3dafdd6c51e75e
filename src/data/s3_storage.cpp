#include "data/s3_storage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "data/detail/aws_signature.hpp"
#include "data/detail/object_rules.hpp"
#include "data/detail/s3_answers.hpp"
#include "data/detail/storage_calls.hpp"
#include "net/hop.hpp"

namespace selvage::data {

namespace {

using net::Method;

constexpr std::size_t kPageKeys = 1000;   // the most that S3 gives
constexpr ByteCount kMaxAnswer{8 << 20};  // of everything but an object
constexpr seconds kPingTime{4};
// Bodies up to here are hashed in place; longer ones would hold up the loop.
constexpr std::size_t kHashedInPlace = 64 * 1024;
constexpr std::string_view kCacheControl = "private, max-age=3600";

// How a bucket is addressed below one endpoint.
class Addressing {
 public:
  Addressing(std::string_view endpoint, const S3Options& options) {
    const std::size_t host_at = endpoint.find("://") + 3;
    const std::size_t path_at = std::min(endpoint.find('/', host_at), endpoint.size());
    const std::string_view host = endpoint.substr(host_at, path_at - host_at);
    scheme_ = endpoint.substr(0, host_at);
    host_ = options.host_style ? fmt::format("{}.{}", options.place.bucket, host) : host;
    base_ = endpoint.substr(path_at);
    if (!options.host_style) base_ += "/" + options.place.bucket;
  }
  // Of an object's name, or of the bucket when it is empty.
  [[nodiscard]] AwsRequest request(Method method, std::string_view name) const {
    return {.method = method,
            .host = host_,
            .path = base_ + (name.empty() && !base_.empty() ? "" : "/") + std::string(name),
            .query = {},
            .headers = {}};
  }
  [[nodiscard]] std::string origin() const { return scheme_ + host_; }

 private:
  std::string scheme_;  // "https://"
  std::string host_;
  std::string base_;  // what every path begins with, without a slash at its end
};

}  // namespace

struct S3Storage::Impl {
  Impl(S3Options given, net::Loop& home_loop, net::BlockingPool& blocking_pool)
      : options(std::move(given)),
        home(home_loop),
        pool(blocking_pool),
        internal(options.endpoint, options),
        shown(options.public_endpoint.empty() ? options.endpoint : options.public_endpoint,
              options),
        signer({options.key_id, options.secret_key, options.session_token}, options.region),
        calls(home_loop, kS3, options.remote) {}

  const S3Options options;
  net::Loop& home;
  net::BlockingPool& pool;
  const Addressing internal;
  const Addressing shown;
  const AwsSigner signer;
  StorageCalls calls;

  struct Body {
    std::string bytes;
    std::string sha256 = std::string(kEmptySha256);
  };
  // Signed anew for each try: a signature is good for a quarter of an hour around its time.
  Task<Result<net::ClientResponse>> send(std::string_view what, AwsRequest request, Body body,
                                         ByteCount max_body, milliseconds time) {
    auto made = std::make_shared<net::ClientRequest>();
    made->method = request.method;
    made->url = internal.origin() + request.target();
    made->body = std::move(body.bytes);
    made->max_body = max_body;
    co_return co_await calls.send(
        {what, std::move(made),
         [this, request = std::move(request), sum = std::move(body.sha256)](
             net::ClientRequest& ready) { ready.headers = signer.sign(request, sum, now()); },
         [this](const net::ClientResponse& response) {
           return judge_s3(response, options.region, options.secret_key);
         },
         Deadline::after(time)});
  }
  Task<Result<net::ClientResponse>> ask(std::string_view what, AwsRequest request) {
    co_return co_await send(what, std::move(request), {}, kMaxAnswer, options.remote.timeout);
  }
  [[nodiscard]] AwsRequest object(Method method, std::string_view key) const {
    return internal.request(method, options.place.name_of(key));
  }

  Task<Result<void>> put(std::string key, Body body, std::string media_type) {
    AwsRequest request = object(Method::put, key);
    request.headers.add("Content-Type", std::move(media_type));
    request.headers.add("Cache-Control", std::string(kCacheControl));
    const net::ClientResponse response = CO_TRY(co_await send(
        "put", std::move(request), std::move(body), kMaxAnswer, options.remote.timeout));
    if (response.headers.get("etag").empty()) {
      co_return fail(not_understood(kS3, "the upload is not confirmed").error);
    }
    co_return Result<void>();
  }

  Task<Result<StoredObject>> get(std::string key) {
    net::ClientResponse response = CO_TRY(co_await send(
        "get", object(Method::get, key), {}, ByteCount{kMaxObjectBytes}, options.remote.timeout));
    co_return StoredObject{std::move(response.body), std::string(media_type_of_key(key))};
  }

  // By the first byte and not by HEAD: an answer to HEAD has no body, so it cannot tell a missing
  // object from a missing bucket, and a picture that seems missing is paid for again.
  Task<Result<bool>> exists(std::string key) {
    AwsRequest request = object(Method::get, key);
    request.headers.add("Range", "bytes=0-0");
    const Result<net::ClientResponse> response = co_await send(
        "exists", std::move(request), {}, ByteCount{kMaxObjectBytes}, options.remote.timeout);
    if (response || response.error().code == "storage.empty_object") co_return true;
    if (response.error().code == "storage.not_found") co_return false;
    co_return fail(response.error());
  }

  Task<Result<void>> remove(std::string key) {
    const Result<net::ClientResponse> response =
        co_await ask("remove", object(Method::delete_, key));
    if (response || response.error().code == "storage.not_found") co_return Result<void>();
    co_return fail(response.error());
  }

  [[nodiscard]] AwsRequest page_request(std::string prefix, std::size_t keys) const {
    AwsRequest request = internal.request(Method::get, {});
    request.query.emplace_back("list-type", "2");
    request.query.emplace_back("max-keys", std::to_string(keys));
    request.query.emplace_back("prefix", std::move(prefix));
    return request;
  }
  Task<Result<std::vector<std::string>>> list(std::string prefix, std::size_t limit) {
    std::vector<std::string> keys;
    std::string next;
    do {
      AwsRequest request = page_request(options.place.name_of(prefix), kPageKeys);
      if (!next.empty()) request.query.emplace_back("continuation-token", next);
      const net::ClientResponse response = CO_TRY(co_await ask("list", std::move(request)));
      S3Page page = CO_TRY(read_s3_page(response.body));
      for (const std::string& name : page.names) {
        if (auto key = options.place.key_of(name)) keys.push_back(std::move(*key));
      }
      next = std::move(page.next);
    } while (!next.empty() && keys.size() < limit);
    std::ranges::sort(keys);
    if (keys.size() > limit) keys.resize(limit);
    co_return keys;
  }

  Task<Result<void>> ping() {
    const net::ClientResponse response =
        CO_TRY(co_await send("ping", page_request(options.place.name_of({}), 1), {}, kMaxAnswer,
                             std::min<milliseconds>(kPingTime, options.remote.timeout)));
    CO_TRY(read_s3_page(response.body));
    co_return Result<void>();
  }
};

S3Storage::S3Storage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
S3Storage::~S3Storage() = default;

Result<std::unique_ptr<S3Storage>> S3Storage::open(S3Options options, net::Loop& home,
                                                   net::BlockingPool& pool) {
  if (options.key_id.empty() || options.secret_key.empty()) {
    return fail(ErrorKind::invalid, "storage.credentials",
                fmt::format("{} is not set",
                            options.key_id.empty() ? "S3_ACCESS_KEY_ID" : "S3_SECRET_ACCESS_KEY"),
                "set both; temporary credentials need S3_SESSION_TOKEN too");
  }
  return std::unique_ptr<S3Storage>(
      new S3Storage(std::make_unique<Impl>(std::move(options), home, pool)));
}

Task<Result<void>> S3Storage::put(std::string key, std::string bytes, std::string media_type) {
  CO_TRY(check_key(key));
  CO_TRY(check_size(key, bytes.size()));
  Impl::Body body;
  if (bytes.size() <= kHashedInPlace) {
    body.sha256 = payload_sha256(bytes);
  } else {
    body.sha256 = CO_TRY(co_await impl_->pool.run(
        [&bytes]() -> Result<std::string> { return payload_sha256(bytes); }));
  }
  body.bytes = std::move(bytes);
  co_return co_await net::run_on(impl_->home, [&] [[clang::coro_wrapper]] () {
    return impl_->put(std::move(key), std::move(body), std::move(media_type));
  });
}

Task<Result<StoredObject>> S3Storage::get(std::string key) {
  CO_TRY(check_key(key));
  co_return co_await net::run_on(
      impl_->home, [&] [[clang::coro_wrapper]] () { return impl_->get(std::move(key)); });
}

Task<Result<bool>> S3Storage::exists(std::string key) {
  CO_TRY(check_key(key));
  co_return co_await net::run_on(
      impl_->home, [&] [[clang::coro_wrapper]] () { return impl_->exists(std::move(key)); });
}

Task<Result<void>> S3Storage::remove(std::string key) {
  CO_TRY(check_key(key));
  co_return co_await net::run_on(
      impl_->home, [&] [[clang::coro_wrapper]] () { return impl_->remove(std::move(key)); });
}

Task<Result<std::vector<std::string>>> S3Storage::list(std::string prefix, std::size_t limit) {
  CO_TRY(check_prefix(prefix));
  limit = std::min(limit, kMaxListed);
  co_return co_await net::run_on(impl_->home, [&] [[clang::coro_wrapper]] () {
    return impl_->list(std::move(prefix), limit);
  });
}

Task<Result<std::string>> S3Storage::signed_url(std::string key, seconds lifetime) {
  CO_TRY(check_key(key));
  CO_TRY(check_lifetime(lifetime));
  co_return impl_->shown.origin() +
      impl_->signer.presign(impl_->shown.request(Method::get, impl_->options.place.name_of(key)),
                            lifetime, now());
}

Task<Result<void>> S3Storage::ping() {
  co_return co_await net::run_on(impl_->home,
                                 [&] [[clang::coro_wrapper]] () { return impl_->ping(); });
}

std::string S3Storage::public_origin() const { return impl_->shown.origin(); }

}  // namespace selvage::data
