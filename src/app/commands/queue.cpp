#include "app/command.hpp"
#include "app/platform.hpp"
#include "app/queues.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kPage = 500;

std::string age(milliseconds duration) {
  return to_string(std::chrono::duration_cast<seconds>(duration));
}

Task<Result<int>> list(Platform& platform) {
  const auto depths = CO_TRY(co_await queue_depths(platform));
  fmt::print("{:<34} {:>7} {:>8} {:>7} {:>6}  {}\n", "QUEUE", "READY", "DELAYED", "LEASED", "DEAD",
             "OLDEST");
  for (const work::QueueDepth& depth : depths) {
    fmt::print("{:<34} {:>7} {:>8} {:>7} {:>6}  {}{}\n", depth.queue, depth.ready, depth.delayed,
               depth.leased, depth.dead, depth.oldest_ready ? age(*depth.oldest_ready) : "-",
               depth.paused ? "  PAUSED" : "");
  }
  co_return 0;
}

Task<Result<int>> show(Platform& platform, std::string queue, std::string id) {
  const auto task = CO_TRY(co_await platform.broker->find(queue, id));
  if (!task) {
    co_return fail(ErrorKind::not_found, "queue.no_task",
                   fmt::format("the queue {} holds no task {}", queue, in_quotes(id)),
                   "a finished task leaves the queue; its job is at GET /v1/jobs/{id}");
  }
  fmt::print(
      "task        {}\nstate       {}\npriority    {}\ndeliveries  {}\nretries     {}\n"
      "enqueued    {}\nruns at     {}\n",
      printable(task->id), task->state, task->priority, task->deliveries, task->retries,
      to_rfc3339(task->enqueued_at), to_rfc3339(task->run_at));
  if (task->lease_until) {
    fmt::print("held by     {}\nlease until {}\ntoken       {}\n", task->holder,
               to_rfc3339(*task->lease_until), task->token);
  }
  if (!task->reason.empty()) fmt::print("reason      {}\n", printable(task->reason));
  fmt::print("payload     {}\n", printable(task->payload));
  co_return 0;
}

Task<Result<std::vector<work::TaskView>>> dead_tasks(Platform& platform, std::string queue) {
  std::vector<work::TaskView> all;
  std::string after;
  while (true) {
    auto page = CO_TRY(co_await platform.broker->list(queue, "dead", kPage, after));
    if (page.empty()) break;
    after = page.back().id;
    const bool last = page.size() < kPage;
    std::move(page.begin(), page.end(), std::back_inserter(all));
    if (last) break;
  }
  co_return all;
}

Task<Result<int>> dead(Platform& platform, std::string queue) {
  const auto tasks = CO_TRY(co_await dead_tasks(platform, queue));
  for (const work::TaskView& task : tasks) {
    fmt::print("{}  {}  {}\n", printable(task.id), to_rfc3339(task.enqueued_at),
               printable(task.reason));
  }
  fmt::print("{} dead letters\n", tasks.size());
  co_return tasks.empty() ? 0 : 1;
}

Task<Result<int>> retry(Platform& platform, std::string queue, std::vector<std::string> ids,
                        bool all) {
  if (all) {
    for (const work::TaskView& task : CO_TRY(co_await dead_tasks(platform, queue))) {
      ids.push_back(task.id);
    }
  }
  int missing = 0;
  for (const std::string& id : ids) {
    const bool revived = CO_TRY(co_await platform.broker->revive(queue, id));
    if (!revived) ++missing;
    fmt::print("{}  {}\n", id, revived ? "is back in the queue" : "is not among the dead letters");
  }
  co_return missing == 0 ? 0 : 1;
}

Task<Result<int>> set_paused(Platform& platform, std::string queue, bool paused) {
  CO_TRY(co_await pause_queue(platform, queue, paused));
  fmt::print("{} {}\n", queue,
             paused ? "is paused: nothing of it is handed out" : "is handed out again");
  co_return 0;
}

Task<Result<int>> act(Platform& platform, const Invocation& invocation) {
  const std::string queue = invocation.value("--queue").value_or(platform.queue);
  const std::vector<std::string>& words = invocation.arguments;
  if (invocation.action == "ls") co_return co_await list(platform);
  if (invocation.action == "show") co_return co_await show(platform, queue, words[0]);
  if (invocation.action == "dead") co_return co_await dead(platform, queue);
  if (invocation.action == "pause") co_return co_await set_paused(platform, words[0], true);
  if (invocation.action == "resume") co_return co_await set_paused(platform, words[0], false);
  co_return co_await retry(platform, queue, words, invocation.has("--all"));
}

Task<Result<int>> act_and_close(Platform& platform, const Invocation& invocation) {
  Result<int> outcome = co_await act(platform, invocation);
  co_await platform.close();
  co_return outcome;
}

Result<int> run(const Invocation& invocation) {
  const bool all = invocation.has("--all");
  if (invocation.action == "show" && invocation.arguments.size() != 1) {
    return fail(ErrorKind::invalid, "queue.id", "selvage queue show needs one task id",
                "dead letters are listed by: selvage queue dead");
  }
  const bool switches = invocation.action == "pause" || invocation.action == "resume";
  if (switches && invocation.arguments.size() != 1) {
    return fail(ErrorKind::invalid, "queue.name",
                fmt::format("selvage queue {} needs one queue's name", invocation.action),
                "see them: selvage queue ls");
  }
  if (invocation.action == "retry" && invocation.arguments.empty() && !all) {
    return fail(ErrorKind::invalid, "queue.id", "selvage queue retry needs task ids, or --all",
                "see them: selvage queue dead");
  }
  net::Loop loop;
  const auto platform = TRY(Platform::open(TRY(load_settings(invocation)), loop));
  return loop.run_until_done(act_and_close(*platform, invocation));
}

}  // namespace

Command queue_command() {
  return {
      .name = "queue",
      .summary = "Look into the queues, pause them, and bring dead letters back.",
      .details = "Works beside running workers. `dead` exits 1 when there are dead letters.",
      .actions = {{"ls", "", "how many tasks wait, run and are dead"},
                  {"show", "ID", "one task with its payload"},
                  {"dead", "", "tasks that were given up, with the reason"},
                  {"retry", "ID...", "put dead tasks back into the queue"},
                  {"pause", "NAME", "hand out nothing of a queue; what runs goes on"},
                  {"resume", "NAME", "hand out its tasks again"}},
      .flags = {{"--all", "", "retry every dead task"},
                {"--queue", "NAME", "another queue than the jobs' own, for show, dead and retry"}},
      .run = run};
}

}  // namespace selvage::app
