// What happens to a service that ends, wanted or not.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/clock.hpp"

namespace selvage::audit {

namespace {

// What Docker Compose does: `restart`, else deploy.restart_policy.
std::string restart_of(const Service& service) {
  const std::string text = service.text("restart");
  if (!text.empty()) return text;
  const stack::Node* policy = service.at({"deploy", "restart_policy"});
  if (policy == nullptr) return "";
  const std::string condition = service.text_at({"deploy", "restart_policy", "condition"});
  return condition.empty() || condition == "any" ? "always" : condition;
}

void restart(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const std::string policy = restart_of(service);
    const bool none = policy.empty() || policy == "no" || policy == "false" || policy == "none";
    if (!none || stack.is_oneshot(service)) continue;
    Finding& finding =
        out.in(service, service.find("restart"), "restart",
               fmt::format("{} stays down after a crash or a reboot", service.name()));
    finding.how = fmt::format("restart: {}", stack.choices.restart);
    const stack::Node* own = service.find("restart");
    finding.changes = own != nullptr ? set_value(stack, own->span, stack.choices.restart)
                                     : add_member(stack, service, "restart", stack.choices.restart);
  }
}

void restart_capped(const Stack& stack, Sightings& out) {
  if (stack.choices.restart == "on-failure") return;
  for (const Service& service : stack.services()) {
    const std::string policy = service.text("restart");
    if (!policy.starts_with("on-failure") || stack.is_oneshot(service)) continue;
    out.in(service, service.find("restart"), "restart",
           policy.contains(':')
               ? fmt::format("{} stays down after {} crashes", service.name(),
                             policy.substr(policy.find(':') + 1))
               : fmt::format("{} is not started after a reboot of the host", service.name()))
        .how = fmt::format("restart: {}, or choices.restart: on-failure in the policy",
                           stack.choices.restart);
  }
}

void restart_oneshot(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const std::string policy = restart_of(service);
    if (!stack.is_awaited(service) || (policy != "always" && policy != "unless-stopped")) continue;
    out.in(service, service.find("restart"), "restart",
           fmt::format("{} is awaited to end, and is started again whenever it does",
                       service.name()))
        .changes = service.find("restart") == nullptr
                       ? Changes{}
                       : set_value(stack, service.find("restart")->span, "on-failure");
  }
}

void oneshot_unadopted(const Stack& stack, Sightings& out) {
  if (stack.services().size() < 2) return;
  for (const Service& service : stack.services()) {
    if (stack.is_awaited(service) || !stack.is_oneshot(service)) continue;
    const std::string policy = restart_of(service);
    if (policy == "always" || policy == "unless-stopped") continue;  // then it is no job
    out.of(service, fmt::format("Nothing waits until {} has done its work", service.name()));
  }
}

constexpr std::array<std::string_view, 9> kWorkers = {"celery -A", "celery worker", " worker",
                                                      "sidekiq",   "rq worker",     "dramatiq",
                                                      "arq ",      "huey",          "queue:work"};

bool is_worker(const std::string& command) {
  return !command.contains(" beat") && !command.contains("flower") &&
         std::ranges::any_of(kWorkers,
                             [&](std::string_view word) { return command.contains(word); });
}

void stop_grace(const Stack& stack, Sightings& out) {
  constexpr milliseconds kEnough = std::chrono::seconds(30);
  for (const Service& service : stack.services()) {
    const std::string command = service.words("entrypoint") + " " + service.words("command");
    if (!is_worker(command)) continue;
    const std::string text = service.text("stop_grace_period");
    if (text == stack::kPlaceholder) continue;
    const auto grace = parse_duration(text.empty() ? "10s" : text);
    if (!grace) continue;
    milliseconds needed = kEnough;
    if (const auto at = command.find("--time-limit"); at != command.npos) {
      std::string_view rest = std::string_view(command).substr(at + 12);
      rest.remove_prefix(std::min(rest.size(), std::size_t{1}));
      const auto limit = parse_duration(rest.substr(0, rest.find(' ')));
      if (limit) needed = *limit;
    }
    if (*grace >= needed) continue;
    out.in(service, service.find("stop_grace_period"), "stop_grace_period",
           fmt::format("{} has {} to finish its tasks before it is killed, and needs {}",
                       service.name(), to_string(*grace), to_string(needed)));
  }
}

void signal(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (stack.is_oneshot(service)) continue;
    for (const std::string_view member : {"entrypoint", "command"}) {
      const auto items = service.items(member);
      if (items.size() < 3) continue;
      const std::string shell = stack::scalar_text(*items[0]);
      if (!shell.ends_with("sh") || stack::scalar_text(*items[1]) != "-c") continue;
      const std::string script = stack::scalar_text(*items[2]);
      // a shell that runs one plain command replaces itself by it
      const bool several = script.find_first_of(";|&\n") != script.npos;
      if (!several || script.contains("exec ") || script.contains("trap ")) continue;
      out.in(
          service, service.find(member), member,
          fmt::format("The shell that starts {} keeps the stop signal to itself", service.name()));
    }
  }
}

void singleton_scaled(const Stack& stack, Sightings& out) {
  constexpr std::array<std::string_view, 7> kSingle = {
      "celery beat", " beat", "scheduler", "clockwork", "rqscheduler", "cron -f", "crond"};
  for (const Service& service : stack.services()) {
    if (service.replicas() < 2) continue;
    const std::string command = service.words("entrypoint") + " " + service.words("command");
    const bool single =
        stack.is_oneshot(service) || command.ends_with(" -B") || command.contains(" -B ") ||
        std::ranges::any_of(kSingle, [&](std::string_view word) { return command.contains(word); });
    if (!single) continue;
    const stack::Node* replicas = service.at({"deploy", "replicas"});
    out.in(service, replicas == nullptr ? service.find("scale") : replicas, "replicas",
           fmt::format("{} copies of {} each do what is meant to be done once", service.replicas(),
                       service.name()));
  }
}

constexpr Rule kRules[] = {
    {"rel-restart", Severity::high, FixKind::safe, "A service is not restarted",
     "A crash at night, or the host's reboot after an update, and it is down until somebody sees "
     "it.",
     "restart: unless-stopped", "Docker documentation, start containers automatically",
     "image: acme/api:1.4", "image: acme/api:1.4\nrestart: unless-stopped", restart},
    {"rel-restart-capped", Severity::low, FixKind::none, "Restarting ends by itself",
     "A dependency that is away for a minute uses up the tries, and nobody tries again when it is "
     "back.",
     "restart: unless-stopped, or choices.restart: on-failure in the policy",
     "Docker documentation, start containers automatically; contradicts CIS Docker Benchmark 5.15",
     "restart: on-failure:5", "restart: unless-stopped", restart_capped},
    {"rel-restart-oneshot", Severity::medium, FixKind::safe, "A job is restarted when it is done",
     "It runs over and over, and those who wait for its end may never start.",
     "restart: \"no\", or on-failure", "Compose specification, depends_on",
     "services:\n  migrate: {restart: always}\n  api: {depends_on: {migrate: {condition: "
     "service_completed_successfully}}}",
     "services:\n  migrate: {restart: \"no\"}\n  api: {depends_on: {migrate: {condition: "
     "service_completed_successfully}}}",
     restart_oneshot},
    {"rel-oneshot-unadopted", Severity::medium, FixKind::safe, "Nobody waits for a job",
     "Services start on the old schema, and docker compose up --wait calls the ended job a "
     "failure.",
     "In those who need it: depends_on: {JOB: {condition: service_completed_successfully}}",
     "Compose specification, depends_on", "services:\n  migrate: {}\n  api: {}",
     "services:\n  migrate: {}\n  api: {depends_on: {migrate: {condition: "
     "service_completed_successfully}}}",
     oneshot_unadopted},
    {"rel-stop-grace", Severity::high, FixKind::behaviour, "A worker is killed in its task",
     "After the grace period (10 s unless said otherwise) the engine kills it: the task is lost or "
     "done twice, at every deploy.",
     "stop_grace_period: as long as a task may take", "Compose specification, stop_grace_period",
     "command: celery -A app worker", "command: celery -A app worker\nstop_grace_period: 5m",
     stop_grace},
    {"rel-signal", Severity::medium, FixKind::proposal, "A shell swallows the stop signal",
     "The service never hears that it should stop; it is killed after the grace period with all "
     "its connections.",
     "Put exec before the last command of the script.", "Docker documentation, ENTRYPOINT",
     "command: [sh, -c, \"./wait && ./serve\"]", "command: [sh, -c, \"./wait && exec ./serve\"]",
     signal},
    {"rel-singleton-scaled", Severity::high, FixKind::safe, "A scheduler runs more than once",
     "Every periodic task is sent by each copy: mails twice, charges twice.", "replicas: 1",
     "Celery documentation, periodic tasks", "command: celery -A app beat\ndeploy: {replicas: 2}",
     "command: celery -A app beat\ndeploy: {replicas: 1}", singleton_scaled},
};

}  // namespace

RuleTable restart_rules() { return {kRules}; }

}  // namespace selvage::audit
