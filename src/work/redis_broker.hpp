// The queue on Redis: tasks of plain LPUSH producers, of Celery clients, and our own, which are
// committed to an outbox with their caller's transaction and shipped after it.
//
// No task is ever only in a worker's memory: it is taken from its list into the hash of held tasks
// by one script. Leases, fencing tokens, retries, delays, dead letters, priorities, fair keys and
// unique ids live in keys of the queue's own hash slot (detail/redis_keys.hpp), so a cluster serves
// each queue on one node. Everything on Redis happens on the broker's home loop; calls from other
// loops hop there.
#pragma once

#include <memory>
#include <vector>

#include "data/database.hpp"
#include "data/redis_url.hpp"
#include "net/loop.hpp"
#include "work/broker.hpp"
#include "work/queue_form.hpp"

namespace selvage::work {

struct RedisBrokerOptions {
  std::int64_t max_ready = 100'000;      // a queue that holds more refuses new tasks
  std::int64_t per_key_concurrency = 0;  // leases a fair key may have at once; 0: any number
  std::vector<QueueForm> forms{};        // of the queues that are not plain
  milliseconds poll{1000};               // how often a worker looks without being woken
  bool server_clock = true;              // false, for tests: now() of this process is the time
};

// `database` holds the outbox; it and `home` must outlive the broker. run() must be running
// somewhere for enqueued tasks to be shipped.
[[nodiscard]] std::unique_ptr<Broker> make_redis_broker(data::Database& database, net::Loop& home,
                                                        data::RedisUrl url,
                                                        RedisBrokerOptions options);

}  // namespace selvage::work
