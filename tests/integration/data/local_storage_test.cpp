#include "data/local_storage.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/text.hpp"
#include "integration/data/scratch.hpp"
#include "integration/data/small_disk.hpp"
#include "net/loop.hpp"

using namespace selvage;
using namespace selvage::data;
namespace fs = std::filesystem;

namespace {

const Secret kKey("a signing key for tests only");

// The storage with blocking calls, each on a loop of its own.
struct Store {
  net::BlockingPool pool{"files", 4};
  std::unique_ptr<LocalStorage> storage;

  explicit Store(const fs::path& root, std::string base_url = {}) {
    auto opened = LocalStorage::open(root, kKey, std::move(base_url), pool);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().describe());
    storage = std::move(*opened);
  }
  template <class T>
  static T run(Task<T> task) {
    net::Loop loop;
    return loop.run_until_done(std::move(task));
  }
  Result<void> put(std::string key, std::string bytes) {
    return run(storage->put(std::move(key), std::move(bytes), "image/png"));
  }
  Result<StoredObject> get(std::string key) { return run(storage->get(std::move(key))); }
  Result<bool> exists(std::string key) { return run(storage->exists(std::move(key))); }
  Result<void> remove(std::string key) { return run(storage->remove(std::move(key))); }
  Result<std::vector<std::string>> list(std::string prefix, std::size_t limit = 1000) {
    return run(storage->list(std::move(prefix), limit));
  }
  Result<std::string> signed_url(std::string key, seconds life) {
    return run(storage->signed_url(std::move(key), life));
  }
};

std::size_t files_below(const fs::path& root) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) ++count;
  }
  return count;
}

struct Link {
  std::string key, expires, signature;
};
Link take_apart(const std::string& url) {
  const std::size_t path = url.find("/files/") + 7;
  const std::size_t query = url.find("?expires=");
  const std::size_t signature = url.find("&signature=");
  return {url.substr(path, query - path), url.substr(query + 9, signature - query - 9),
          url.substr(signature + 11)};
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("Local storage: what was put is got, overwritten, and gone after removal") {
  const Scratch scratch;
  Store store(scratch / "deep" / "objects");
  const std::string bytes("\x89PNG\0\xff", 6);
  REQUIRE(store.put("results/a/1.png", bytes).has_value());
  const auto got = store.get("results/a/1.png");
  REQUIRE_MESSAGE(got.has_value(), got.error().describe());
  CHECK(got->bytes == bytes);
  CHECK(got->media_type == "image/png");
  CHECK(store.exists("results/a/1.png") == true);
  REQUIRE(store.put("results/a/1.png", "").has_value());
  CHECK(store.get("results/a/1.png")->bytes.empty());
  REQUIRE(store.remove("results/a/1.png").has_value());
  CHECK(store.remove("results/a/1.png").has_value());
  CHECK(store.exists("results/a/1.png") == false);
  const auto missing = store.get("results/a/1.png");
  CHECK(missing.error().code == "storage.not_found");
  CHECK(missing.error().kind == ErrorKind::not_found);
}

TEST_CASE(
    "Local storage: removing the last object takes its empty directories along, but not the root") {
  const Scratch scratch;
  Store store(scratch / "objects");
  REQUIRE(store.put("a/b/c/1", "x").has_value());
  REQUIRE(store.put("a/2", "x").has_value());
  REQUIRE(store.remove("a/b/c/1").has_value());
  CHECK_FALSE(fs::exists(scratch / "objects" / "a" / "b"));
  CHECK(fs::exists(scratch / "objects" / "a" / "2"));
  REQUIRE(store.remove("a/2").has_value());
  CHECK_FALSE(fs::exists(scratch / "objects" / "a"));
  CHECK(fs::exists(scratch / "objects"));
  CHECK(files_below(scratch / "objects") == 0);
}

TEST_CASE("Local storage: bad keys reach no file, by any call") {
  const Scratch scratch;
  std::ofstream(scratch / "outside") << "secret";
  Store store(scratch / "objects");
  for (const char* key : {"../outside", "/etc/passwd", "a/../../outside", "", "a//b", ".tmp/x"}) {
    CAPTURE(key);
    CHECK(store.put(key, "x").error().code == "storage.key");
    CHECK(store.get(key).error().code == "storage.key");
    CHECK(store.exists(key).error().code == "storage.key");
    CHECK(store.remove(key).error().code == "storage.key");
    CHECK(store.signed_url(key, seconds(60)).error().code == "storage.key");
    CHECK(store.storage->verify(key, "9999999999", "x").error().code == "storage.signature");
  }
  CHECK(store.list("../").error().code == "storage.key");
  CHECK(fs::file_size(scratch / "outside") == 6);
}

TEST_CASE("Local storage: symbolic links lead nowhere, wherever they stand") {
  const Scratch scratch;
  fs::create_directory(scratch / "outside");
  std::ofstream(scratch / "outside" / "secret") << "secret";
  Store store(scratch / "objects");
  fs::create_directory_symlink(scratch / "outside", scratch / "objects" / "dir");
  fs::create_symlink(scratch / "outside" / "secret", scratch / "objects" / "file");
  CHECK(store.get("dir/secret").error().code == "storage.not_found");
  CHECK(store.get("file").error().code == "storage.not_found");
  CHECK(store.exists("dir/secret") == false);
  CHECK(store.exists("file") == false);
  CHECK(store.put("dir/new", "x").error().code == "storage.key");
  CHECK(store.remove("dir/secret").has_value());
  CHECK(fs::exists(scratch / "outside" / "secret"));
  CHECK_FALSE(fs::exists(scratch / "outside" / "new"));
  CHECK(store.list("") == Keys{});
  REQUIRE(store.put("file", "mine").has_value());  // replaces the link, not what it points to
  CHECK(store.get("file")->bytes == "mine");
  std::ifstream secret(scratch / "outside" / "secret");
  CHECK(std::string(std::istreambuf_iterator<char>(secret), {}) == "secret");
}

TEST_CASE("Local storage: pipes and directories are no objects and hold nobody up") {
  const Scratch scratch;
  Store store(scratch / "objects");
  REQUIRE(::mkfifo((scratch / "objects" / "pipe").c_str(), 0600) == 0);
  REQUIRE(store.put("dir/a", "x").has_value());
  CHECK(store.get("pipe").error().code == "storage.not_found");
  CHECK(store.get("dir").error().code == "storage.not_found");
  CHECK(store.get("dir/a/b").error().code == "storage.not_found");
  CHECK(store.put("dir", "x").error().code == "storage.key");
  CHECK(store.put("dir/a/b", "x").error().code == "storage.key");
  CHECK(store.remove("dir").has_value());
  CHECK(store.get("dir/a")->bytes == "x");
  CHECK(files_below(scratch / "objects") == 1);
}

TEST_CASE("Local storage: listing is sorted by whole keys and reads no further than asked") {
  const Scratch scratch;
  Store store(scratch / "objects");
  for (const char* key : {"a/b", "a-b", "a.b", "a0", "b/c/d", "b/c/e", "b/d", "A"}) {
    REQUIRE(store.put(key, "x").has_value());
  }
  std::ofstream(scratch / "objects" / "not a key") << "x";
  CHECK(store.list("") == Keys{"A", "a-b", "a.b", "a/b", "a0", "b/c/d", "b/c/e", "b/d"});
  CHECK(store.list("", 3) == Keys{"A", "a-b", "a.b"});
  CHECK(store.list("b/") == Keys{"b/c/d", "b/c/e", "b/d"});
  CHECK(store.list("b/c") == Keys{"b/c/d", "b/c/e"});
  CHECK(store.list("b/c/e") == Keys{"b/c/e"});
  CHECK(store.list("a") == Keys{"a-b", "a.b", "a/b", "a0"});
  CHECK(store.list("zzz/y") == Keys{});
  CHECK(store.list("", 0) == Keys{});
}

TEST_CASE("Local storage: readers see one whole version while writers replace it") {
  const Scratch scratch;
  Store store(scratch / "objects");
  const std::string one(300'000, '1');
  const std::string two(200'000, '2');
  REQUIRE(store.put("a/x", one).has_value());
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::atomic<int> reads = 0;
  std::jthread reader([&] {
    while (!stop) {
      const auto got = store.get("a/x");
      if (!got || (got->bytes != one && got->bytes != two)) ++torn;
      ++reads;
    }
  });
  for (int i = 0; i < 60; ++i) REQUIRE(store.put("a/x", i % 2 == 0 ? two : one).has_value());
  stop = true;
  reader.join();
  CHECK(torn == 0);
  CHECK(reads > 0);
}

TEST_CASE("Local storage: a put never fails because a neighbour's removal took the directory") {
  const Scratch scratch;
  Store store(scratch / "objects");
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int lane = 0; lane < 4; ++lane) {
      threads.emplace_back([&, lane] {
        const std::string key = "deep/er/" + std::to_string(lane);
        for (int i = 0; i < 60; ++i) {
          if (!store.put(key, "x")) ++failures;
          if (!store.exists(key).value_or(false)) ++failures;
          if (!store.remove(key)) ++failures;
        }
      });
    }
  }
  CHECK(failures == 0);
  CHECK_FALSE(fs::exists(scratch / "objects" / "deep"));
}

TEST_CASE(
    "Local storage: opening sweeps what a crash left, and spares what a live process writes") {
  const Scratch scratch;
  fs::create_directories(scratch / "objects" / ".tmp");
  std::ofstream(scratch / "objects" / ".tmp" / "stale") << "half an image";
  std::ofstream(scratch / "objects" / ".tmp" / "live") << "being written";
  const int live = ::open((scratch / "objects" / ".tmp" / "live").c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(live, LOCK_EX) == 0);
  const Store store(scratch / "objects");
  CHECK_FALSE(fs::exists(scratch / "objects" / ".tmp" / "stale"));
  CHECK(fs::exists(scratch / "objects" / ".tmp" / "live"));
  ::close(live);
  const Store again(scratch / "objects");
  CHECK(files_below(scratch / "objects") == 0);
}

TEST_CASE("Local storage: a full disk is told, leaves no litter, and recovers") {
  SmallDisk disk(1024);
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.problem());
    return;
  }
  Store store(disk.path() / "objects");
  REQUIRE(store.put("a/old", "old").has_value());
  const auto refused = store.put("a/big", std::string(4 << 20, 'x'));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "storage.full");
  CHECK(refused.error().kind == ErrorKind::unavailable);
  CHECK(files_below(disk.path() / "objects") == 1);
  disk.fill();
  CHECK(store.put("a/old", "newer").error().code == "storage.full");
  CHECK(Store::run(store.storage->ping()).error().code == "storage.full");
  CHECK(store.get("a/old")->bytes == "old");
  disk.free_space();
  CHECK(store.put("a/old", "newer").has_value());
  CHECK(Store::run(store.storage->ping()).has_value());
  CHECK(store.get("a/old")->bytes == "newer");
}

TEST_CASE("Local storage: a read-only root is refused at opening and told by ping") {
  SmallDisk disk(256);
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.problem());
    return;
  }
  {
    Store store(disk.path() / "objects");
    REQUIRE(disk.make_read_only());
    const auto ping = Store::run(store.storage->ping());
    REQUIRE_FALSE(ping.has_value());
    CHECK(ping.error().code == "storage.unavailable");
  }
  net::BlockingPool pool("files", 1);
  const auto opened = LocalStorage::open(disk.path() / "objects", kKey, "", pool);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().hint.find("read-only") != std::string::npos);
}

TEST_CASE("Local storage: objects over the cap are refused in both directions") {
  const Scratch scratch;
  Store store(scratch / "objects");
  CHECK(store.put("big", std::string(kMaxObjectBytes + 1, 'x')).error().code ==
        "storage.too_large");
  std::ofstream(scratch / "objects" / "big");
  fs::resize_file(scratch / "objects" / "big", kMaxObjectBytes + 1);
  CHECK(store.get("big").error().code == "storage.too_large");
}

TEST_CASE("Local storage: a signed link opens its object until it expires") {
  const Scratch scratch;
  Store store(scratch / "objects", "https://shop.example/");
  ScopedClock clock(from_unix_ms(1'800'000'000'500));
  const auto url = store.signed_url("a/b.jpg", seconds(60));
  REQUIRE(url.has_value());
  CHECK(url->starts_with("https://shop.example/files/a/b.jpg?expires=1800000060&signature="));
  const Link link = take_apart(*url);
  CHECK(store.storage->verify(link.key, link.expires, link.signature).has_value());
  clock.advance(seconds(59));
  CHECK(store.storage->verify(link.key, link.expires, link.signature).has_value());
  clock.advance(seconds(1));
  const auto expired = store.storage->verify(link.key, link.expires, link.signature);
  CHECK(expired.error().code == "storage.expired");
  CHECK(expired.error().kind == ErrorKind::forbidden);
}

TEST_CASE("Local storage: without a base URL links are relative") {
  const Scratch scratch;
  Store store(scratch / "objects");
  CHECK(store.signed_url("a", seconds(1))->starts_with("/files/a?expires="));
  CHECK(store.signed_url("a", seconds(0)).error().code == "storage.lifetime");
  CHECK(store.signed_url("a", seconds(8 * 24 * 3600)).error().code == "storage.lifetime");
}

TEST_CASE("Local storage: a link that was tampered with opens nothing") {
  const Scratch scratch;
  Store store(scratch / "objects");
  const Link good = take_apart(*store.signed_url("a/b.jpg", seconds(3600)));
  const Link later = take_apart(*store.signed_url("a/b.jpg", seconds(7200)));
  const Link other = take_apart(*store.signed_url("a/c.jpg", seconds(3600)));
  std::string flipped = good.signature;
  flipped[0] = flipped[0] == 'A' ? 'B' : 'A';
  const Link bad[] = {
      {"a/c.jpg", good.expires, good.signature},
      {"a/b.jpg", later.expires, good.signature},
      {"a/b.jpg", good.expires, other.signature},
      {"a/b.jpg", good.expires, flipped},
      {"a/b.jpg", good.expires, ""},
      {"a/b.jpg", good.expires, good.signature + "="},
      {"a/b.jpg", good.expires, good.signature.substr(1)},
      {"a/b.jpg", good.expires + "0", good.signature},
      {"a/b.jpg", "0" + good.expires, good.signature},
      {"a/b.jpg", "+" + good.expires, good.signature},
      {"a/b.jpg", " " + good.expires, good.signature},
      {"a/b.jpg", "", good.signature},
      {"a/b.jpg", "never", good.signature},
      {"a/./b.jpg", good.expires, good.signature},
      {"A/b.jpg", good.expires, good.signature},
      {"", good.expires, good.signature},
  };
  for (const Link& link : bad) {
    CAPTURE(link.key);
    CAPTURE(link.expires);
    CAPTURE(link.signature);
    const auto refused = store.storage->verify(link.key, link.expires, link.signature);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "storage.signature");
  }
  net::BlockingPool pool("files", 1);
  const auto foreign =
      LocalStorage::open(scratch / "objects", Secret("another key, also long"), "", pool);
  REQUIRE(foreign.has_value());
  CHECK((*foreign)->verify(good.key, good.expires, good.signature).error().code ==
        "storage.signature");
  CHECK(LocalStorage::open(scratch / "objects", Secret("short"), "", pool).error().code ==
        "storage.signing_key");
}
