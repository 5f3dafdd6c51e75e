#include "work/detail/redis_queues.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace selvage::work {

namespace {

bool has_hash_tag(std::string_view name) {
  return data::suffix_key(name, "") == fmt::format("{}:", name);
}

}  // namespace

RedisQueues::RedisQueues(net::Loop& home, RedisCallOptions options, std::vector<QueueForm> forms,
                         milliseconds poll)
    : home_(home), options_(std::move(options)), forms_(std::move(forms)), poll_(poll) {}

Result<RedisQueue*> RedisQueues::at(const std::string& name) {
  if (const auto found = queues_.find(name); found != queues_.end()) return found->second.get();
  if (closed_) return fail(ErrorKind::unavailable, "queue.closed", "the broker is closed");
  if (queues_.size() >= kMaxQueues) {
    return fail(ErrorKind::invalid, "queue.too_many",
                fmt::format("this process uses {} queues already", kMaxQueues),
                "use fewer queues, and fair keys instead of a queue for each owner");
  }
  const auto said = std::ranges::find(forms_, name, &QueueForm::queue);
  QueueForm form = said != forms_.end() ? *said : QueueForm{.queue = name};
  const bool cluster = options_.url.topology == data::RedisTopology::cluster;
  if (form.kind == QueueKind::celery && cluster && !has_hash_tag(name)) {
    return fail(ErrorKind::invalid, "queue.form",
                fmt::format("the lists of the Celery queue {} lie on several nodes of the cluster",
                            in_quotes(name)),
                fmt::format("name it {{{}}}, which keeps them together", name));
  }
  auto queue = std::make_unique<RedisQueue>(home_, options_, std::move(form), poll_, group_);
  return queues_.emplace(name, std::move(queue)).first->second.get();
}

std::vector<RedisQueue*> RedisQueues::all() {
  std::vector<RedisQueue*> all;
  all.reserve(queues_.size());
  for (const auto& [name, queue] : queues_) all.push_back(queue.get());
  return all;
}

Task<void> RedisQueues::close() {
  closed_ = true;
  for (const auto& [name, queue] : queues_) queue->stop();
  for (const auto& [name, queue] : queues_) co_await queue->calls().redis().close();
  co_await group_.join();
}

}  // namespace selvage::work
