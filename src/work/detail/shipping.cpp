#include "work/detail/shipping.hpp"

#include "base/log.hpp"

namespace selvage::work {

namespace {

constexpr std::int64_t kBatch = 64;
// Of payloads in one call, or one task: how long the server is held up, and what one that is nearly
// full must have room for.
constexpr std::size_t kBatchBytes = 512 * 1024;
constexpr milliseconds kPoll{1000};         // for the rows of other processes, and after errors
constexpr milliseconds kOthersAfter{1000};  // their own process has had its time
constexpr seconds kForgetEvery{10};

// Leaves as many as one call may bring. True: some are left out.
bool cut_to_batch(std::vector<OutboxRow>& rows) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bytes += rows[i].payload.size();
    if (i == 0 || bytes <= kBatchBytes) continue;
    rows.resize(i);
    return true;
  }
  return false;
}

}  // namespace

Shipping::Shipping(data::Database& database, net::Loop& home, RedisQueues& queues,
                   KnownDepths& depths, std::string origin)
    : database_(database),
      queues_(queues),
      depths_(depths),
      origin_(std::move(origin)),
      signal_(home) {}

void Shipping::expect(const std::string& queue) {
  const std::scoped_lock lock(mutex_);
  names_.insert(queue);
}

std::set<std::string> Shipping::names() {
  const std::scoped_lock lock(mutex_);
  return names_;
}

Task<void> Shipping::run(CancelToken stop) {
  bool away = false;
  while (!stop.cancelled()) {
    bool more = false;
    bool trouble = false;
    for (const std::string& name : names()) {
      const auto left = co_await ship(name);
      if (left) {
        more = more || *left;
        continue;
      }
      trouble = true;
      if (!away) log::warning("queue_not_reached", left.error(), {{"queue", name}});
    }
    away = trouble;
    if (trouble) {
      co_await net::sleep_for(kPoll, stop);
    } else if (!more) {
      co_await signal_.wait(kPoll, stop);
    }
  }
}

// True: there may be more.
Task<Result<bool>> Shipping::ship(std::string name) {
  std::vector<OutboxRow> rows = CO_TRY(co_await database_.read([&](data::Transaction& tx) {
    return to_ship(tx, name, origin_, now() - kOthersAfter, kBatch);
  }));
  if (rows.empty()) co_return false;
  const bool full = rows.size() == static_cast<std::size_t>(kBatch);
  const bool more = cut_to_batch(rows) || full;
  std::vector<std::int64_t> seqs;
  seqs.reserve(rows.size());
  for (const OutboxRow& row : rows) seqs.push_back(row.seq);
  RedisQueue* queue = CO_TRY(queues_.at(name));
  const std::string server = CO_TRY(co_await queue->ship(std::move(rows)));
  depths_.brought(name, static_cast<std::int64_t>(seqs.size()));
  CO_TRY(co_await database_.write(
      [&](data::Transaction& tx) { return mark_shipped(tx, seqs, server); }));
  co_return more;
}

Task<Result<void>> Shipping::look_after(RedisQueue& queue) {
  const std::string name = queue.calls().form().queue;
  const std::string server = queue.server();
  if (server.empty()) co_return Result<void>{};
  const SteadyTime time = steady_now();
  const auto forgot = forgot_at_.find(name);
  const bool other = servers_[name] != server;
  const bool due = forgot == forgot_at_.end() || time - forgot->second >= kForgetEvery;
  if (!other && !due) co_return Result<void>{};
  // also without having seen the server change: another process may have marked late and died
  bool again = true;
  while (again) {
    again = CO_TRY(co_await database_.write(
        [&](data::Transaction& tx) { return ship_again(tx, name, server); }));
    if (again) soon();
  }
  CO_TRY(co_await database_.write(
      [&](data::Transaction& tx) { return forget_shipped(tx, name, server); }));
  servers_[name] = server;
  forgot_at_[name] = time;
  co_return Result<void>{};
}

}  // namespace selvage::work
