#include "base/task_group.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "base/log.hpp"
#include "unit/base/run_now.hpp"

namespace selvage {
namespace {

using test::Driver;
using test::Gate;

Task<void> work(Gate* gate, int* done) {
  co_await gate->wait();
  ++*done;
}

Task<void> crash_after(Gate* gate) {
  co_await gate->wait();
  throw std::runtime_error("a bug in a task");
}

Task<void> crash_oddly() {
  throw 42;
  co_return;
}

Driver join(TaskGroup* group, bool* joined) {
  co_await group->join();
  *joined = true;
}

TEST_CASE("TaskGroup: tasks start at once, and join() resumes only after the last of them") {
  TaskGroup group;
  Gate first;
  Gate second;
  int done = 0;
  bool joined = false;
  group.spawn(work(&first, &done), "first");
  group.spawn(work(&second, &done), "second");
  CHECK(group.size() == 2);
  join(&group, &joined);
  second.open();
  CHECK(done == 1);
  CHECK_FALSE(joined);
  first.open();
  CHECK(done == 2);
  CHECK(joined);
  CHECK(group.size() == 0);
}

TEST_CASE("TaskGroup: join() of an empty group does not wait, and a group may be joined again") {
  TaskGroup group;
  bool joined = false;
  join(&group, &joined);
  CHECK(joined);

  Gate gate;
  int done = 0;
  joined = false;
  group.spawn(work(&gate, &done), "late");
  join(&group, &joined);
  CHECK_FALSE(joined);
  gate.open();
  CHECK(joined);
}

TEST_CASE("TaskGroup: an exception is logged with the task's name and spares the siblings") {
  log::CaptureForTest log;
  TaskGroup group;
  Gate gate;
  Gate other;
  int done = 0;
  bool joined = false;
  group.spawn(crash_after(&gate), "crasher");
  group.spawn(crash_oddly(), "odd_crasher");
  group.spawn(work(&other, &done), "sibling");
  join(&group, &joined);
  gate.open();
  CHECK(group.size() == 1);
  CHECK(group.crashed() == 2);
  other.open();
  CHECK(done == 1);
  CHECK(joined);
  CHECK(log.contains(R"("event":"task_crashed","task":"crasher","error":"a bug in a task")"));
  CHECK(log.contains(R"("task":"odd_crasher")"));
}

Task<void> spawn_children(TaskGroup* group, std::vector<Gate>* gates, int* done) {
  for (Gate& gate : *gates) group->spawn(work(&gate, done), "child");
  co_return;
}

TEST_CASE("TaskGroup: a task may spawn others into its own group") {
  TaskGroup group;
  std::vector<Gate> gates(3);
  int done = 0;
  bool joined = false;
  group.spawn(spawn_children(&group, &gates, &done), "parent");
  CHECK(group.size() == 3);
  join(&group, &joined);
  for (Gate& gate : gates) gate.open();
  CHECK(done == 3);
  CHECK(joined);
}

struct Owner {
  int* destroyed;
  std::unique_ptr<TaskGroup> group = std::make_unique<TaskGroup>();
  ~Owner() { ++*destroyed; }
};

Driver join_and_destroy(std::unique_ptr<Owner> owner) {
  co_await owner->group->join();
  owner.reset();
}

Task<void> hold(std::shared_ptr<int> held, Gate* gate) {
  co_await gate->wait();
  (void)held;
}

TEST_CASE("TaskGroup: the joiner may destroy the group as soon as it resumes") {
  int destroyed = 0;
  Gate gate;
  auto owner = std::make_unique<Owner>(&destroyed);
  auto held = std::make_shared<int>(1);
  owner->group->spawn(hold(held, &gate), "holder");
  CHECK(held.use_count() == 2);
  join_and_destroy(std::move(owner));
  CHECK(destroyed == 0);
  gate.open();
  CHECK(destroyed == 1);
  CHECK(held.use_count() == 1);
}

Task<void> nothing() { co_return; }

TEST_CASE("TaskGroup: 100,000 tasks that end at once leave nothing behind") {
  TaskGroup group;
  for (int i = 0; i < 100'000; ++i) group.spawn(nothing(), "short");
  CHECK(group.size() == 0);
}

}  // namespace
}  // namespace selvage
