#include "sizing/pose_pool.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <latch>
#include <thread>

#include "base/process_memory.hpp"
#include "base/task_group.hpp"
#include "integration/sizing/models_fixture.hpp"

namespace selvage::sizing {
namespace {

namespace fs = std::filesystem;

using Found = Result<std::optional<Pose>>;

Task<void> ask(PosePool& pool, image::Picture picture, Found& found) {
  const auto here = std::this_thread::get_id();
  found = co_await pool.estimate(std::move(picture));
  SELVAGE_CHECK(std::this_thread::get_id() == here);
}

Task<std::vector<Found>> ask_at_once(PosePool& pool, image::Picture picture, std::size_t times) {
  std::vector<Found> all(times);
  TaskGroup group;
  for (Found& found : all) group.spawn(ask(pool, picture, found), "ask");
  co_await group.join();
  co_return all;
}

class Folder {
 public:
  Folder() : path(fs::temp_directory_path() / ("selvage-models-" + std::to_string(getpid()))) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  const fs::path path;
};

TEST_CASE("Pose pool: many requests on few workers, each answered as by one estimator") {
  PoseEstimator* alone = test::estimator();
  if (alone == nullptr) return;
  const image::Picture picture = test::photo(test::sample("person-1.jpg"));
  const Pose expected = alone->estimate(picture)->value();
  PosePool pool({.workers = 2});
  CHECK(pool.workers() == 2);
  net::Loop loop;  // asks at once, while the models are still being loaded
  const auto all = loop.run_until_done(ask_at_once(pool, picture, 12));
  for (const Found& found : all) {
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    CHECK((*found)->landmarks[0].x == expected.landmarks[0].x);
    CHECK((*found)->mask.values == expected.mask.values);
  }
  CHECK(pool.wait_until_ready().has_value());
  CHECK(pool.health().has_value());
}

Task<Result<int>> hold(PosePool& pool, std::latch& started, std::latch& release) {
  auto work = [&](PoseEstimator&) -> Result<int> {
    started.count_down();
    release.wait();
    return 1;
  };
  co_return co_await pool.run(work);
}

Task<void> hold_and_note(PosePool& pool, std::latch& started, std::latch& release, int& done) {
  const auto held = co_await hold(pool, started, release);
  done += held ? *held : 0;
}

Task<std::string> overfill(PosePool& pool) {
  std::latch started(1), release(1), queued_started(1);
  int done = 0;
  TaskGroup group;
  group.spawn(hold_and_note(pool, started, release, done), "first");
  started.wait();
  group.spawn(hold_and_note(pool, queued_started, release, done), "queued");
  const auto refused = co_await pool.estimate(image::Picture::filled(8, 8, 3, 0));
  release.count_down();
  co_await group.join();
  const bool finished = done == 2;
  co_return refused ? "answered" : finished ? refused.error().code : "lost";
}

TEST_CASE("Pose pool: past its queue it says that it is busy, and what it took it finishes") {
  if (test::estimator() == nullptr) return;
  PosePool pool({.workers = 1, .max_queued = 1});
  REQUIRE(pool.wait_until_ready().has_value());
  net::Loop loop;
  CHECK(loop.run_until_done(overfill(pool)) == "sizing.busy");
}

TEST_CASE("Pose pool: without models it says which file is missing and does not stop anybody") {
  const Folder empty;
  PosePool pool({.models = empty.path, .workers = 2});
  CHECK(pool.wait_until_ready().error().code == "sizing.model_missing");
  CHECK(pool.health().error().message.find("pose_detection.tflite") != std::string::npos);
  net::Loop loop;
  const auto all = loop.run_until_done(ask_at_once(pool, image::Picture::filled(8, 8, 3, 0), 5));
  for (const Found& found : all) CHECK(found.error().code == "sizing.model_missing");
}

TEST_CASE("Pose models: a file that is not the pinned one is refused") {
  if (test::estimator() == nullptr) return;
  const Folder folder;
  for (const char* name : {"pose_detection.tflite", "pose_landmark_full.tflite"}) {
    fs::copy(default_models_directory() / name, folder.path);
  }
  CHECK(PoseModels::load(folder.path).has_value());
  const fs::path last = folder.path / "pose_landmark_full.tflite";
  std::string bytes = test::bytes_of(last);
  auto code_with = [&](const std::string& content) {
    std::ofstream(last, std::ios::binary) << content;
    const auto models = PoseModels::load(folder.path);
    return models ? "loaded" : models.error().code;
  };
  CHECK(code_with(bytes) == "loaded");
  CHECK(code_with(bytes.substr(0, bytes.size() - 1)) == "sizing.model_changed");
  CHECK(code_with(bytes + "x") == "sizing.model_changed");
  CHECK(code_with("") == "sizing.model_changed");
  bytes[3'000'000] = static_cast<char>(bytes[3'000'000] ^ 1);
  CHECK(code_with(bytes) == "sizing.model_changed");
  fs::remove(last);
  fs::create_directory(last);
  CHECK(PoseModels::load(folder.path).error().code == "sizing.model_unreadable");
}

// Not by the fixture: its estimator would be counted. ctest runs each case in a process of its own.
TEST_CASE("Pose pool: one worker is ready soon and stays within its memory") {
  const auto start = std::chrono::steady_clock::now();
  const auto before = resident_memory();
  PosePool pool({.workers = 1});
  if (const auto ready = pool.wait_until_ready(); !ready) {
    CHECK(ready.error().code == "sizing.model_missing");
    MESSAGE("SKIPPED: " << ready.error().describe() << " (tools/fetch_models)");
    return;
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  const image::Picture picture = test::photo(test::sample("person-1.jpg"));
  for (int i = 0; i < 3; ++i) {
    net::Loop loop;
    CHECK(loop.run_until_done(pool.estimate(picture)).has_value());
  }
  const auto after = resident_memory();
  REQUIRE((before && after));
  constexpr double kMebi = 1 << 20;
  const double all = static_cast<double>(after->value) / kMebi;
  const double own = all - static_cast<double>(before->value) / kMebi;
  MESSAGE("ready after " << took.count() << " ms; " << own << " MiB of its own, " << all
                         << " MiB in all");
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  CHECK(own < 90);
#endif
}

}  // namespace
}  // namespace selvage::sizing
