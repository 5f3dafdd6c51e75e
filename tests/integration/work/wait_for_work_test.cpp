#include <thread>

#include "integration/work/queue_fixture.hpp"

namespace selvage::work {

namespace {

// How long wait_for_work() waited.
milliseconds waited(Broker& broker, milliseconds at_most) {
  const SteadyTime begin = steady_now();
  await(broker.wait_for_work(kQueue, at_most, {}));
  return std::chrono::duration_cast<milliseconds>(steady_now() - begin);
}

constexpr milliseconds kQuick{400};  // generous: the machine may be busy

}  // namespace

TEST_CASE(
    "Broker: waiting ends at once when something is due, and at the latest when it was asked to") {
  QueueFixture queue;
  CHECK(waited(*queue.broker, milliseconds(100)) >= milliseconds(100));
  queue.enqueue("a");
  CHECK(waited(*queue.broker, seconds(10)) < kQuick);
  queue.lease_one();
  CHECK(waited(*queue.broker, milliseconds(100)) >= milliseconds(100));
}

TEST_CASE("Broker: notify() of another thread wakes a waiter without a poll") {
  QueueFixture queue({.poll = seconds(30)});
  std::jthread producer([&] {
    std::this_thread::sleep_for(milliseconds(100));
    queue.enqueue("a");
  });
  const milliseconds time = waited(*queue.broker, seconds(10));
  CHECK(time >= milliseconds(90));
  CHECK(time < milliseconds(100) + kQuick);
}

TEST_CASE("Broker: a waiter is there when a delayed task falls due or a lease lapses") {
  QueueFixture queue({.poll = seconds(30)});
  queue.enqueue({{.id = "a", .queue = kQueue, .payload = "", .run_at = now() + milliseconds(150)}});
  const milliseconds until_due = waited(*queue.broker, seconds(10));
  CHECK(until_due > milliseconds(50));
  CHECK(until_due < milliseconds(150) + kQuick);
  queue.lease_one(milliseconds(150));
  const milliseconds until_lapsed = waited(*queue.broker, seconds(10));
  CHECK(until_lapsed > milliseconds(50));
  CHECK(until_lapsed < milliseconds(150) + kQuick);
  CHECK(queue.lease_one().deliveries == 2);
}

TEST_CASE("Broker: another process's task is found by polling") {
  QueueFixture queue({.poll = milliseconds(50)});
  auto elsewhere = open_database(queue.directory.path() / "queue.db");
  const auto producer_broker = make_sql_broker(*elsewhere, {});
  std::jthread producer([&] {
    std::this_thread::sleep_for(milliseconds(100));
    const NewTask tasks[] = {{.id = "a", .queue = kQueue, .payload = ""}};
    value(elsewhere->write_blocking(
        [&](data::Transaction& tx) { return producer_broker->enqueue(tx, tasks); }));
  });
  const milliseconds time = waited(*queue.broker, seconds(10));
  CHECK(time >= milliseconds(90));
  CHECK(time < milliseconds(150) + kQuick);
}

TEST_CASE("Broker: cancelling ends a wait") {
  QueueFixture queue({.poll = seconds(30)});
  net::Loop loop;
  CancelSource stop;
  loop.post([&] { stop.cancel(); });
  const SteadyTime begin = steady_now();
  loop.run_until_done(queue.broker->wait_for_work(kQueue, seconds(10), stop.token()));
  CHECK(steady_now() - begin < kQuick);
}

}  // namespace selvage::work
