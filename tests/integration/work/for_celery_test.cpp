// Tasks that Celery's own workers may take: on Redis they lie where those look.
#include "integration/work/redis_backend.hpp"

namespace selvage::work {

namespace {

NewTask for_celery(std::string id, int priority = 0) {
  return {.id = std::move(id),
          .queue = kQueue,
          .payload = "{\"n\":" + std::to_string(priority) + "}",
          .priority = priority,
          .for_celery = true};
}

std::string list(const std::string& suffix = "") {
  return OnRedis::redis().cli({"LRANGE", kQueue + suffix, "0", "-1"});
}

// Ships everything again, as after a server's restart.
void ship_again(QueueOn<OnRedis>& queue) {
  value(queue.database->write_blocking([](data::Transaction& tx) {
    return tx.execute("UPDATE task_outbox SET shipped_at = NULL");
  }));
  queue.broker->notify();
  queue.backend.wait_until_shipped();
}

}  // namespace

TEST_CASE("ForCelery: each priority has its list, whether or not the queue is known as Celery's") {
  SELVAGE_NEED_REDIS();
  for (const QueueKind kind : {QueueKind::plain, QueueKind::celery}) {
    QueueOn<OnRedis> queue({.forms = {{.queue = kQueue, .kind = kind}}});
    queue.enqueue({for_celery("a", 0), for_celery("b", 2), for_celery("c", 3), for_celery("d", 8),
                   for_celery("e", 9)});
    CHECK(list() == "{\"n\":2}\n{\"n\":0}");  // taken from the right end
    CHECK(list("\x06\x16"
               "3") == "{\"n\":3}");
    CHECK(list("\x06\x16"
               "6") == "{\"n\":8}");
    CHECK(list("\x06\x16"
               "9") == "{\"n\":9}");
  }
}

TEST_CASE("ForCelery: what is shipped a second time is not there twice, also when it was taken") {
  SELVAGE_NEED_REDIS();
  QueueOn<OnRedis> queue;
  queue.enqueue({for_celery("a")});
  ship_again(queue);
  CHECK(list() == "{\"n\":0}");
  OnRedis::redis().cli({"RPOP", kQueue});
  ship_again(queue);
  CHECK(list().empty());
}

TEST_CASE("ForCelery: a server that lost its writes gets them again") {
  SELVAGE_NEED_REDIS();
  QueueOn<OnRedis> queue;
  queue.enqueue({for_celery("a")});
  OnRedis::redis().cli({"FLUSHALL"});
  ship_again(queue);
  CHECK(list() == "{\"n\":0}");
}

BROKER_STORY("ForCelery: our own workers take them too") {
  QueueOn<Backend> queue({.forms = {{.queue = kQueue, .kind = QueueKind::celery}}});
  queue.enqueue({for_celery("low", 9), for_celery("high", 0)});
  const auto leases = queue.lease(2);
  REQUIRE(leases.size() == 2);
  CHECK(leases[0].payload == "{\"n\":0}");
  CHECK(leases[1].payload == "{\"n\":9}");
  for (const Lease& lease : leases) CHECK(value(await(queue.broker->complete(lease.ref))));
  CHECK(queue.lease(2).empty());
}

}  // namespace selvage::work
