#include <cstdlib>

#include "app/command.hpp"
#include "app/platform.hpp"
#include "base/text.hpp"
#include "tryon/cancel.hpp"

namespace selvage::app {

namespace {

Result<tryon::SessionFilter> filter_of(const Invocation& invocation) {
  tryon::SessionFilter filter;
  if (const auto status = invocation.value("--status")) {
    filter.status = tryon::parse_status(*status);
    if (!filter.status) {
      return fail(ErrorKind::invalid, "jobs.status",
                  fmt::format("there is no status {}", in_quotes(*status)),
                  "queued, processing, completed or failed");
    }
  }
  const auto channel = invocation.value("--channel");
  const auto owner = invocation.value("--owner");
  if (owner && !channel) {
    return fail(ErrorKind::invalid, "jobs.owner", "--owner needs --channel b2b or b2c beside it");
  }
  if (owner) filter.owner = TRY(tryon::parse_owner(*channel, *owner));
  if (channel && !owner) {
    filter.channel = tryon::parse_channel(*channel);
    if (!filter.channel) {
      return fail(ErrorKind::invalid, "jobs.channel",
                  fmt::format("--channel must be b2b or b2c, is {}", in_quotes(*channel)));
    }
  }
  return filter;
}

Result<std::size_t> limit_of(const Invocation& invocation) {
  const auto text = invocation.value("--limit");
  if (!text) return 50;
  char* end = nullptr;
  const long long limit = std::strtoll(text->c_str(), &end, 10);
  if (*end != '\0' || limit < 1 || limit > static_cast<long long>(tryon::kMaxPage)) {
    return fail(ErrorKind::invalid, "jobs.limit",
                fmt::format("--limit must be 1 to {}, is {}", tryon::kMaxPage, in_quotes(*text)));
  }
  return static_cast<std::size_t>(limit);
}

std::string state_of(const tryon::Session& session) {
  if (session.status == tryon::SessionStatus::failed) return session.error_code.value_or("");
  if (session.cancel_requested_at && !tryon::is_terminal(session.status)) return "to be cancelled";
  return session.stage.value_or("");
}

Result<int> list(const Invocation& invocation, data::Database& database) {
  const auto filter = TRY(filter_of(invocation));
  const std::size_t limit = TRY(limit_of(invocation));
  const auto page = TRY(database.read_blocking([&](data::Transaction& tx) {
    return tryon::list_sessions(tx, filter, limit, std::nullopt);
  }));
  fmt::print("{:<36} {:<10} {:>4} {:<5} {:<20} {:<24} {}\n", "ID", "STATUS", "%", "CHAN", "OWNER",
             "ACCEPTED", "");
  for (const tryon::Session& session : page.sessions) {
    fmt::print("{:<36} {:<10} {:>4} {:<5} {:<20} {:<24} {}\n", session.id, name(session.status),
               session.progress, name(session.owner.channel), session.owner.id,
               to_rfc3339(session.created_at), state_of(session));
  }
  if (page.next_cursor) fmt::print("there are older ones; see --limit, or the console\n");
  return 0;
}

Result<tryon::Session> find(data::Database& database, const std::string& id) {
  auto session = TRY(
      database.read_blocking([&](data::Transaction& tx) { return tryon::find_session(tx, id); }));
  if (session) return std::move(*session);
  return fail(ErrorKind::not_found, "job.not_found",
              fmt::format("there is no job {}", in_quotes(id)), "list them: selvage jobs ls");
}

void print_time(std::string_view label, std::optional<Timestamp> time) {
  if (time) fmt::print("{:<13}{}\n", label, to_rfc3339(*time));
}

void print_text(std::string_view label, const std::optional<std::string>& text) {
  if (text) fmt::print("{:<13}{}\n", label, *text);
}

Result<int> show(data::Database& database, const std::string& id) {
  const tryon::Session session = TRY(find(database, id));
  fmt::print("job          {}\nstatus       {} ({} %)\n", session.id, name(session.status),
             session.progress);
  print_text("stage", session.stage);
  print_text("note", session.note);
  fmt::print(
      "owner        {} {}\ncredits      {}\nattempts     {}\ntask         {}\nrequest      {}\n",
      name(session.owner.channel), session.owner.id, session.credits.value, session.attempts,
      session.task_id, session.request_id);
  print_time("accepted", session.created_at);
  print_time("started", session.started_at);
  print_time("to cancel", session.cancel_requested_at);
  print_time("finished", session.finished_at);
  print_text("provider", session.provider);
  print_text("result", session.result_key);
  print_text("error", session.error_code);
  print_text("detail", session.error_detail);
  print_text("retry of", session.retry_of);
  return 0;
}

Task<Result<bool>> cancel_one(Platform& platform, std::string id) {
  const tryon::Session known = CO_TRY(find(*platform.database, id));
  auto cancelled = co_await tryon::cancel_job(*platform.database, *platform.broker, known.owner,
                                              known.id, nullptr);
  if (!cancelled) {
    fmt::print("{}  {}\n", id, cancelled.error().message);
    co_return false;
  }
  const bool over = tryon::is_terminal(cancelled->status);
  fmt::print("{}  {}\n", id,
             over ? "is cancelled and refunded" : "is asked to stop; its worker answers");
  co_return true;
}

Task<Result<int>> cancel_all(Platform& platform, std::vector<std::string> ids) {
  bool all = true;
  for (const std::string& id : ids) all = CO_TRY(co_await cancel_one(platform, id)) && all;
  co_return all ? 0 : 1;
}

Task<Result<int>> cancel(Platform& platform, std::vector<std::string> ids) {
  Result<int> outcome = co_await cancel_all(platform, std::move(ids));
  co_await platform.close();
  co_return outcome;
}

Result<int> run(const Invocation& invocation) {
  const std::vector<std::string>& ids = invocation.arguments;
  if (invocation.action == "show" && ids.size() != 1) {
    return fail(ErrorKind::invalid, "jobs.id", "selvage jobs show needs one job id",
                "list them: selvage jobs ls");
  }
  if (invocation.action == "cancel" && ids.empty()) {
    return fail(ErrorKind::invalid, "jobs.id", "selvage jobs cancel needs job ids",
                "list them: selvage jobs ls --status queued");
  }
  net::Loop loop;
  const auto platform = TRY(Platform::open(TRY(load_settings(invocation)), loop));
  if (invocation.action == "ls") return list(invocation, *platform->database);
  if (invocation.action == "show") return show(*platform->database, ids[0]);
  return loop.run_until_done(cancel(*platform, ids));
}

}  // namespace

Command jobs_command() {
  return {.name = "jobs",
          .summary = "List jobs, show one, and cancel them.",
          .details =
              "Works beside running processes. `cancel` fails a job that waits at once, with "
              "its refund; one that is being worked on stops before its provider is called, "
              "or completes when it was. It exits 1 when a job was over already.",
          .actions = {{"ls", "", "the newest jobs"},
                      {"show", "ID", "one job with all that is known of it"},
                      {"cancel", "ID...", "stop jobs and return their credits"}},
          .flags = {{"--status", "STATUS", "only queued, processing, completed or failed ones"},
                    {"--channel", "b2b|b2c", "only of this channel"},
                    {"--owner", "ID", "only of this store or user; needs --channel"},
                    {"--limit", "N", "how many at most; default 50"}},
          .run = run};
}

}  // namespace selvage::app
