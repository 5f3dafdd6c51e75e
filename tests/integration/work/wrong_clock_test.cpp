// Machines that disagree about the time of day: Redis' clock says when a task is due, so a
// producer's cannot delay it.
#include "integration/work/redis_backend.hpp"
#include "work/detail/outbox.hpp"

namespace selvage::work {

TEST_CASE("Wrong clock: a producer that is a day ahead or behind delays nothing") {
  SELVAGE_NEED_REDIS();
  for (const std::chrono::hours off : {std::chrono::hours(24), std::chrono::hours(-24)}) {
    CAPTURE(off.count());
    QueueOn<OnRedis> queue({.server_clock = true});
    {
      const ScopedClock wrong(now() + off);
      queue.enqueue({{.id = "soon",
                      .queue = kQueue,
                      .payload = "{}",
                      .run_at = now() + std::chrono::seconds(3)}});
      queue.enqueue("now");
    }
    CHECK(ids(queue.lease(2)) == std::vector<std::string>{"now"});
    std::vector<Lease> later;
    CHECK(testing::wait_until(
        [&] {
          later = queue.lease(2);
          return !later.empty();
        },
        std::chrono::seconds(60)));
    CHECK(ids(later) == std::vector<std::string>{"soon"});
  }
}

TEST_CASE("Wrong clock: what a process that was ahead left behind is brought by others") {
  SELVAGE_NEED_REDIS();
  QueueOn<OnRedis> queue({.server_clock = true});
  queue.enqueue("known");  // from now on the broker looks after this queue
  {
    const ScopedClock wrong(now() + std::chrono::hours(24));
    value(queue.database->write_blocking([](data::Transaction& tx) {
      return put_in_outbox(tx, {.id = "left", .queue = kQueue, .payload = "{}"}, "dead process");
    }));
  }
  queue.backend.wait_until_shipped();
  CHECK(ids(queue.lease(5)) == std::vector<std::string>{"known", "left"});
}

}  // namespace selvage::work
