#include "app/command.hpp"
#include "app/platform.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kPage = 500;

std::string age(milliseconds duration) {
  return to_string(std::chrono::duration_cast<seconds>(duration));
}

Task<Result<int>> list(Platform& platform) {
  const auto depths = CO_TRY(co_await platform.broker->depths());
  fmt::print("{:<34} {:>7} {:>8} {:>7} {:>6}  {}\n", "QUEUE", "READY", "DELAYED", "LEASED", "DEAD",
             "OLDEST");
  for (const work::QueueDepth& depth : depths) {
    fmt::print("{:<34} {:>7} {:>8} {:>7} {:>6}  {}\n", depth.queue, depth.ready, depth.delayed,
               depth.leased, depth.dead, depth.oldest_ready ? age(*depth.oldest_ready) : "-");
  }
  co_return 0;
}

Task<Result<int>> show(Platform& platform, std::string id) {
  const auto task = CO_TRY(co_await platform.broker->find(platform.queue, id));
  if (!task) {
    co_return fail(ErrorKind::not_found, "queue.no_task",
                   fmt::format("the queue {} holds no task {}", platform.queue, in_quotes(id)),
                   "a finished task leaves the queue; its job is at GET /v1/jobs/{id}");
  }
  fmt::print(
      "task        {}\nstate       {}\npriority    {}\ndeliveries  {}\nretries     {}\n"
      "enqueued    {}\nruns at     {}\n",
      task->id, task->state, task->priority, task->deliveries, task->retries,
      to_rfc3339(task->enqueued_at), to_rfc3339(task->run_at));
  if (task->lease_until) {
    fmt::print("held by     {}\nlease until {}\ntoken       {}\n", task->holder,
               to_rfc3339(*task->lease_until), task->token);
  }
  if (!task->reason.empty()) fmt::print("reason      {}\n", task->reason);
  fmt::print("payload     {}\n", task->payload);
  co_return 0;
}

Task<Result<std::vector<work::TaskView>>> dead_tasks(Platform& platform) {
  std::vector<work::TaskView> all;
  std::string after;
  while (true) {
    auto page = CO_TRY(co_await platform.broker->list(platform.queue, "dead", kPage, after));
    if (page.empty()) break;
    after = page.back().id;
    const bool last = page.size() < kPage;
    std::move(page.begin(), page.end(), std::back_inserter(all));
    if (last) break;
  }
  co_return all;
}

Task<Result<int>> dead(Platform& platform) {
  const auto tasks = CO_TRY(co_await dead_tasks(platform));
  for (const work::TaskView& task : tasks) {
    fmt::print("{}  {}  {}\n", task.id, to_rfc3339(task.enqueued_at), task.reason);
  }
  fmt::print("{} dead letters\n", tasks.size());
  co_return tasks.empty() ? 0 : 1;
}

Task<Result<int>> retry(Platform& platform, std::vector<std::string> ids, bool all) {
  if (all) {
    for (const work::TaskView& task : CO_TRY(co_await dead_tasks(platform))) ids.push_back(task.id);
  }
  int missing = 0;
  for (const std::string& id : ids) {
    const bool revived = CO_TRY(co_await platform.broker->revive(platform.queue, id));
    if (!revived) ++missing;
    fmt::print("{}  {}\n", id, revived ? "is back in the queue" : "is not among the dead letters");
  }
  co_return missing == 0 ? 0 : 1;
}

Result<int> run(const Invocation& invocation) {
  const bool all = invocation.has("--all");
  if (invocation.action == "show" && invocation.arguments.size() != 1) {
    return fail(ErrorKind::invalid, "queue.id", "selvage queue show needs one task id",
                "dead letters are listed by: selvage queue dead");
  }
  if (invocation.action == "retry" && invocation.arguments.empty() && !all) {
    return fail(ErrorKind::invalid, "queue.id", "selvage queue retry needs task ids, or --all",
                "see them: selvage queue dead");
  }
  const auto platform = TRY(Platform::open(TRY(load_settings(invocation))));
  net::Loop loop;
  if (invocation.action == "ls") return loop.run_until_done(list(*platform));
  if (invocation.action == "show") {
    return loop.run_until_done(show(*platform, invocation.arguments[0]));
  }
  if (invocation.action == "dead") return loop.run_until_done(dead(*platform));
  return loop.run_until_done(retry(*platform, invocation.arguments, all));
}

}  // namespace

Command queue_command() {
  return {.name = "queue",
          .summary = "Look into the queue and bring dead letters back.",
          .details = "Works beside running workers. `dead` exits 1 when there are dead letters.",
          .actions = {{"ls", "", "how many tasks wait, run and are dead"},
                      {"show", "ID", "one task with its payload"},
                      {"dead", "", "tasks that were given up, with the reason"},
                      {"retry", "ID...", "put dead tasks back into the queue"}},
          .flags = {{"--all", "", "retry every dead task"}},
          .run = run};
}

}  // namespace selvage::app
