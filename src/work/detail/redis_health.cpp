#include "work/detail/redis_health.hpp"

#include "base/log.hpp"

namespace selvage::work {

namespace {

// The value of `name:` in the answer of INFO.
std::string info_field(const std::string& info, std::string_view name) {
  const std::string start = "\n" + std::string(name) + ":";
  const std::size_t at = info.find(start);
  if (at == info.npos) return {};
  const std::size_t begin = at + start.size();
  return info.substr(begin, info.find('\r', begin) - begin);
}

// Unknown (a managed server that forbids CONFIG) counts as some.
Task<bool> saves_snapshots(data::Redis& redis) {
  const auto reply = co_await redis.send(data::RedisCommand("CONFIG").arg("GET").arg("save"));
  if (!reply || !reply->is_array() || reply->array().size() != 2) co_return true;
  co_return !reply->array()[1].is_text() || !reply->array()[1].text().empty();
}

}  // namespace

Task<void> RedisHealth::look(data::Redis& redis, std::string queue) {
  const std::string server = redis.server_run_id();
  if (server.empty() || server == looked_at_) co_return;
  const auto memory = co_await redis.send(data::RedisCommand("INFO").arg("memory"));
  const auto persistence = co_await redis.send(data::RedisCommand("INFO").arg("persistence"));
  if (!memory || !memory->is_text() || !persistence || !persistence->is_text()) co_return;
  const bool snapshots = co_await saves_snapshots(redis);
  looked_at_ = server;
  const std::string policy = info_field(memory->text(), "maxmemory_policy");
  if (!policy.empty() && policy != "noeviction") {
    log::warning("queue_may_be_evicted",
                 {{"queue", queue},
                  {"maxmemory_policy", policy},
                  {"hint",
                   "set maxmemory-policy noeviction: any other deletes tasks when memory is "
                   "short"}});
  }
  if (info_field(persistence->text(), "aof_enabled") == "0") {
    log::warning("queue_not_durable",
                 {{"queue", queue},
                  {"snapshots", snapshots},
                  {"hint",
                   "set appendonly yes: a crash of this Redis loses tasks that were pushed "
                   "to it since its last snapshot"}});
  }
}

}  // namespace selvage::work
