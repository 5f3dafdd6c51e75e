#include "net/hop.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <thread>

#include "net/loop.hpp"

namespace selvage::net {
namespace {

Task<std::thread::id> where() {
  co_await sleep_for(milliseconds(1));
  co_return std::this_thread::get_id();
}

Task<void> fails() {
  co_await sleep_for(milliseconds(1));
  throw std::runtime_error("from home");
}

class OtherLoop {
 public:
  OtherLoop() : thread_([this] { loop.run(); }) {}
  ~OtherLoop() {
    loop.stop();
    thread_.join();
  }
  Loop loop;
  [[nodiscard]] std::thread::id id() const { return thread_.get_id(); }

 private:
  std::thread thread_;
};

TEST_CASE("run_on: the work runs on its home, the awaiter goes on where it was") {
  OtherLoop home;
  Loop here;
  const auto [worked, resumed] =
      here.run_until_done([](Loop& there) -> Task<std::pair<std::thread::id, std::thread::id>> {
        const std::thread::id ran =
            co_await run_on(there, [] [[clang::coro_wrapper]] () { return where(); });
        co_return std::pair(ran, std::this_thread::get_id());
      }(home.loop));
  CHECK(worked == home.id());
  CHECK(resumed == std::this_thread::get_id());
}

TEST_CASE("run_on: on the home loop itself nothing hops") {
  Loop here;
  const auto ran = here.run_until_done([](Loop& there) -> Task<std::thread::id> {
    co_return co_await run_on(there, [] [[clang::coro_wrapper]] () { return where(); });
  }(here));
  CHECK(ran == std::this_thread::get_id());
}

TEST_CASE("run_on: an exception reaches the awaiter") {
  OtherLoop home;
  Loop here;
  CHECK_THROWS_WITH(here.run_until_done([](Loop& there) -> Task<void> {
    co_await run_on(there, [] [[clang::coro_wrapper]] () { return fails(); });
  }(home.loop)),
                    "from home");
}

}  // namespace
}  // namespace selvage::net
