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
  CHECK(options.lease_time == seconds(12));
  CHECK(options.max_deliveries == 5);
  CHECK(settings.duration("DRAIN_GRACE") == seconds(30));
  CHECK_FALSE(options.id.empty());
  QueueFixture queue;
  net::Loop home;
  CHECK(value(open_broker(settings, *queue.database, home)) != nullptr);
}

TEST_CASE("Work settings: each kind of Redis URL gives a broker, before anything is connected") {
  QueueFixture queue;
  net::Loop home;
  for (const char* url :
       {"redis://:p4ssPhrase77@cache:6379/0", "rediss://cache", "redis+sentinel://a,b:26380/main",
        "rediss+cluster://user:p4ssPhrase77@a,b", "REDIS://cache"}) {
    CHECK(value(open_broker(value(load({{"QUEUE_URL", url}})), *queue.database, home)) != nullptr);
  }
}

TEST_CASE("Work settings: a queue that cannot be had is named, without its password") {
  QueueFixture queue;
  net::Loop home;
  for (const char* url : {"redis://:p4ssPhrase77@cache:notaport/0", "amqp://u:p4ssPhrase77@x",
                          "redis+sentinel://:p4ssPhrase77@a", "cache:6379"}) {
    const auto refused = open_broker(value(load({{"QUEUE_URL", url}})), *queue.database, home);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.contains("QUEUE_URL"));
    CHECK_FALSE(refused.error().message.contains("p4ssPhrase77"));
  }
}

TEST_CASE("Work settings: values out of range are refused") {
  CHECK_FALSE(load({{"WORKER_CONCURRENCY", "0"}}));
  CHECK_FALSE(load({{"WORKER_CONCURRENCY", "4097"}}));
  CHECK_FALSE(load({{"LEASE_TIME", "0s"}}));
  CHECK(load({{"WORKER_CONCURRENCY", "4096"}}));
}

}  // namespace selvage::work
