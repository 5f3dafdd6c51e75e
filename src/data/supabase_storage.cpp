#include "data/supabase_storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "data/detail/object_rules.hpp"
#include "data/detail/storage_calls.hpp"
#include "data/detail/supabase_answers.hpp"
#include "net/hop.hpp"
#include "net/url.hpp"

namespace selvage::data {

namespace {

using net::Method;

constexpr std::string_view kRoot = "/storage/v1";
constexpr std::string_view kSignedPath = "/object/sign/";
// Of both lists and batches: what the service takes in one call.
constexpr std::size_t kMaxBatch = 1000;
constexpr ByteCount kMaxAnswer{8 << 20};  // of everything but an object
constexpr seconds kPingTime{4};
// Results are written once under a name of their own; "private" keeps shared caches away, which
// would go on with an old picture after a retry has written another.
constexpr std::string_view kCacheControl = "private, max-age=3600";

net::Headers auth_headers(const Secret& key) {
  net::Headers headers;
  headers.add("apikey", key.reveal());
  if (key.reveal().starts_with("eyJ")) headers.add("Authorization", "Bearer " + key.reveal());
  return headers;
}

std::unexpected<Error> strange(std::string_view what) {
  return fail(not_understood(kSupabase, what).error);
}

}  // namespace

struct SupabaseStorage::Impl {
  Impl(SupabaseOptions given, net::Loop& home_loop)
      : options(std::move(given)),
        home(home_loop),
        root(options.origin + std::string(kRoot)),
        calls(home_loop, kSupabase, options.remote) {}

  const SupabaseOptions options;
  net::Loop& home;
  const std::string root;
  StorageCalls calls;

  [[nodiscard]] std::string url(std::string_view action, std::string_view key = {}) const {
    const RemotePlace& place = options.place;
    if (key.empty()) return fmt::format("{}{}/{}", root, action, place.bucket);
    return fmt::format("{}{}/{}/{}", root, action, place.bucket, place.name_of(key));
  }
  [[nodiscard]] std::shared_ptr<net::ClientRequest> request(Method method, std::string url) const {
    auto made = std::make_shared<net::ClientRequest>();
    made->method = method;
    made->url = std::move(url);
    made->headers = auth_headers(options.key);
    made->max_body = kMaxAnswer;
    return made;
  }
  [[nodiscard]] Task<Result<net::ClientResponse>> send(std::string_view what,
                                                       std::shared_ptr<net::ClientRequest> request,
                                                       milliseconds time) {
    co_return co_await calls.send({what,
                                   std::move(request),
                                   {},
                                   [this](const net::ClientResponse& response) {
                                     return judge_supabase(response, options.key);
                                   },
                                   Deadline::after(time)});
  }
  // JSON there and back. A body that is no JSON is no answer of the service.
  Task<Result<json::value>> ask(std::string_view what, Method method, std::string url,
                                json::object body) {
    auto made = request(method, std::move(url));
    if (!body.empty()) {
      made->headers.add("Content-Type", "application/json");
      made->body = json::dump(body);
    }
    const net::ClientResponse response =
        CO_TRY(co_await send(what, std::move(made), options.remote.timeout));
    Result<json::value> answer = json::parse(response.body);
    if (!answer) co_return strange("the answer is no JSON");
    co_return std::move(*answer);
  }

  Task<Result<void>> put(std::string key, std::string bytes, std::string media_type) {
    auto made = request(Method::post, url("/object", key));
    made->headers.add("Content-Type", std::move(media_type));
    made->headers.add("Cache-Control", std::string(kCacheControl));
    made->headers.add("x-upsert", "true");
    made->body = std::move(bytes);
    const net::ClientResponse response =
        CO_TRY(co_await send("put", std::move(made), options.remote.timeout));
    const Result<json::value> answer = json::parse(response.body);
    if (!answer || !answer->is_object() || !answer->get_object().contains("Key")) {
      co_return strange("the upload is not confirmed");
    }
    co_return Result<void>();
  }

  Task<Result<StoredObject>> get(std::string key) {
    auto made = request(Method::get, url("/object/authenticated", key));
    made->max_body = ByteCount{kMaxObjectBytes};
    net::ClientResponse response =
        CO_TRY(co_await send("get", std::move(made), options.remote.timeout));
    co_return StoredObject{std::move(response.body), std::string(media_type_of_key(key))};
  }

  Task<Result<bool>> exists(std::string key) {
    const Result<json::value> info =
        co_await ask("exists", Method::get, url("/object/info/authenticated", key), {});
    if (info) co_return true;
    if (info.error().code == "storage.not_found") co_return false;
    co_return fail(info.error());
  }

  Task<Result<void>> remove(std::vector<std::string> keys) {
    for (std::size_t next = 0; next < keys.size();) {
      json::array names;
      for (; next < keys.size() && names.size() < kMaxBatch; ++next) {
        names.emplace_back(options.place.name_of(keys[next]));
      }
      json::object body;
      body["prefixes"] = std::move(names);
      CO_TRY(co_await ask("remove", Method::delete_, url("/object"), std::move(body)));
    }
    co_return Result<void>();
  }

  Task<Result<std::vector<std::string>>> list(std::string prefix, std::size_t limit) {
    std::vector<std::string> keys;
    std::string cursor;
    do {
      json::object body{{"prefix", options.place.name_of(prefix)},
                        {"limit", kMaxBatch},
                        {"sortBy", {{"column", "name"}, {"order", "asc"}}}};
      if (!cursor.empty()) body["cursor"] = cursor;
      const json::value page =
          CO_TRY(co_await ask("list", Method::post, url("/object/list-v2"), std::move(body)));
      cursor = CO_TRY(read_page(page, keys));
    } while (!cursor.empty() && keys.size() < limit);
    std::ranges::sort(keys);
    if (keys.size() > limit) keys.resize(limit);
    co_return keys;
  }
  // Adds the page's keys; returns where the next page begins, or "".
  Result<std::string> read_page(const json::value& page, std::vector<std::string>& keys) const {
    const json::object* const object = page.if_object();
    const json::value* const objects = object ? object->if_contains("objects") : nullptr;
    if (objects == nullptr || !objects->is_array()) return strange("the list has no objects");
    for (const json::value& entry : objects->get_array()) {
      const json::value* const name =
          entry.is_object() ? entry.get_object().if_contains("name") : nullptr;
      if (name == nullptr || !name->is_string()) return strange("an object has no name");
      if (auto key = options.place.key_of(std::string_view(name->get_string()))) {
        keys.push_back(std::move(*key));
      }
    }
    const json::value* const more = object->if_contains("hasNext");
    const json::value* const cursor = object->if_contains("nextCursor");
    if (more == nullptr || !more->is_bool() || !more->get_bool()) return std::string();
    if (cursor == nullptr || !cursor->is_string() || cursor->get_string().empty()) {
      return strange("the list goes on, but does not say where");
    }
    return std::string(std::string_view(cursor->get_string()));
  }

  // `signed_path` is relative to the root of the storage.
  Result<std::string> public_url(const json::value* signed_path) const {
    if (signed_path == nullptr || !signed_path->is_string() ||
        !std::string_view(signed_path->get_string()).starts_with(kSignedPath)) {
      return strange("the link is not signed");
    }
    const std::string& origin =
        options.public_origin.empty() ? options.origin : options.public_origin;
    return fmt::format("{}{}{}", origin, kRoot, std::string_view(signed_path->get_string()));
  }

  Task<Result<std::string>> sign(std::string key, seconds lifetime) {
    json::object body;
    body["expiresIn"] = lifetime.count();
    const json::value answer =
        CO_TRY(co_await ask("sign", Method::post, url("/object/sign", key), std::move(body)));
    co_return public_url(answer.is_object() ? answer.get_object().if_contains("signedURL")
                                            : nullptr);
  }

  Task<Result<std::vector<std::string>>> sign_many(std::vector<std::string> keys,
                                                   seconds lifetime) {
    std::vector<std::string> urls;
    urls.reserve(keys.size());
    while (urls.size() < keys.size()) {
      json::array paths;
      for (std::size_t i = urls.size(); i < keys.size() && paths.size() < kMaxBatch; ++i) {
        paths.emplace_back(options.place.name_of(keys[i]));
      }
      const std::size_t wanted = paths.size();
      json::object body;
      body["expiresIn"] = lifetime.count();
      body["paths"] = std::move(paths);
      const json::value answer =
          CO_TRY(co_await ask("sign", Method::post, url("/object/sign"), std::move(body)));
      if (!answer.is_array() || answer.get_array().size() != wanted) {
        co_return strange("not every path has a link");
      }
      for (const json::value& entry : answer.get_array()) {
        const json::value* const path =
            entry.is_object() ? entry.get_object().if_contains("signedURL") : nullptr;
        const bool gone = path != nullptr && path->is_null();  // with an error in its place
        urls.push_back(gone ? std::string() : CO_TRY(public_url(path)));
      }
    }
    co_return urls;
  }

  Task<Result<void>> ping() {
    const net::ClientResponse response =
        CO_TRY(co_await send("ping", request(Method::get, url("/bucket")),
                             std::min<milliseconds>(kPingTime, options.remote.timeout)));
    const Result<json::value> answer = json::parse(response.body);
    if (!answer || !answer->is_object() || !answer->get_object().contains("id")) {
      co_return strange("the bucket is not described");
    }
    co_return Result<void>();
  }
};

SupabaseStorage::SupabaseStorage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SupabaseStorage::~SupabaseStorage() = default;

Result<SupabaseOptions> parse_supabase_url(std::string_view url) {
  constexpr std::string_view kExample =
      "supabase://<project-ref>.supabase.co/<bucket>, or supabase+http://host:port/<bucket>";
  const std::size_t scheme_end = url.find("://");
  const std::string scheme = to_lower_ascii(url.substr(0, std::min(scheme_end, url.size())));
  const bool plain = scheme == "supabase+http";
  if (scheme_end == std::string_view::npos || (!plain && scheme != "supabase")) {
    return bad_storage_url("is no address of Supabase Storage", kExample);
  }
  const std::string address = fmt::format("{}{}", plain ? "http" : "https", url.substr(scheme_end));
  const Result<net::Url> parsed = net::Url::parse(address);
  if (!parsed) return bad_storage_url("cannot be read: " + parsed.error().message, kExample);
  if (parsed->target.contains('?'))
    return bad_storage_url("has a query, which means nothing here", kExample);
  SupabaseOptions options;
  options.origin = parsed->origin();
  options.place = TRY(parse_place(std::string_view(parsed->target).substr(1)));
  return options;
}

Result<std::unique_ptr<SupabaseStorage>> SupabaseStorage::open(SupabaseOptions options,
                                                               net::Loop& home) {
  const std::string& key = options.key.reveal();
  if (!key.starts_with("sb_secret_") && !key.starts_with("eyJ")) {
    const std::string_view what = key.empty() ? "SUPABASE_SERVICE_KEY is not set"
                                  : key.starts_with("sb_publishable_")
                                      ? "SUPABASE_SERVICE_KEY is a publishable key"
                                      : "SUPABASE_SERVICE_KEY is no key of Supabase";
    return fail(ErrorKind::invalid, "storage.credentials", std::string(what),
                "set it to the project's secret key (sb_secret_...) or service_role key (eyJ...)");
  }
  return std::unique_ptr<SupabaseStorage>(
      new SupabaseStorage(std::make_unique<Impl>(std::move(options), home)));
}

Task<Result<void>> SupabaseStorage::put(std::string key, std::string bytes,
                                        std::string media_type) {
  CO_TRY(check_key(key));
  CO_TRY(check_size(key, bytes.size()));
  co_return co_await net::run_on(impl_->home, [&] [[clang::coro_wrapper]] () {
    return impl_->put(std::move(key), std::move(bytes), std::move(media_type));
  });
}

Task<Result<StoredObject>> SupabaseStorage::get(std::string key) {
  CO_TRY(check_key(key));
  co_return co_await net::run_on(
      impl_->home, [&] [[clang::coro_wrapper]] () { return impl_->get(std::move(key)); });
}

Task<Result<bool>> SupabaseStorage::exists(std::string key) {
  CO_TRY(check_key(key));
  co_return co_await net::run_on(
      impl_->home, [&] [[clang::coro_wrapper]] () { return impl_->exists(std::move(key)); });
}

Task<Result<void>> SupabaseStorage::remove(std::string key) {
  std::vector<std::string> keys;
  keys.push_back(std::move(key));
  co_return co_await remove_many(std::move(keys));
}

Task<Result<void>> SupabaseStorage::remove_many(std::vector<std::string> keys) {
  for (const std::string& key : keys) CO_TRY(check_key(key));
  co_return co_await net::run_on(
      impl_->home, [&] [[clang::coro_wrapper]] () { return impl_->remove(std::move(keys)); });
}

Task<Result<std::vector<std::string>>> SupabaseStorage::list(std::string prefix,
                                                             std::size_t limit) {
  CO_TRY(check_prefix(prefix));
  limit = std::min(limit, kMaxListed);
  co_return co_await net::run_on(impl_->home, [&] [[clang::coro_wrapper]] () {
    return impl_->list(std::move(prefix), limit);
  });
}

Task<Result<std::string>> SupabaseStorage::signed_url(std::string key, seconds lifetime) {
  CO_TRY(check_key(key));
  CO_TRY(check_lifetime(lifetime));
  co_return co_await net::run_on(impl_->home, [&] [[clang::coro_wrapper]] () {
    return impl_->sign(std::move(key), lifetime);
  });
}

Task<Result<std::vector<std::string>>> SupabaseStorage::signed_urls(std::vector<std::string> keys,
                                                                    seconds lifetime) {
  for (const std::string& key : keys) CO_TRY(check_key(key));
  CO_TRY(check_lifetime(lifetime));
  co_return co_await net::run_on(impl_->home, [&] [[clang::coro_wrapper]] () {
    return impl_->sign_many(std::move(keys), lifetime);
  });
}

Task<Result<void>> SupabaseStorage::ping() {
  co_return co_await net::run_on(impl_->home,
                                 [&] [[clang::coro_wrapper]] () { return impl_->ping(); });
}

std::string SupabaseStorage::public_origin() const {
  const SupabaseOptions& options = impl_->options;
  return options.public_origin.empty() ? options.origin : options.public_origin;
}

}  // namespace selvage::data
