// References that lead nowhere, and settings that contradict each other.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

std::unexpected<Error> refers(const Node& from, std::string_view service, std::string_view kind,
                              std::string_view name) {
  return fail_at(from.span, "compose.reference",
                 fmt::format("services.{} refers to the {} {}, which is not defined", service, kind,
                             in_quotes(name)),
                 fmt::format("define it under `{}s:`, or name another", kind));
}

std::unexpected<Error> contradicts(const Node& where, std::string_view service,
                                   std::string_view what, std::string_view hint) {
  return fail_at(where.span, "compose.conflict", fmt::format("services.{} {}", service, what),
                 std::string(hint));
}

class Consistency {
 public:
  Consistency(const Project& project, std::vector<Error>* kept) : project_(project), kept_(kept) {}

  Result<void> check() {
    for (const Service& service : project_.services()) {
      TRY(judge(check_source(service)));
      TRY(judge(check_references(service)));
      TRY(judge(check_dependencies(service)));
      TRY(judge(check_limits(service)));
      TRY(judge(check_scale(service)));
      TRY(judge(check_mounts(service)));
    }
    TRY(judge(check_container_names()));
    return judge(check_cycles());
  }

 private:
  Result<void> judge(Result<void> checked) {
    if (checked || kept_ == nullptr) return checked;
    if (kept_->size() < kMaxNotices) kept_->push_back(std::move(checked).error());
    return {};
  }

  bool defined(std::string_view section, std::string_view name) const {
    const Node* found = project_.tree.find(section);
    return found != nullptr && found->find(name) != nullptr;
  }

  Result<void> check_source(const Service& service) {
    const Node* build = service.find("build");
    if (build == nullptr && service.image().empty() && service.find("provider") == nullptr) {
      return fail_at(service.key_span(), "compose.type",
                     fmt::format("services.{} has neither an image nor a build", service.name()),
                     "add `image:` or `build:`");
    }
    if (build == nullptr) return {};
    if (!build->string_at("dockerfile_inline").empty() && !build->string_at("dockerfile").empty()) {
      return contradicts(*build, service.name(), "has both dockerfile and dockerfile_inline",
                         "keep one of them");
    }
    const Node* platforms = build->find("platforms");
    const std::string_view platform = service.node().string_at("platform");
    if (platforms != nullptr && !platforms->items.empty() && !platform.empty() &&
        std::ranges::find(platforms->items, platform, &Node::text) == platforms->items.end()) {
      return contradicts(*platforms, service.name(), "does not build for its own platform",
                         "add it to build.platforms");
    }
    return {};
  }

  Result<void> check_references(const Service& service) {
    const Node* mode = service.find("network_mode");
    const Node* networks = service.find("networks");
    if (mode != nullptr && !mode->text.empty() && networks != nullptr &&
        !networks->entries.empty()) {
      return contradicts(*mode, service.name(), "has both network_mode and networks",
                         "keep one of them");
    }
    if (networks != nullptr) {
      for (const Entry& entry : networks->entries) {
        if (!defined("networks", entry.key)) {
          return refers(entry.value, service.name(), "network", entry.key);
        }
      }
    }
    for (const Mount& mount : service.mounts()) {
      if (mount.type != "volume" || mount.source.empty()) continue;
      if (defined("volumes", mount.source) || holds_placeholder(*mount.node)) continue;
      return refers(*mount.node, service.name(), "volume", mount.source);
    }
    TRY(check_sources(service.node().at({"build", "secrets"}), service, "secret"));
    TRY(check_sources(service.find("configs"), service, "config"));
    if (const Node* models = service.find("models")) {
      for (const Entry& entry : models->entries) {
        if (!defined("models", entry.key)) {
          return refers(entry.value, service.name(), "model", entry.key);
        }
      }
    }
    return check_sources(service.find("secrets"), service, "secret");
  }

  Result<void> check_sources(const Node* list, const Service& service, std::string_view kind) {
    if (list == nullptr) return {};
    for (const Node& item : list->items) {
      const std::string_view source = item.string_at("source");
      if (!defined(fmt::format("{}s", kind), source) && !holds_placeholder(item)) {
        return refers(item, service.name(), kind, source);
      }
    }
    return {};
  }

  Result<void> check_dependencies(const Service& service) {
    for (const Dependency& dependency : service.dependencies()) {
      if (defined("services", dependency.service)) continue;
      const bool disabled = project_.disabled.find(dependency.service) != nullptr;
      if (disabled && !dependency.required) continue;
      return fail_at(
          dependency.node->span, "compose.reference",
          fmt::format("services.{} depends on {}, which {}", service.name(),
                      in_quotes(dependency.service),
                      disabled ? "is in a profile that is not enabled" : "is not defined"),
          disabled ? "enable its profile, or say `required: false`" : "define it, or name another");
    }
    const Node* test = service.node().at({"healthcheck", "test"});
    if (test == nullptr || test->items.empty()) return {};
    const std::string& first = test->items.front().text;
    if (first == "CMD" || first == "CMD-SHELL" || first == "NONE") return {};
    return contradicts(*test, service.name(),
                       "has a healthcheck.test that begins with none of CMD, CMD-SHELL and NONE",
                       "begin the list with one of them, or write one text");
  }

  Result<void> check_limits(const Service& service) {
    struct Pair {
      std::string_view key;
      std::string_view part;
      std::string_view name;
    };
    static constexpr Pair kPairs[] = {{"cpus", "limits", "cpus"},
                                      {"mem_limit", "limits", "memory"},
                                      {"mem_reservation", "reservations", "memory"},
                                      {"pids_limit", "limits", "pids"}};
    const Node* resources = service.node().at({"deploy", "resources"});
    if (resources == nullptr) return {};
    for (const Pair& pair : kPairs) {
      const Node* own = service.find(pair.key);
      const Node* part = resources->find(pair.part);
      if (own == nullptr || is_nothing(*own) || part == nullptr) continue;
      const Node* other = part->find(pair.name);
      if (other != nullptr && same_value(*own, *other)) continue;
      return contradicts(
          *own, service.name(),
          fmt::format("has another {} than deploy.resources.{}.{}", pair.key, pair.part, pair.name),
          "keep one of them");
    }
    return {};
  }

  static bool is_nothing(const Node& node) {
    return node.is_null() || node.text == "0" || (node.kind != Kind::string && node.number == 0);
  }

  Result<void> check_scale(const Service& service) {
    const Node* scale = service.find("scale");
    const Node* replicas = service.node().at({"deploy", "replicas"});
    if (scale != nullptr && replicas != nullptr && !same_value(*scale, *replicas)) {
      return contradicts(*scale, service.name(), "has another scale than deploy.replicas",
                         "keep one of them");
    }
    const Node* count = scale != nullptr ? scale : replicas;
    if (count == nullptr || count->kind != Kind::integer) return {};
    if (count->integer < 0) {
      return contradicts(*count, service.name(), "has a negative number of containers",
                         "write 0 or more");
    }
    const Node* name = service.find("container_name");
    if (count->integer > 1 && name != nullptr && !name->text.empty()) {
      return contradicts(*name, service.name(), "has a container_name and more than one container",
                         "remove container_name");
    }
    return {};
  }

  Result<void> check_mounts(const Service& service) {
    std::map<std::string, const Node*, std::less<>> targets;
    const auto add = [&](std::string_view target, const Node& node) -> Result<void> {
      const auto [first, is_new] = targets.emplace(target, &node);
      if (is_new) return {};
      return contradicts(node, service.name(),
                         fmt::format("mounts something on {} twice; the first is at {}",
                                     in_quotes(target), first->second->span.where()),
                         "remove one of the two");
    };
    if (const Node* tmpfs = service.find("tmpfs")) {
      for (const Node& item : tmpfs->items) {
        TRY(add(std::string_view(item.text).substr(0, item.text.find(':')), item));
      }
    }
    for (const Mount& mount : service.mounts()) TRY(add(mount.target, *mount.node));
    return {};
  }

  Result<void> check_container_names() {
    std::map<std::string, Span, std::less<>> names;
    for (const Service& service : project_.services()) {
      const Node* name = service.find("container_name");
      if (name == nullptr || name->text.empty()) continue;
      const auto [first, is_new] = names.emplace(name->text, name->span);
      if (is_new) continue;
      return contradicts(*name, service.name(),
                         fmt::format("has the container_name of {}", first->second.where()),
                         "give each its own, or none");
    }
    return {};
  }

  Result<void> check_cycles() {
    std::set<std::string, std::less<>> done;
    for (const Service& service : project_.services()) {
      std::vector<std::string> chain;
      TRY(visit(service, chain, done));
    }
    return {};
  }

  // Depth first without recursion: the chain can be as long as the stack has services.
  Result<void> visit(const Service& start, std::vector<std::string>& chain,
                     std::set<std::string, std::less<>>& done) {
    struct Frame {
      Service service;
      std::vector<Dependency> dependencies;
      std::size_t next = 0;
    };
    std::vector<Frame> frames;
    std::set<std::string, std::less<>> open;
    const auto enter = [&](const Service& service) {
      frames.push_back({service, service.dependencies()});
      chain.emplace_back(service.name());
      open.emplace(service.name());
    };
    if (done.contains(start.name())) return {};
    enter(start);
    while (!frames.empty()) {
      Frame& top = frames.back();
      if (top.next == top.dependencies.size()) {
        done.emplace(top.service.name());
        open.erase(open.find(top.service.name()));
        chain.pop_back();
        frames.pop_back();
        continue;
      }
      const Dependency dependency = top.dependencies[top.next++];
      const auto service = project_.service(dependency.service);
      if (!service || done.contains(dependency.service)) continue;
      if (open.contains(dependency.service)) {
        chain.emplace_back(dependency.service);
        return fail_at(
            dependency.node->span, "compose.cycle",
            fmt::format("services depend on each other in a circle: {}", join(chain, " -> ")),
            "remove one of the dependencies");
      }
      enter(*service);
    }
    return {};
  }

  const Project& project_;
  std::vector<Error>* kept_;
};

}  // namespace

Result<void> check_consistency(const Project& project, std::vector<Error>* kept) {
  return Consistency(project, kept).check();
}

}  // namespace selvage::stack::detail
