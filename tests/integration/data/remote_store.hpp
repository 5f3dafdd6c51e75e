// A storage behind HTTP with blocking calls. It lives on a loop and thread of its own, and every
// call comes from another loop, as those of HTTP threads do.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "data/object_storage.hpp"
#include "net/blocking_pool.hpp"
#include "net/http_client.hpp"
#include "support/stand_in.hpp"

namespace selvage::data {

using Keys = std::vector<std::string>;

class RemoteStore {
 public:
  // `open` makes the storage on the loop it is given.
  template <class Open>
  explicit RemoteStore(Open open) {
    auto opened = open(home_, pool_);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().describe());
    storage_ = std::move(*opened);
    thread_ = std::thread([this] { home_.run(); });
  }
  ~RemoteStore() {
    home_.stop();
    thread_.join();
    storage_.reset();
  }
  RemoteStore(const RemoteStore&) = delete;
  RemoteStore& operator=(const RemoteStore&) = delete;

  template <class T>
  static T run(Task<T> task) {
    net::Loop loop;
    return loop.run_until_done(std::move(task));
  }
  Result<void> put(std::string key, std::string bytes, std::string type = "image/png") {
    return run(storage_->put(std::move(key), std::move(bytes), std::move(type)));
  }
  Result<StoredObject> get(std::string key) { return run(storage_->get(std::move(key))); }
  Result<bool> exists(std::string key) { return run(storage_->exists(std::move(key))); }
  Result<void> remove(std::string key) { return run(storage_->remove(std::move(key))); }
  Result<void> remove_many(Keys keys) { return run(storage_->remove_many(std::move(keys))); }
  Result<Keys> list(std::string prefix, std::size_t limit = 1000) {
    return run(storage_->list(std::move(prefix), limit));
  }
  Result<std::string> signed_url(std::string key, seconds life) {
    return run(storage_->signed_url(std::move(key), life));
  }
  Result<Keys> signed_urls(Keys keys, seconds life) {
    return run(storage_->signed_urls(std::move(keys), life));
  }
  Result<void> ping() { return run(storage_->ping()); }
  ObjectStorage& storage() { return *storage_; }

 private:
  net::Loop home_;
  net::BlockingPool pool_{"files", 2};
  std::unique_ptr<ObjectStorage> storage_;
  std::thread thread_;
};

// As anybody would: without a key.
inline Task<Result<net::ClientResponse>> send_once(net::Method method, std::string url,
                                                   std::string body) {
  net::HttpClient client(net::Loop::current(), {});
  net::ClientRequest request;
  request.method = method;
  request.url = std::move(url);
  request.body = std::move(body);
  request.deadline = Deadline::after(seconds(30));
  co_return co_await client.send(std::move(request));
}
inline net::ClientResponse fetch(std::string url) {
  auto answer = RemoteStore::run(send_once(net::Method::get, std::move(url), {}));
  REQUIRE_MESSAGE(answer.has_value(), answer.error().describe());
  return std::move(*answer);
}

// The controls of a stand-in.
inline void set_faults(const testing::StandIn& stand_in, std::string faults) {
  const auto answer = RemoteStore::run(
      send_once(net::Method::post, stand_in.url("/_standin/faults"), std::move(faults)));
  REQUIRE_MESSAGE(answer.has_value(), answer.error().describe());
  REQUIRE(answer->status == 200);
}
// All further requests fail so, or the next `times`.
inline void set_fault(const testing::StandIn& stand_in, const std::string& what,
                      int times = 1'000'000, const std::string& on = ".*") {
  set_faults(stand_in, R"([{"do":")" + what + R"(","on":")" + on + R"(","times":)" +
                           std::to_string(times) + "}]");
}
inline void reset(const testing::StandIn& stand_in) {
  REQUIRE(RemoteStore::run(send_once(net::Method::post, stand_in.url("/_standin/reset"), {}))
              .has_value());
}
inline std::string calls(const testing::StandIn& stand_in) {
  return fetch(stand_in.url("/_standin/calls")).body;
}
inline std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}
inline std::size_t call_count(const testing::StandIn& stand_in) {
  return count(calls(stand_in), R"("method")");
}

}  // namespace selvage::data
