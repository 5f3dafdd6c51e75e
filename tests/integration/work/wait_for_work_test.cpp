#include "integration/work/redis_backend.hpp"

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

BROKER_STORY(
    "Broker: waiting ends at once when something is due, and at the latest when it was asked to") {
  QueueOn<Backend> queue;
  CHECK(waited(*queue.broker, milliseconds(100)) >= milliseconds(100));
  queue.enqueue("a");
  CHECK(waited(*queue.broker, seconds(10)) < kQuick);
  queue.lease_one();
  CHECK(waited(*queue.broker, milliseconds(100)) >= milliseconds(100));
}

BROKER_STORY("Broker: notify() of another thread wakes a waiter without a poll") {
  QueueOn<Backend> queue({.poll = seconds(30)});
  std::jthread producer([&] {
    std::this_thread::sleep_for(milliseconds(100));
    queue.enqueue("a");
  });
  const milliseconds time = waited(*queue.broker, seconds(10));
  CHECK(time >= milliseconds(90));
  CHECK(time < milliseconds(100) + kQuick);
}

BROKER_STORY("Broker: a waiter is there when a delayed task falls due or a lease lapses") {
  QueueOn<Backend> queue({.poll = seconds(30)});
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

BROKER_STORY("Broker: another process's task is found by polling") {
  QueueOn<Backend> queue({.poll = milliseconds(50)});
  auto elsewhere = open_database(queue.place);
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

BROKER_STORY("Broker: cancelling ends a wait") {
  QueueOn<Backend> queue({.poll = seconds(30)});
  net::Loop loop;
  CancelSource stop;
  loop.post([&] { stop.cancel(); });
  const SteadyTime begin = steady_now();
  loop.run_until_done(queue.broker->wait_for_work(kQueue, seconds(10), stop.token()));
  CHECK(steady_now() - begin < kQuick);
}

}  // namespace selvage::work
