#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/text.hpp"
#include "stack/detail/steps.hpp"
#include "stack/template.hpp"

namespace selvage::stack::detail {

namespace {

enum class Cast : std::uint8_t { whole, real, flag };

struct CastRule {
  Pattern at;
  Cast to;
};

constexpr CastRule kCasts[] = {
    {"services.*.cpu_count", Cast::whole},
    {"services.*.cpu_percent", Cast::real},
    {"services.*.cpu_period", Cast::whole},
    {"services.*.cpu_quota", Cast::whole},
    {"services.*.cpu_rt_period", Cast::whole},
    {"services.*.cpu_rt_runtime", Cast::whole},
    {"services.*.cpus", Cast::real},
    {"services.*.cpu_shares", Cast::whole},
    {"services.*.init", Cast::flag},
    {"services.*.deploy.replicas", Cast::whole},
    {"services.*.deploy.update_config.parallelism", Cast::whole},
    {"services.*.deploy.update_config.max_failure_ratio", Cast::real},
    {"services.*.deploy.rollback_config.parallelism", Cast::whole},
    {"services.*.deploy.rollback_config.max_failure_ratio", Cast::real},
    {"services.*.deploy.restart_policy.max_attempts", Cast::whole},
    {"services.*.deploy.placement.max_replicas_per_node", Cast::whole},
    {"services.*.healthcheck.retries", Cast::whole},
    {"services.*.healthcheck.disable", Cast::flag},
    {"services.*.oom_kill_disable", Cast::flag},
    {"services.*.oom_score_adj", Cast::whole},
    {"services.*.pids_limit", Cast::whole},
    {"services.*.ports.[].target", Cast::whole},
    {"services.*.privileged", Cast::flag},
    {"services.*.read_only", Cast::flag},
    {"services.*.scale", Cast::whole},
    {"services.*.stdin_open", Cast::flag},
    {"services.*.tty", Cast::flag},
    {"services.*.ulimits.*", Cast::whole},
    {"services.*.ulimits.*.hard", Cast::whole},
    {"services.*.ulimits.*.soft", Cast::whole},
    {"services.*.volumes.[].read_only", Cast::flag},
    {"services.*.volumes.[].volume.nocopy", Cast::flag},
    {"networks.*.external", Cast::flag},
    {"networks.*.internal", Cast::flag},
    {"networks.*.attachable", Cast::flag},
    {"networks.*.enable_ipv4", Cast::flag},
    {"networks.*.enable_ipv6", Cast::flag},
    {"volumes.*.external", Cast::flag},
    {"secrets.*.external", Cast::flag},
    {"configs.*.external", Cast::flag},
};

std::optional<bool> truth(std::string_view text) {
  for (const std::string_view word : {"true", "y", "yes", "on"}) {
    if (equals_icase(text, word)) return true;
  }
  for (const std::string_view word : {"false", "n", "no", "off"}) {
    if (equals_icase(text, word)) return false;
  }
  return std::nullopt;
}

// A number as Go's strconv takes it, decimal.
template <class Number>
std::optional<Number> number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool cast(Node& node, Cast to) {
  switch (to) {
    case Cast::flag: {
      const auto value = truth(node.text);
      if (!value) return false;
      node.kind = Kind::boolean;
      node.flag = *value;
      return true;
    }
    case Cast::whole: {
      const auto value = number<std::int64_t>(node.text);
      if (!value) return false;
      node.kind = Kind::integer;
      node.integer = *value;
      node.number = static_cast<double>(*value);
      return true;
    }
    case Cast::real: {
      const auto value = number<double>(node.text);
      if (!value) return false;
      node.kind = Kind::floating;
      node.number = *value;
      return true;
    }
  }
  return false;
}

std::string_view wanted(Cast to) {
  switch (to) {
    case Cast::flag:
      return "true or false";
    case Cast::whole:
      return "a whole number";
    case Cast::real:
      return "a number";
  }
  return "";
}

VariableUse::Form form(Operator operation) {
  switch (operation) {
    case Operator::none:
      return VariableUse::Form::plain;
    case Operator::fallback:
      return VariableUse::Form::fallback;
    case Operator::required:
      return VariableUse::Form::required;
    case Operator::alternative:
      return VariableUse::Form::alternative;
  }
  return VariableUse::Form::plain;
}

class Interpolator {
 public:
  Interpolator(const Environment& environment, Loading& loading)
      : environment_(environment), loading_(loading) {}

  Result<void> walk(Node& node) {
    if (node.is_string()) return text(node);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const PathStep step(path_, i);
      TRY(walk(node.items[i]));
    }
    for (Entry& entry : node.entries) {
      const PathStep step(path_, std::string_view(entry.key));
      TRY(walk(entry.value));
    }
    return {};
  }

 private:
  Result<void> text(Node& node) {
    if (node.text.contains('$')) TRY(replace(node));
    for (const CastRule& rule : kCasts) {
      if (!rule.at.matches(path_)) continue;
      if (!cast(node, rule.to) && !holds_placeholder(node)) {
        return fail_at(node.span, "compose.type",
                       fmt::format("{} must be {}, not {}", path_.shown(), wanted(rule.to),
                                   in_quotes(node.text)),
                       "mend the value, or the variable it comes from");
      }
      break;
    }
    return {};
  }

  Result<void> replace(Node& node) {
    const auto lookup = [&](const Reference& found) { return look_up(node, found); };
    SubstituteOptions options;
    if (loading_.options.placeholders) {
      options.missing = [&](const Reference&, const std::string&) {
        if (!loading_.project.variables.empty()) {
          loading_.project.variables.back().placeholder = true;
        }
        return std::optional<std::string>(kPlaceholder);
      };
    }
    auto result = substitute(node.text, lookup, options);
    if (!result) {
      return fail_at(node.span, result.error().code,
                     fmt::format("{}: {}", path_.shown(), result.error().message),
                     result.error().hint);
    }
    if (*result == node.text) return {};
    loading_.bytes_replaced += result->size();
    if (loading_.bytes_replaced > kMaxReplacedBytes) {
      return fail_at(node.span, "compose.interpolation",
                     fmt::format("the stack's texts are longer than {} bytes once their variables "
                                 "are replaced",
                                 kMaxReplacedBytes),
                     "use fewer or shorter variables");
    }
    std::string before = std::move(node.text);
    node.text = std::move(*result);
    node.remember(Step::interpolation, node.span, std::move(before));
    return {};
  }

  std::optional<std::string> look_up(const Node& node, const Reference& found) {
    const auto known = environment_.find(found.name);
    VariableUse use;
    use.name = found.name;
    use.form = form(found.operation);
    use.empty_counts_as_unset = found.empty_counts_as_unset;
    use.argument = found.argument;
    use.where = node.span;
    use.path = path_.shown();
    if (known != environment_.end()) {
      use.value = known->second.value;
      use.source = known->second.source;
    } else if (found.operation == Operator::none) {
      loading_.notice(node.span, "compose.variable_unset",
                      fmt::format("the variable {} is not set, so it counts as blank", found.name));
    }
    const std::optional<std::string> value = use.value;
    if (loading_.project.variables.size() < kMaxVariableUses) {
      loading_.project.variables.push_back(std::move(use));
    }
    return value;
  }

  const Environment& environment_;
  Loading& loading_;
  Path path_;
};

}  // namespace

Result<void> interpolate(Node& tree, const Environment& environment, Loading& loading) {
  return Interpolator(environment, loading).walk(tree);
}

}  // namespace selvage::stack::detail
