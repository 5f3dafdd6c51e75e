#include "work/open_broker.hpp"

#include "integration/work/queue_fixture.hpp"
#include "work/settings.hpp"

namespace selvage::work {

namespace {

Result<Settings> load(std::map<std::string, std::string> environment) {
  return Settings::load({kWorkSettings}, {.environment = std::move(environment)});
}

}  // namespace

TEST_CASE("Work settings: the defaults give a worker on the embedded queue") {
  const Settings settings = value(load({}));
  const WorkerOptions options = worker_options(settings);
  CHECK(options.queue == "wearon:tasks:generation");
  CHECK(options.concurrency == 8);
  CHECK(options.time_limit == seconds(300));
  CHECK(options.lease_time == seconds(15));
  CHECK(options.max_deliveries == 5);
  CHECK(settings.duration("DRAIN_GRACE") == seconds(30));
  CHECK_FALSE(options.id.empty());
  QueueFixture queue;
  CHECK(value(open_broker(settings, *queue.database)) != nullptr);
}

TEST_CASE("Work settings: a queue that cannot be had is named, without its password") {
  QueueFixture queue;
  for (const char* url : {"redis://:p4ssPhrase77@cache:6379/0", "rediss://:p4ssPhrase77@cache"}) {
    const auto refused = open_broker(value(load({{"QUEUE_URL", url}})), *queue.database);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "queue.url");
    CHECK(refused.error().message.contains("Redis"));
    CHECK_FALSE(refused.error().message.contains("p4ssPhrase77"));
    CHECK(refused.error().hint.contains("embedded:"));
  }
  CHECK(open_broker(value(load({{"QUEUE_URL", "amqp://x"}})), *queue.database).error().code ==
        "queue.url");
}

TEST_CASE("Work settings: values out of range are refused") {
  CHECK_FALSE(load({{"WORKER_CONCURRENCY", "0"}}));
  CHECK_FALSE(load({{"WORKER_CONCURRENCY", "4097"}}));
  CHECK_FALSE(load({{"LEASE_TIME", "0s"}}));
  CHECK(load({{"WORKER_CONCURRENCY", "4096"}}));
}

}  // namespace selvage::work
