// How a container's processes are started and ended by the kernel.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"

namespace selvage::audit {

namespace {

void cgroup_parent(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.find("cgroup_parent") == nullptr) continue;
    out.in(service, service.find("cgroup_parent"), "cgroup_parent",
           fmt::format("{} runs in a control group of the host", service.name()))
        .changes = remove_value(stack, service.find("cgroup_parent")->span);
  }
}

void init(const Stack& stack, Sightings& out) {
  constexpr std::array<std::string_view, 9> kParents = {"gunicorn", "celery",    "supervisord",
                                                        "npm run",  "npm start", "yarn ",
                                                        "puma",     "sidekiq",   "foreman"};
  for (const Service& service : stack.services()) {
    if (service.flag("init")) continue;
    const std::string command = service.words("entrypoint") + " " + service.words("command");
    if (command.contains("tini") || command.contains("dumb-init")) continue;
    const auto parent = std::ranges::find_if(
        kParents, [&](std::string_view word) { return command.contains(word); });
    if (parent == kParents.end()) continue;
    out.in(service, service.find("command"), "command",
           fmt::format("{} starts processes of its own ({}) and has no init", service.name(),
                       *parent))
        .changes = add_member(stack, service, "init", "true");
  }
}

void oom(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.flag("oom_kill_disable")) {
      out.in(service, service.find("oom_kill_disable"), "oom_kill_disable",
             fmt::format("{} is never ended for want of memory", service.name()))
          .changes = remove_value(stack, service.find("oom_kill_disable")->span);
    }
    const auto score = compose_number(service.text("oom_score_adj"));
    if (score && *score < 0) {
      out.in(service, service.find("oom_score_adj"), "oom_score_adj",
             fmt::format("Others are ended before {} when memory runs out", service.name()))
          .changes = remove_value(stack, service.find("oom_score_adj")->span);
    }
  }
}

void tty(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const std::string_view member : {"stdin_open", "tty"}) {
      if (!service.flag(member)) continue;
      out.in(service, service.find(member), member,
             fmt::format("{} waits for a person at a terminal", service.name()))
          .changes = remove_value(stack, service.find(member)->span);
      break;
    }
  }
}

constexpr Rule kRules[] = {
    {"hard-cgroup-parent", Severity::low, FixKind::safe, "A control group of the host is chosen",
     "The container escapes the limits of the engine's own group and may take another's share.",
     "Remove cgroup_parent.", "CIS Docker Benchmark 5.25", "cgroup_parent: /system.slice",
     "image: acme/api:1.4", cgroup_parent},
    {"hard-init", Severity::low, FixKind::safe, "Nobody reaps the processes of a service",
     "A program that starts others is process 1 and does not collect those that ended; they fill "
     "the process table until nothing starts any more.",
     "Write init: true.", "Compose specification, init", "command: celery -A app worker",
     "command: celery -A app worker\ninit: true", init},
    {"hard-oom", Severity::medium, FixKind::safe, "The kernel may not end a service",
     "When memory runs out, the kernel ends something else instead, maybe the engine or sshd.",
     "Remove the line and give the service a memory limit.",
     "Docker documentation, resource "
     "constraints",
     "oom_kill_disable: true", "mem_limit: 512m", oom},
    {"hard-tty", Severity::info, FixKind::safe, "A service has a terminal",
     "Left over from trying things out; programs colour and buffer their logs otherwise.",
     "Remove stdin_open and tty.", "Compose specification, tty", "tty: true", "image: acme/api:1.4",
     tty},
};

}  // namespace

RuleTable hardening_process_rules() { return {kRules}; }

}  // namespace selvage::audit
