// The broker against a model that is too simple to be wrong: random operations on both, same
// answers expected. SELVAGE_SEED repeats a run.
#include <cstdlib>
#include <map>
#include <random>

#include "integration/work/queue_fixture.hpp"

namespace selvage::work {

namespace {

struct ModelTask {
  std::string state = "ready";
  std::string key;
  int priority = 0;
  std::int64_t run_at = 0;
  std::int64_t order = 0;             // of enqueueing
  std::optional<std::int64_t> vtime;  // set while in line
  std::int64_t token = 0;
  std::int64_t lease_until = 0;
  int deliveries = 0;
  int retries = 0;
};

class Model {
 public:
  bool enqueue(const std::string& id, const std::string& key, int priority, std::int64_t run_at,
               std::int64_t time) {
    if (tasks_.contains(id)) return false;
    ModelTask task{.key = key, .priority = priority, .run_at = run_at, .order = ++enqueued_};
    if (run_at <= time) task.vtime = place(task);
    tasks_.emplace(id, task);
    return true;
  }

  std::vector<std::pair<std::string, ModelTask>> lease(std::size_t max, std::int64_t time,
                                                       std::int64_t duration) {
    for (auto& [id, task] : tasks_) {
      if (task.state != "leased" || task.lease_until > time) continue;
      task.state = "ready";
      task.vtime = 0;
    }
    admit(time);
    std::vector<std::pair<std::string, ModelTask*>> due;
    for (auto& [id, task] : tasks_) {
      if (task.state == "ready" && task.vtime) due.emplace_back(id, &task);
    }
    std::ranges::sort(due, {}, [](const auto& entry) {
      return std::tuple(entry.second->priority, *entry.second->vtime, entry.second->run_at,
                        entry.second->order);
    });
    if (due.size() > max) due.resize(max);
    std::vector<std::pair<std::string, ModelTask>> leases;
    for (auto& [id, task] : due) {
      task->state = "leased";
      task->lease_until = time + duration;
      ++task->token;
      ++task->deliveries;
      leases.emplace_back(id, *task);
    }
    return leases;
  }

  // The task when it is held under this token.
  ModelTask* held(const LeaseRef& ref) {
    const auto found = tasks_.find(ref.task_id);
    if (found == tasks_.end()) return nullptr;
    ModelTask& task = found->second;
    return task.state == "leased" && task.token == ref.token ? &task : nullptr;
  }
  bool revive(const std::string& id, std::int64_t time) {
    const auto found = tasks_.find(id);
    if (found == tasks_.end() || found->second.state != "dead") return false;
    found->second.state = "ready";
    found->second.run_at = time;
    found->second.vtime.reset();
    found->second.deliveries = found->second.retries = 0;
    return true;
  }
  void erase(const std::string& id) { tasks_.erase(id); }
  [[nodiscard]] const std::map<std::string, ModelTask>& tasks() const { return tasks_; }

 private:
  void admit(std::int64_t time) {
    std::vector<ModelTask*> due;
    for (auto& [id, task] : tasks_) {
      if (task.state == "ready" && !task.vtime && task.run_at <= time) due.push_back(&task);
    }
    std::ranges::sort(due, {},
                      [](const ModelTask* task) { return std::pair(task->run_at, task->order); });
    for (ModelTask* task : due) task->vtime = place(*task);
  }
  // Level with the head of the line, but behind the last of one's own.
  [[nodiscard]] std::int64_t place(const ModelTask& newcomer) const {
    std::optional<std::int64_t> head;
    std::int64_t last = 0;
    for (const auto& [id, task] : tasks_) {
      if (task.state != "ready" || !task.vtime || task.priority != newcomer.priority) continue;
      if (*task.vtime > 0) head = std::min(head.value_or(*task.vtime), *task.vtime);
      if (!task.key.empty() && task.key == newcomer.key) last = std::max(last, *task.vtime);
    }
    return std::max(head.value_or(1), last + 1);
  }

  std::map<std::string, ModelTask> tasks_;
  std::int64_t enqueued_ = 0;
};

class Comparison {
 public:
  explicit Comparison(std::uint32_t seed) : random_(seed) {}

  void step() {
    switch (pick(0, 9)) {
      case 0:
      case 1:
        return enqueue();
      case 2:
      case 3:
        return lease();
      case 4:
        return complete();
      case 5:
        return retry_later();
      case 6:
        return hand_back();
      case 7:
        return bury();
      case 8:
        return revive();
      default:
        extend();
        clock_.advance(milliseconds(pick(0, 400)));
    }
  }

  void compare_all() {
    const auto views = value(await(queue_.broker->list(kQueue, "", 1000, "")));
    REQUIRE(views.size() == model_.tasks().size());
    for (const TaskView& view : views) {
      const ModelTask& task = model_.tasks().at(view.id);
      CAPTURE(view.id);
      const bool delayed = task.state == "ready" && task.run_at > time();
      REQUIRE(view.state == (delayed ? "delayed" : task.state));
      REQUIRE(view.token == task.token);
      REQUIRE(view.deliveries == task.deliveries);
      REQUIRE(view.retries == task.retries);
      REQUIRE(view.priority == task.priority);
      REQUIRE(to_unix_ms(view.run_at) == task.run_at);
      REQUIRE(view.lease_until.has_value() == (task.state == "leased"));
      if (view.lease_until) REQUIRE(to_unix_ms(*view.lease_until) == task.lease_until);
    }
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
  static std::int64_t time() { return to_unix_ms(now()); }
  std::string any_id() { return "t" + std::to_string(pick(0, 39)); }
  // Mostly a lease that was handed out, current or old.
  LeaseRef any_lease() {
    if (refs_.empty()) return {.task_id = any_id(), .queue = kQueue, .token = 1};
    return refs_[static_cast<std::size_t>(pick(0, static_cast<int>(refs_.size()) - 1))];
  }

  void enqueue() {
    const std::string id = any_id();
    const int priority = pick(0, 3);
    const std::string key = pick(0, 2) == 0 ? "" : "owner-" + std::to_string(pick(0, 3));
    const auto run_at = now() + milliseconds(pick(0, 2) == 0 ? pick(-500, 500) : 0);
    const auto added = queue_.try_enqueue({{.id = id,
                                            .queue = kQueue,
                                            .payload = id,
                                            .priority = priority,
                                            .run_at = run_at,
                                            .fair_key = key}});
    REQUIRE(added.has_value() == model_.enqueue(id, key, priority, to_unix_ms(run_at), time()));
  }
  void lease() {
    const auto max = static_cast<std::size_t>(pick(1, 6));
    const milliseconds duration(pick(1, 1000));
    const auto expected = model_.lease(max, time(), duration.count());
    const auto leases = queue_.lease(max, duration);
    REQUIRE(leases.size() == expected.size());
    for (std::size_t i = 0; i < leases.size(); ++i) {
      REQUIRE(leases[i].ref.task_id == expected[i].first);
      REQUIRE(leases[i].ref.token == expected[i].second.token);
      REQUIRE(leases[i].payload == expected[i].first);
      refs_.push_back(leases[i].ref);
    }
  }
  void complete() {
    const LeaseRef ref = any_lease();
    const bool held = model_.held(ref) != nullptr;
    REQUIRE(value(await(queue_.broker->complete(ref))) == held);
    if (held) forget(ref.task_id);
  }
  void retry_later() {
    const LeaseRef ref = any_lease();
    const Timestamp run_at = now() + milliseconds(pick(0, 500));
    ModelTask* task = model_.held(ref);
    REQUIRE(value(await(queue_.broker->retry_later(ref, run_at, "r"))) == (task != nullptr));
    if (task == nullptr) return;
    task->state = "ready";
    task->run_at = to_unix_ms(run_at);
    task->vtime.reset();
    ++task->retries;
  }
  void hand_back() {
    const LeaseRef ref = any_lease();
    ModelTask* task = model_.held(ref);
    REQUIRE(value(await(queue_.broker->hand_back(ref, Timestamp{}))) == (task != nullptr));
    if (task == nullptr) return;
    task->state = "ready";
    task->vtime = 0;
    --task->deliveries;
  }
  void bury() {
    const LeaseRef ref = any_lease();
    ModelTask* task = model_.held(ref);
    REQUIRE(value(await(queue_.broker->bury(ref, "b"))) == (task != nullptr));
    if (task != nullptr) task->state = "dead";
  }
  void revive() {
    const std::string id = any_id();
    const auto found = model_.tasks().find(id);
    const bool dead = found != model_.tasks().end() && found->second.state == "dead";
    if (pick(0, 3) == 0) {
      REQUIRE(value(await(queue_.broker->discard_dead(kQueue, id))) == dead);
      if (dead) forget(id);
    } else {
      REQUIRE(value(await(queue_.broker->revive(kQueue, id))) == dead);
      model_.revive(id, time());
    }
  }
  void extend() {
    const std::vector<LeaseRef> refs{any_lease(), any_lease()};
    const milliseconds duration(pick(1, 1000));
    std::size_t lost = 0;
    for (const LeaseRef& ref : refs) {
      ModelTask* task = model_.held(ref);
      if (task == nullptr) {
        ++lost;
      } else {
        task->lease_until = time() + duration.count();
      }
    }
    REQUIRE(value(await(queue_.broker->extend(refs, duration))).size() == lost);
  }
  // An id that is gone starts anew with token 0, so its old leases mean nothing any more.
  void forget(const std::string& id) {
    model_.erase(id);
    std::erase_if(refs_, [&](const LeaseRef& ref) { return ref.task_id == id; });
  }

  std::mt19937 random_;
  ScopedClock clock_{from_unix_ms(1'700'000'000'000)};
  QueueFixture queue_;
  Model model_;
  std::vector<LeaseRef> refs_;
};

}  // namespace

TEST_CASE("Broker: random operations do what a simple model says") {
  const char* wanted = std::getenv("SELVAGE_SEED");
  const auto seed = wanted != nullptr
                        ? static_cast<std::uint32_t>(std::strtoul(wanted, nullptr, 10))
                        : std::random_device()();
  CAPTURE(seed);
  MESSAGE("seed ", seed);
  Comparison comparison(seed);
  for (int i = 0; i < 1500; ++i) {
    CAPTURE(i);
    comparison.step();
    if (i % 25 == 0) comparison.compare_all();
  }
  comparison.compare_all();
}

}  // namespace selvage::work
