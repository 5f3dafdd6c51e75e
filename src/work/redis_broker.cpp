#include "work/redis_broker.hpp"

#include <fmt/format.h>

#include "base/id.hpp"
#include "base/log.hpp"
#include "net/hop.hpp"
#include "work/detail/known_depths.hpp"
#include "work/detail/new_task.hpp"
#include "work/detail/outbox.hpp"
#include "work/detail/queue_room.hpp"
#include "work/detail/redis_health.hpp"
#include "work/detail/redis_listing.hpp"
#include "work/detail/redis_queues.hpp"
#include "work/detail/redis_record.hpp"
#include "work/detail/shipping.hpp"
#include "work/detail/task_rows.hpp"

namespace selvage::work {

namespace {

constexpr milliseconds kFresh{1000};  // how old a depth may be
constexpr std::int64_t kManyDead = 10'000;
constexpr std::chrono::hours kSayAgain{1};

class RedisBroker final : public Broker {
 public:
  RedisBroker(data::Database& database, net::Loop& home, data::RedisUrl url,
              RedisBrokerOptions options)
      : database_(database),
        home_(home),
        queues_(home,
                {.url = std::move(url),
                 .per_key_concurrency = options.per_key_concurrency,
                 .server_clock = options.server_clock},
                options.forms, options.poll),
        first_queue_(options.forms.empty() ? "selvage" : options.forms.front().queue),
        origin_(random_token(12)),
        shipping_(database, home, queues_, depths_, origin_),
        room_(options.max_ready,
              [this](data::Transaction& tx, const std::string& queue,
                     std::int64_t up_to) -> Result<std::int64_t> {
                const OutboxDepth outbox = TRY(outbox_depth(tx, queue, up_to));
                return outbox.ready + outbox.delayed + depths_.get(queue);
              }) {}

  Result<void> enqueue(data::Transaction& tx, std::span<const NewTask> tasks) override {
    std::map<std::string, std::int64_t> wanted;
    for (const NewTask& task : tasks) {
      TRY(check_new_task(task));
      if (is_made_up(task.id)) {
        return fail(ErrorKind::invalid, "queue.name",
                    fmt::format("the task id {} begins with @, which the engine keeps for tasks "
                                "without an id",
                                task.id));
      }
      ++wanted[task.queue];
    }
    for (const auto& [queue, count] : wanted) {
      TRY(room_.reserve(tx, queue, count));
      TRY(note_queue(tx, queue));
      shipping_.expect(queue);
    }
    for (const NewTask& task : tasks) {
      if (!TRY(put_in_outbox(tx, task, origin_))) return duplicate(task);
    }
    return {};
  }

  void notify() override { shipping_.soon(); }

  Task<void> run(CancelToken stop) override {
    SELVAGE_CHECK(&net::Loop::current() == &home_);
    TaskGroup group;
    group.spawn(shipping_.run(stop), "ship tasks");
    group.spawn(keep_up(stop), "look after queues");
    co_await group.join();
  }

  Task<void> close() override {
    co_await net::run_on(home_, [this] [[clang::coro_wrapper]] () { return queues_.close(); });
  }

  [[clang::coro_wrapper]] Task<Result<std::vector<Lease>>> lease(std::string queue,
                                                                 std::string worker_id,
                                                                 std::size_t max,
                                                                 milliseconds duration) override {
    return at_home(std::move(queue), [=] [[clang::coro_wrapper]] (RedisQueue & there) {
      return there.lease(worker_id, max, duration);
    });
  }

  Task<Result<std::vector<LeaseRef>>> extend(std::vector<LeaseRef> held,
                                             milliseconds duration) override {
    std::map<std::string, std::vector<LeaseRef>> by_queue;
    for (LeaseRef& ref : held) by_queue[ref.queue].push_back(std::move(ref));
    std::vector<LeaseRef> lost;
    for (auto& [queue, refs] : by_queue) {
      auto gone = CO_TRY(
          co_await at_home(queue, [&refs, duration] [[clang::coro_wrapper]] (RedisQueue & there) {
            return there.extend(std::move(refs), duration);
          }));
      std::ranges::move(gone, std::back_inserter(lost));
    }
    co_return lost;
  }

  [[clang::coro_wrapper]] Task<Result<bool>> complete(LeaseRef lease) override {
    return settle(std::move(lease), {.what = LeaseEnd::complete});
  }
  // The wait counts, not the hour: our clock may differ from the server's.
  [[clang::coro_wrapper]] Task<Result<bool>> retry_later(LeaseRef lease, Timestamp run_at,
                                                         std::string reason) override {
    return settle(std::move(lease), {.what = LeaseEnd::retry,
                                     .ms = (run_at - now()).count(),
                                     .reason = escape_name(cut_reason(std::move(reason)))});
  }
  [[clang::coro_wrapper]] Task<Result<bool>> hand_back(LeaseRef lease,
                                                       Timestamp not_before) override {
    return settle(std::move(lease), {.what = LeaseEnd::hand_back, .ms = to_unix_ms(not_before)});
  }
  [[clang::coro_wrapper]] Task<Result<bool>> bury(LeaseRef lease, std::string reason) override {
    return settle(std::move(lease),
                  {.what = LeaseEnd::bury, .reason = escape_name(cut_reason(std::move(reason)))});
  }

  Task<void> wait_for_work(std::string queue, milliseconds at_most, CancelToken cancel) override {
    const auto waited = co_await at_home(
        std::move(queue), [at_most, cancel] [[clang::coro_wrapper]] (RedisQueue & there) {
          return wait_at(there, at_most, cancel);
        });
    if (!waited) co_await net::sleep_for(at_most, cancel);
  }

  Task<Result<std::vector<std::string>>> alive(std::string queue,
                                               std::vector<std::string> ids) override {
    // first the outbox, then Redis: the way a task goes
    const std::string server = CO_TRY(co_await at_home(
        queue, [] [[clang::coro_wrapper]] (RedisQueue & there) { return server_of(there); }));
    std::vector<std::string> alive = CO_TRY(co_await database_.read(
        [&](data::Transaction& tx) { return waiting_in_outbox(tx, queue, server, ids); }));
    std::erase_if(
        ids, [&](const std::string& id) { return std::ranges::find(alive, id) != alive.end(); });
    auto there = CO_TRY(co_await at_home(queue, [&ids] [[clang::coro_wrapper]] (RedisQueue & at) {
      return alive_redis_tasks(at.calls(), std::move(ids));
    }));
    std::ranges::move(there, std::back_inserter(alive));
    co_return alive;
  }

  Task<Result<void>> pause(std::string queue, bool paused) override {
    CO_TRY(check_queue_name(queue));
    CO_TRY(co_await database_.write([&](data::Transaction& tx) { return note_queue(tx, queue); }));
    co_return co_await at_home(queue, [paused] [[clang::coro_wrapper]] (RedisQueue & there) {
      return there.pause(paused);
    });
  }

  Task<Result<std::vector<QueueDepth>>> depths() override {
    std::map<std::string, QueueDepth> all;
    for (const std::string& queue : CO_TRY(co_await known_queues())) {
      const OutboxDepth outbox = CO_TRY(co_await database_.read(
          [&](data::Transaction& tx) { return outbox_depth(tx, queue, 10 * kManyDead); }));
      QueueDepth depth = CO_TRY(co_await at_home(
          queue, [] [[clang::coro_wrapper]] (RedisQueue & there) { return shown_depth(there); }));
      depth.ready += outbox.ready;
      depth.delayed += outbox.delayed;
      if (depth.ready + depth.delayed + depth.leased + depth.dead == 0 && !depth.paused) continue;
      all.emplace(queue, std::move(depth));
    }
    std::vector<QueueDepth> list;
    for (auto& [queue, depth] : all) list.push_back(std::move(depth));
    co_return list;
  }

  Task<Result<std::vector<TaskView>>> list(std::string queue, std::string state, std::size_t limit,
                                           std::string after_id) override {
    CO_TRY(check_state(state));
    limit = std::min(limit, kMaxListed);
    std::vector<TaskView> views;
    if (state != "leased" && state != "dead") {
      views = CO_TRY(co_await database_.read(
          [&](data::Transaction& tx) { return list_outbox(tx, queue, limit, after_id); }));
      std::erase_if(views,
                    [&](const TaskView& view) { return !state.empty() && view.state != state; });
    }
    auto there = CO_TRY(co_await at_home(queue, [&] [[clang::coro_wrapper]] (RedisQueue & at) {
      return list_redis_tasks(at.calls(), state, limit, after_id);
    }));
    std::ranges::move(there, std::back_inserter(views));
    std::ranges::sort(views, {}, &TaskView::id);
    if (views.size() > limit)
      views.erase(views.begin() + static_cast<std::ptrdiff_t>(limit), views.end());
    co_return views;
  }

  // Tasks of the outbox are not among them: they are on their way.
  [[clang::coro_wrapper]] Task<Result<SoonestTasks>> soonest(std::string queue,
                                                             std::size_t limit) override {
    limit = std::min(limit, kMaxListed);
    return at_home(std::move(queue), [limit] [[clang::coro_wrapper]] (RedisQueue & there) {
      return soonest_redis_tasks(there.calls(), limit);
    });
  }

  Task<Result<std::optional<TaskView>>> find(std::string queue, std::string id) override {
    auto waiting = CO_TRY(co_await database_.read(
        [&](data::Transaction& tx) { return find_in_outbox(tx, queue, id); }));
    if (waiting) co_return waiting;
    co_return co_await at_home(queue, [&id] [[clang::coro_wrapper]] (RedisQueue & there) {
      return find_redis_task(there.calls(), id);
    });
  }

  [[clang::coro_wrapper]] Task<Result<bool>> revive(std::string queue, std::string id) override {
    return at_home(std::move(queue),
                   [id] [[clang::coro_wrapper]] (RedisQueue & there) { return there.revive(id); });
  }
  [[clang::coro_wrapper]] Task<Result<bool>> discard_dead(std::string queue,
                                                          std::string id) override {
    return at_home(std::move(queue), [id] [[clang::coro_wrapper]] (RedisQueue & there) {
      return there.discard_dead(id);
    });
  }

  [[clang::coro_wrapper]] Task<Result<void>> ping() override {
    return net::run_on(home_, [this] [[clang::coro_wrapper]] () { return ping_all(); });
  }

 private:
  // On the home loop, with the queue of that name.
  template <class Use>
  auto at_home(std::string name, Use use) -> std::invoke_result_t<Use&, RedisQueue&> {
    if (&net::Loop::current() == &home_) {  // the hot path of workers
      RedisQueue* queue = CO_TRY(queues_.at(name));
      co_return co_await use(*queue);
    }
    co_return co_await net::run_on(
        home_, [this, &name, &use] [[clang::coro_wrapper]] () { return at_home(name, use); });
  }
  [[clang::coro_wrapper]] Task<Result<bool>> settle(LeaseRef lease, Settlement wish) {
    wish.token = lease.token;
    wish.traceless = wish.what == LeaseEnd::complete && is_traceless(lease.task_id);
    return at_home(std::move(lease.queue), [wish = std::move(wish)] [[clang::coro_wrapper]] (
                                               RedisQueue & there) { return there.settle(wish); });
  }

  static Task<Result<void>> wait_at(RedisQueue& queue, milliseconds at_most, CancelToken cancel) {
    co_await queue.wait(at_most, std::move(cancel));
    co_return Result<void>{};
  }
  static Task<Result<std::string>> server_of(RedisQueue& queue) { co_return queue.server(); }
  static Task<Result<QueueDepth>> shown_depth(RedisQueue& queue) {
    co_return CO_TRY(co_await queue.depth()).shown;
  }

  // Those that any process has noted, and ours, which are noted now.
  Task<Result<std::vector<std::string>>> known_queues() {
    auto names = CO_TRY(co_await database_.read(noted_queues));
    const auto ours = co_await net::run_on(
        home_, [this] [[clang::coro_wrapper]] () { return names_of(queues_); });
    for (const std::string& name : ours) {
      if (std::ranges::binary_search(names, name)) continue;
      CO_TRY(co_await database_.write([&](data::Transaction& tx) { return note_queue(tx, name); }));
      names.insert(std::ranges::upper_bound(names, name), name);
    }
    co_return names;
  }
  static Task<std::vector<std::string>> names_of(RedisQueues& queues) {
    std::vector<std::string> names;
    for (RedisQueue* queue : queues.all()) names.push_back(queue->calls().form().queue);
    co_return names;
  }

  Task<Result<void>> ping_all() {
    if (queues_.all().empty()) CO_TRY(queues_.at(first_queue_));
    for (RedisQueue* queue : queues_.all()) {
      CO_TRY(co_await queue->calls().redis().send(data::RedisCommand("PING")));
    }
    co_return Result<void>{};
  }

  Task<void> keep_up(CancelToken stop) {
    do {
      const auto names = co_await known_queues();
      if (!names) continue;
      for (const std::string& name : *names) {
        shipping_.expect(name);
        const auto done = co_await keep_up_queue(name);
        if (!done) log::debug("queue_not_kept_up", {{"queue", name}, {"error", done.error().code}});
      }
    } while (co_await net::sleep_for(kFresh, stop));
  }

  Task<Result<void>> keep_up_queue(std::string name) {
    RedisQueue* queue = CO_TRY(queues_.at(name));
    const RedisDepth depth = CO_TRY(co_await queue->depth());
    depths_.seen(name, depth.waiting);
    say_many_dead(name, depth.shown.dead);
    CO_TRY(co_await queue->upkeep());
    CO_TRY(co_await shipping_.look_after(*queue));
    co_await health_[name].look(queue->calls().redis(), name);
    co_return Result<void>{};
  }

  // Dead letters are never dropped, so somebody has to look at them.
  void say_many_dead(const std::string& queue, std::int64_t dead) {
    if (dead < kManyDead || steady_now() < say_dead_at_[queue]) return;
    say_dead_at_[queue] = steady_now() + kSayAgain;
    log::warning("many_dead_letters", {{"queue", queue},
                                       {"dead", dead},
                                       {"hint",
                                        "see selvage queue dead; they are kept until they "
                                        "are retried or discarded"}});
  }

  data::Database& database_;
  net::Loop& home_;
  RedisQueues queues_;
  KnownDepths depths_;
  const std::string first_queue_;  // what ping() asks when nothing has been used
  const std::string origin_;
  Shipping shipping_;
  QueueRoom room_;
  std::map<std::string, RedisHealth> health_;
  std::map<std::string, SteadyTime> say_dead_at_;
};

}  // namespace

std::unique_ptr<Broker> make_redis_broker(data::Database& database, net::Loop& home,
                                          data::RedisUrl url, RedisBrokerOptions options) {
  return std::make_unique<RedisBroker>(database, home, std::move(url), std::move(options));
}

}  // namespace selvage::work
