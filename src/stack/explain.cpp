#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "stack/detail/redaction.hpp"
#include "stack/render.hpp"

namespace selvage::stack {

namespace {

std::string step_text(const Origin& origin, bool hide) {
  const std::string place = origin.where.known() ? " at " + origin.where.where() : "";
  const std::string detail = hide ? std::string() : origin.detail;
  switch (origin.step) {
    case Step::alias:
      return fmt::format("named by the alias{}", place);
    case Step::merge_key:
      return fmt::format("came through the merge key{}", place);
    case Step::interpolation:
      return fmt::format("variables replaced{}{}{}", place, detail.empty() ? "" : " in ",
                         detail.empty() ? "" : in_quotes(detail, 200));
    case Step::extends:
      return fmt::format("extended from {}{}", origin.detail, place);
    case Step::include:
      return fmt::format("included{}", place);
    case Step::overrides:
      return fmt::format("overrides the value{}", place);
    case Step::appends:
      return fmt::format("added to the list{}", place);
    case Step::short_form:
      return fmt::format("long form of {}{}", detail.empty() ? "it" : in_quotes(detail, 200),
                         place);
    case Step::normalised:
      return fmt::format("set by Compose ({}){}", hide ? "" : detail, place);
    case Step::env_file:
      return fmt::format("read through the env_file{}", place);
  }
  return {};
}

std::string_view last_name(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return path.substr(dot == std::string_view::npos ? 0 : dot + 1);
}

}  // namespace

Result<std::string> explain(const Project& project, std::string_view path,
                            const RenderOptions& options) {
  const Node* node = project.find(path);
  if (node == nullptr) {
    std::string_view known = path;
    while (!known.empty() && project.find(known) == nullptr) {
      const std::size_t cut = known.find_last_of(".[");
      known = known.substr(0, cut == std::string_view::npos ? 0 : cut);
    }
    return fail(ErrorKind::not_found, "compose.no_value",
                fmt::format("the model has no value {}", in_quotes(path)),
                known.empty() ? "begin with services, networks, volumes, secrets or configs"
                              : fmt::format("{} exists; look at `selvage stack show`", known));
  }
  const bool secret = options.redact && names_secret(last_name(path));
  std::string value =
      secret ? std::string(kRedacted)
      : node->is_scalar()
          ? node->is_string() ? in_quotes(node->text, 400) : to_json(*node)
          : fmt::format("a {} of {}", node->is_mapping() ? "mapping" : "list",
                        node->is_mapping() ? node->entries.size() : node->items.size());
  std::string text = fmt::format("{} = {}\n", path, value);
  text += node->span.known() ? fmt::format("  said at {}\n", node->span.where())
                             : std::string("  said by no file\n");
  for (const Origin* origin = node->origin.get(); origin != nullptr;
       origin = origin->before.get()) {
    text += fmt::format("  {}\n", step_text(*origin, secret));
  }
  if (options.redact) {
    std::string hidden;
    const detail::Redaction redaction(project.tree);
    for (const std::string_view line : split(trim(text), '\n')) {
      // the name before the first = is the path's own
      hidden += line.starts_with(' ') ? redaction.hidden(std::string(line)) + "\n"
                                      : fmt::format("{} = {}\n", path, redaction.hidden(value));
    }
    text = std::move(hidden);
  }
  // the variables that took part, with where each comes from
  std::vector<std::string_view> told;
  for (const VariableUse& use : project.variables) {
    if (!node->is_scalar() || !(use.where == node->span)) continue;
    if (std::ranges::find(told, use.name) != told.end()) continue;
    told.push_back(use.name);
    const std::string source = use.source.empty() ? "is not set" : "comes from " + use.source;
    text += fmt::format("  variable {} {}\n", use.name,
                        use.placeholder ? "is missing; a placeholder stands for it" : source);
  }
  return text;
}

}  // namespace selvage::stack
