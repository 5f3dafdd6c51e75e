#include <cstdio>

#include "app/command.hpp"
#include "app/platform.hpp"
#include "base/text.hpp"
#include "net/egress_guard.hpp"
#include "tryon/webhooks/delivery.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kMostRows = 1000;

Result<int> list(data::Database& database) {
  const auto webhooks = TRY(database.read_blocking(
      [](data::Transaction& tx) { return tryon::list_endpoints(tx, std::nullopt, kMostRows); }));
  fmt::print("{:<36} {:<5} {:<18} {:<9} {}\n", "ID", "CHAN", "OWNER", "STATE", "URL");
  for (const tryon::WebhookEndpoint& one : webhooks) {
    const std::string_view state = one.disabled_reason ? "disabled"
                                   : one.failing_since ? "failing"
                                                       : "enabled";
    fmt::print("{:<36} {:<5} {:<18} {:<9} {}\n", one.id, name(one.owner.channel), one.owner.id,
               state, one.url);
    if (one.disabled_reason) fmt::print("{:<36} {}\n", "", *one.disabled_reason);
  }
  return 0;
}

void print_secret(const tryon::WebhookEndpoint& webhook) {
  fmt::print("{}\n{}\n", webhook.id, webhook.secret.reveal());
  fmt::print(stderr, "The secret is shown once; its receiver checks signatures with it.\n");
}

Result<int> add(const Invocation& invocation, Platform& platform, net::Loop& loop) {
  const std::vector<std::string>& words = invocation.arguments;
  const tryon::Owner owner = TRY(tryon::parse_owner(words[0], words[1]));
  std::vector<std::string> wanted;
  if (const auto events = invocation.value("--events")) {
    for (const std::string_view event : split(*events, ',')) wanted.emplace_back(trim(event));
  }
  const std::vector<std::string> events = TRY(tryon::parse_events(wanted));
  const net::EgressGuard guard(loop, TRY(net::egress_options(platform.settings)));
  TRY(guard.check(words[2]));
  print_secret(TRY(platform.database->write_blocking(
      [&](data::Transaction& tx) { return tryon::create_endpoint(tx, owner, words[2], events); })));
  return 0;
}

Result<tryon::WebhookEndpoint> must_find(data::Transaction& tx, const std::string& id) {
  auto found = TRY(tryon::find_endpoint(tx, id));
  if (found) return std::move(*found);
  return fail(ErrorKind::not_found, "webhook.not_found",
              fmt::format("there is no webhook {}", in_quotes(id)),
              "see them: selvage webhooks ls");
}

Result<int> change(const std::string& action, const std::string& id, data::Database& database) {
  const auto changed =
      TRY(database.write_blocking([&](data::Transaction& tx) -> Result<tryon::WebhookEndpoint> {
        tryon::WebhookEndpoint webhook = TRY(must_find(tx, id));
        if (action == "rm") TRY(tryon::remove_endpoint(tx, id));
        if (action == "enable") TRY(tryon::disable_endpoint(tx, id, std::nullopt));
        if (action == "rotate") webhook = TRY(tryon::rotate_secret(tx, webhook));
        return webhook;
      }));
  if (action == "rotate") {
    print_secret(changed);
  } else {
    fmt::print("{} is {}\n", id, action == "rm" ? "removed" : "enabled");
  }
  return 0;
}

Result<int> deliveries(const Invocation& invocation, data::Database& database) {
  tryon::DeliveryFilter filter;
  filter.endpoint_id = invocation.value("--webhook");
  filter.session_id = invocation.value("--job");
  if (const auto state = invocation.value("--state")) {
    filter.state = tryon::parse_delivery_state(*state);
    if (!filter.state) {
      return fail(ErrorKind::invalid, "webhooks.state",
                  fmt::format("there is no state {}", in_quotes(*state)),
                  "pending, delivered or failed");
    }
  }
  const auto page = TRY(database.read_blocking(
      [&](data::Transaction& tx) { return tryon::list_deliveries(tx, filter, tryon::kMaxPage); }));
  fmt::print("{:<36} {:<14} {:<36} {:<9} {:>5} {}\n", "ID", "EVENT", "JOB", "STATE", "TRIES",
             "LAST");
  for (const tryon::Delivery& one : page) {
    fmt::print("{:<36} {:<14} {:<36} {:<9} {:>5} {}\n", one.id, one.event, one.session_id,
               name(one.state), one.attempts,
               one.last_error    ? *one.last_error
               : one.last_status ? std::to_string(*one.last_status)
                                 : "-");
  }
  return 0;
}

Task<Result<int>> replay_all(Platform& platform, std::vector<std::string> ids) {
  int missing = 0;
  for (const std::string& id : ids) {
    std::string old_task;
    const bool again =
        CO_TRY(co_await platform.database->write([&](data::Transaction& tx) -> Result<bool> {
          const auto found = TRY(tryon::find_delivery(tx, id));
          if (!found) return false;
          old_task = found->task_id;
          return tryon::replay_delivery(tx, *platform.broker, *found);
        }));
    if (again) {
      platform.broker->notify();
      CO_TRY(co_await platform.broker->discard_dead(std::string(tryon::kWebhookQueue), old_task));
    } else {
      ++missing;
    }
    fmt::print("{}  {}\n", id,
               again ? "is sent again" : "is not known, or its webhook is disabled");
  }
  co_return missing == 0 ? 0 : 1;
}

Task<Result<int>> replay(Platform& platform, std::vector<std::string> ids) {
  Result<int> outcome = co_await replay_all(platform, std::move(ids));
  co_await platform.close();
  co_return outcome;
}

Result<void> check_arguments(const Invocation& invocation) {
  const std::size_t count = invocation.arguments.size();
  const std::string& action = invocation.action;
  const bool takes_one = action == "rm" || action == "rotate" || action == "enable";
  if (action == "add" && count != 3) {
    return fail(ErrorKind::invalid, "webhooks.arguments",
                "selvage webhooks add needs a channel, an owner and a URL",
                "for example: selvage webhooks add b2b store-1 https://shop.example/hooks");
  }
  if ((takes_one && count != 1) || (action == "replay" && count == 0)) {
    return fail(
        ErrorKind::invalid, "webhooks.arguments",
        fmt::format("selvage webhooks {} needs {}", action,
                    takes_one ? "one webhook id" : "delivery ids"),
        takes_one ? "see them: selvage webhooks ls" : "see them: selvage webhooks deliveries");
  }
  return {};
}

Result<int> run(const Invocation& invocation) {
  TRY(check_arguments(invocation));
  net::Loop loop;
  const auto platform = TRY(Platform::open(TRY(load_settings(invocation)), loop));
  const std::string& action = invocation.action;
  if (action == "ls") return list(*platform->database);
  if (action == "add") return add(invocation, *platform, loop);
  if (action == "deliveries") return deliveries(invocation, *platform->database);
  if (action == "replay") return loop.run_until_done(replay(*platform, invocation.arguments));
  return change(action, invocation.arguments[0], *platform->database);
}

}  // namespace

Command webhooks_command() {
  return {
      .name = "webhooks",
      .summary = "Register webhooks, and see and repeat what was sent to them.",
      .actions = {{"ls", "", "all webhooks"},
                  {"add", "CHANNEL OWNER URL", "register a URL; prints its id and its secret"},
                  {"rm", "ID", "send nothing more to it"},
                  {"rotate", "ID", "a new secret; the old one signs for 24 hours more"},
                  {"enable", "ID", "send again after it was disabled"},
                  {"deliveries", "", "the newest deliveries and what came of them"},
                  {"replay", "ID...", "send deliveries once more"}},
      .flags = {{"--events", "LIST", "of job.completed, job.failed, job.cancelled; default all"},
                {"--webhook", "ID", "only deliveries to this webhook"},
                {"--job", "ID", "only deliveries about this job"},
                {"--state", "STATE", "only pending, delivered or failed ones"}},
      .run = run};
}

}  // namespace selvage::app
