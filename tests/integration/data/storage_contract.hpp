// What object_storage.hpp promises, asked of any storage behind HTTP.
#pragma once

#include <functional>

#include "integration/data/remote_store.hpp"

namespace selvage::data {

// `empties`: whether the service can be asked for a range of an object without bytes.
inline void check_contract(RemoteStore& store, bool empties = true) {
  const std::string picture("\x89PNG\0\xff", 6);
  auto done = store.put("results/a/1.png", picture);
  REQUIRE_MESSAGE(done.has_value(), done.error().describe());
  auto got = store.get("results/a/1.png");
  REQUIRE_MESSAGE(got.has_value(), got.error().describe());
  CHECK(got->bytes == picture);
  CHECK(got->media_type == "image/png");
  CHECK(store.exists("results/a/1.png") == true);
  CHECK(store.exists("results/a/1.pn") == false);

  // overwritten, emptied, and large: more than one read and write of a socket
  REQUIRE(store.put("results/a/1.png", "other").has_value());
  CHECK(store.get("results/a/1.png")->bytes == "other");
  REQUIRE(store.put("results/a/0.png", "").has_value());
  if (empties) CHECK(store.exists("results/a/0.png") == true);
  CHECK(store.get("results/a/0.png")->bytes.empty());
  std::string large(5 << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 4096) large[i] = static_cast<char>(i >> 12);
  REQUIRE(store.put("results/a/large.jpg", large, "image/jpeg").has_value());
  CHECK(store.get("results/a/large.jpg")->bytes == large);

  // listed in order, below a prefix that may end anywhere, over pages
  for (const char* key : {"inputs/s2/b.jpg", "inputs/s1/a.jpg", "inputs/s10/c.jpg"}) {
    REQUIRE(store.put(key, "x").has_value());
  }
  CHECK(store.list("inputs/").value() ==
        Keys{"inputs/s1/a.jpg", "inputs/s10/c.jpg", "inputs/s2/b.jpg"});
  CHECK(store.list("inputs/s1").value() == Keys{"inputs/s1/a.jpg", "inputs/s10/c.jpg"});
  CHECK(store.list("inputs/s1/").value() == Keys{"inputs/s1/a.jpg"});
  CHECK(store.list("inputs/", 2).value() == Keys{"inputs/s1/a.jpg", "inputs/s10/c.jpg"});
  CHECK(store.list("nothing").value().empty());
  CHECK(store.list("").value().size() == 6);

  // removed, also what is not there
  CHECK(store.remove("inputs/s1/a.jpg").has_value());
  CHECK(store.remove("inputs/s1/a.jpg").has_value());
  CHECK(store.remove_many({"inputs/s2/b.jpg", "inputs/gone", "inputs/s10/c.jpg"}).has_value());
  CHECK(store.remove_many({}).has_value());
  CHECK(store.list("inputs/").value().empty());
  const auto missing = store.get("inputs/s1/a.jpg");
  CHECK(missing.error().code == "storage.not_found");
  CHECK(missing.error().kind == ErrorKind::not_found);

  // links that anyone may fetch
  const auto link = store.signed_url("results/a/large.jpg", seconds(21600));
  REQUIRE_MESSAGE(link.has_value(), link.error().describe());
  CHECK(link->starts_with(store.storage().public_origin() + "/"));
  const net::ClientResponse fetched = fetch(*link);
  CHECK(fetched.status == 200);
  CHECK(fetched.body == large);
  CHECK(fetched.headers.get("content-type") == "image/jpeg");
  const auto links = store.signed_urls({"results/a/1.png", "results/a/0.png"}, seconds(60));
  REQUIRE_MESSAGE(links.has_value(), links.error().describe());
  REQUIRE(links->size() == 2);
  CHECK(fetch(links->at(0)).body == "other");
  CHECK(fetch(links->at(1)).body.empty());
  CHECK(store.signed_urls({}, seconds(60)).value().empty());
  for (const seconds wrong : {seconds(0), seconds(-1), seconds(7 * 24 * 3600 + 1)}) {
    CHECK(store.signed_url("results/a/1.png", wrong).error().code == "storage.lifetime");
  }
  CHECK(store.ping().has_value());
}

// No bad key reaches the service by any call.
inline void check_bad_keys(RemoteStore& store) {
  for (const char* key : {"", "/a", "a/../b", "a//b", ".a", "a b", "a%2e", "a?b", "a\n"}) {
    CAPTURE(key);
    CHECK(store.put(key, "x").error().code == "storage.key");
    CHECK(store.get(key).error().code == "storage.key");
    CHECK(store.exists(key).error().code == "storage.key");
    CHECK(store.remove(key).error().code == "storage.key");
    CHECK(store.remove_many({"good", key}).error().code == "storage.key");
    CHECK(store.signed_url(key, seconds(60)).error().code == "storage.key");
    CHECK(store.signed_urls({key}, seconds(60)).error().code == "storage.key");
    if (*key != '\0') CHECK(store.list(key).error().code == "storage.key");
  }
  CHECK(store.put("large", std::string(kMaxObjectBytes + 1, 'x')).error().code ==
        "storage.too_large");
}

struct Operation {
  const char* name;
  std::function<Result<void>(RemoteStore&)> run;
};

template <class T>
Result<void> outcome(Result<T> result) {
  if (!result) return std::unexpected(std::move(result.error()));
  return {};
}

// Each that asks the service, on an object "kept" that exists.
inline std::vector<Operation> operations() {
  return {
      {"put", [](RemoteStore& store) { return store.put("kept", "x"); }},
      {"get", [](RemoteStore& store) { return outcome(store.get("kept")); }},
      {"exists", [](RemoteStore& store) { return outcome(store.exists("kept")); }},
      {"remove", [](RemoteStore& store) { return store.remove("other"); }},
      {"list", [](RemoteStore& store) { return outcome(store.list("")); }},
      {"ping", [](RemoteStore& store) { return store.ping(); }},
  };
}

}  // namespace selvage::data
