// Compose files as they are written.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

using stack::Entry;
using stack::Node;

template <class Tell>
void each_written_service(const Stack& stack, Tell tell) {
  for (const stack::Document& file : stack.files) {
    const Node* services = file.root.find("services");
    if (services == nullptr) continue;
    for (const Entry& entry : services->entries) {
      if (entry.value.is_mapping()) tell(file, entry);
    }
  }
}

void version_obsolete(const Stack& stack, Sightings& out) {
  for (const stack::Document& file : stack.files) {
    const Entry* entry = file.root.entry("version");
    if (entry == nullptr) continue;
    out.at(entry->key_span, "version", "Compose ignores the version and warns about it").changes =
        remove_value(stack, entry->value.span);
  }
}

bool names_the_project(const Stack& stack) {
  return std::ranges::any_of(stack.project.files, [](const stack::StackFile& file) {
    return file.role == stack::StackFile::Role::project_env && file.text != nullptr &&
           file.text->bytes().contains("COMPOSE_PROJECT_NAME=");
  });
}

void no_name(const Stack& stack, Sightings& out) {
  const bool named = std::ranges::any_of(
      stack.files, [](const stack::Document& file) { return file.root.find("name") != nullptr; });
  const Node* volumes = stack.project.tree.find("volumes");
  const bool keeps = volumes != nullptr && !volumes->entries.empty();
  if (named || !keeps || stack.files.empty() || names_the_project(stack)) {
    return;
  }
  const Node& root = stack.files.front().root;
  if (root.entries.empty()) return;
  out.at(root.entries.front().key_span, "name",
         fmt::format("The project is called {} after its folder", stack.project.name))
      .changes = {{Change::Kind::add, root.span.file->name(), {}, "name", stack.project.name}};
}

void multiple_defaults(const Stack& stack, Sightings& out) {
  constexpr std::array<std::string_view, 4> kDefaults = {
      "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};
  for (const stack::StackFile& file : stack.project.files) {
    if (file.role != stack::StackFile::Role::main ||
        std::ranges::find(kDefaults, file.path.filename().string()) == kDefaults.end()) {
      continue;
    }
    for (const std::string_view other : kDefaults) {
      std::error_code ignored;  // what cannot be asked is not there
      const auto path = file.path.parent_path() / other;
      if (other == file.path.filename().string() || !std::filesystem::exists(path, ignored)) {
        continue;
      }
      out.in_file(file.text == nullptr ? file.path.string() : file.text->name(),
                  fmt::format("beside {}", other),
                  fmt::format("{} lies beside it, and Compose reads only one of them", other));
    }
  }
}

void override_autoload(const Stack& stack, Sightings& out) {
  if (stack.files_were_named) return;
  for (const stack::StackFile& file : stack.project.files) {
    const std::string name = file.path.filename().string();
    if (!name.contains("compose.override.") || file.text == nullptr) continue;
    out.in_file(file.text->name(), "override",
                fmt::format("{} changes the stack wherever it happens to lie", name));
  }
}

// In `<<: *base` beside a list of the same name, the local list replaces the base's.
void merge_key_shadow(const Stack& stack, Sightings& out) {
  each_written_service(stack, [&](const stack::Document&, const Entry& service) {
    const Node* merged = service.value.find("<<");
    if (merged == nullptr) return;
    std::vector<const Node*> bases;
    if (merged->is_mapping()) bases.push_back(merged);
    for (const Node& item : merged->items) bases.push_back(&item);
    for (const Entry& own : service.value.entries) {
      if (!own.value.is_sequence()) continue;
      for (const Node* base : bases) {
        const Node* shadowed = base->find(own.key);
        if (shadowed == nullptr || !shadowed->is_sequence() || shadowed->items.empty()) continue;
        const bool repeats = std::ranges::all_of(shadowed->items, [&](const Node& item) {
          return std::ranges::any_of(
              own.value.items, [&](const Node& mine) { return stack::same_value(item, mine); });
        });
        if (repeats) continue;
        out.at(own.key_span, fmt::format("services.{}.{}", service.key, own.key),
               fmt::format("{} of {} replaces the {} entries that << brings", own.key, service.key,
                           shadowed->items.size()));
      }
    }
  });
}

void duplicate_variable(const Stack& stack, Sightings& out) {
  each_written_service(stack, [&](const stack::Document&, const Entry& service) {
    const Node* environment = service.value.find("environment");
    if (environment == nullptr) return;
    std::map<std::string, const Node*> first;
    for (const Node& item : environment->items) {
      const std::string name = item.text.substr(0, item.text.find('='));
      const auto [earlier, fresh] = first.try_emplace(name, &item);
      if (name.empty() || fresh) continue;
      out.at(item.span, fmt::format("services.{}.environment.{}", service.key, name),
             fmt::format("{} is set twice for {}; the later one counts", name, service.key))
          .changes = remove_value(stack, earlier->second->span);
      earlier->second = &item;
    }
  });
}

// To the base of 60, as YAML 1.1 has it: 2222:22, but not 8080:80.
bool may_be_a_number(std::string_view text) {
  const auto parts = split(text, ':');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool digits = !parts[i].empty() && std::ranges::all_of(parts[i], is_digit);
    const bool below_60 = parts[i].size() == 1 || (parts[i].size() == 2 && parts[i][0] < '6');
    if (!digits || (i > 0 && !below_60)) return false;
  }
  return parts.size() > 1;
}

void port_unquoted(const Stack& stack, Sightings& out) {
  each_written_service(stack, [&](const stack::Document&, const Entry& service) {
    const Node* ports = service.value.find("ports");
    if (ports == nullptr) return;
    for (const Node& item : ports->items) {
      if (item.style != stack::Style::plain || !may_be_a_number(item.text)) continue;
      Finding& finding =
          out.at(item.span, fmt::format("services.{}.ports {}", service.key, item.text),
                 fmt::format("The port {} of {} is not quoted", item.text, service.key));
      finding.how = fmt::format("Write \"{}\".", item.text);
      finding.changes = set_value(stack, item.span, fmt::format("\"{}\"", item.text));
    }
  });
}

void legacy_keys(const Stack& stack, Sightings& out) {
  each_written_service(stack, [&](const stack::Document&, const Entry& service) {
    for (const std::string_view member : {"links", "external_links", "volumes_from"}) {
      const Entry* entry = service.value.entry(member);
      if (entry == nullptr || (entry->value.items.empty() && entry->value.is_null())) continue;
      out.at(entry->key_span, fmt::format("services.{}.{}", service.key, member),
             fmt::format("{} of {} is a way of old engines", member, service.key));
    }
  });
}

void deploy_ignored(const Stack& stack, Sightings& out) {
  each_written_service(stack, [&](const stack::Document&, const Entry& service) {
    const Node* deploy = service.value.find("deploy");
    if (deploy == nullptr) return;
    for (const std::string_view member :
         {"update_config", "rollback_config", "placement", "endpoint_mode"}) {
      const Entry* entry = deploy->entry(member);
      if (entry == nullptr) continue;
      out.at(
          entry->key_span, fmt::format("services.{}.deploy.{}", service.key, member),
          fmt::format("docker compose up does nothing about deploy.{} of {}", member, service.key));
    }
  });
}

constexpr Rule kRules[] = {
    {"cmp-version-obsolete", Severity::low, FixKind::safe, "version: is obsolete",
     "It has no meaning any more; each command prints a warning that hides others.",
     "Delete the line.", "Compose specification, version", "version: \"3.8\"", "name: shop",
     version_obsolete},
    {"cmp-no-name", Severity::low, FixKind::behaviour, "The project has no name",
     "Volumes and networks are called after the folder: in a renamed folder the stack starts with "
     "empty volumes.",
     "Write name: at the top, the one that is in use now, so that the volumes stay.",
     "Compose specification, name", "services: {}\nvolumes: {db-data: {}}",
     "name: shop\nservices: {}\nvolumes: {db-data: {}}", no_name},
    {"cmp-multiple-defaults", Severity::low, FixKind::none,
     "Two default Compose files lie together", "Somebody edits the one that is not read.",
     "Delete or rename one of them.", "Compose documentation, the Compose file",
     "compose.yaml docker-compose.yml", "compose.yaml", multiple_defaults},
    {"cmp-override-autoload", Severity::medium, FixKind::none,
     "An override file changes the stack unasked",
     "compose.override.yaml is read whenever it lies there: settings meant for development reach "
     "production without anybody naming them.",
     "Name the files of production: docker compose -f compose.yaml -f compose.prod.yaml.",
     "Compose documentation, merge Compose files", "compose.yaml compose.override.yaml",
     "compose.yaml compose.prod.yaml", override_autoload},
    {"cmp-merge-key-shadow", Severity::low, FixKind::none, "A list replaces the one of its anchor",
     "YAML's << does not join lists as Compose's own merging does: the anchor's ports, volumes or "
     "dropped capabilities are gone.",
     "Repeat the entries, or use extends.", "YAML merge key",
     "services:\n  api:\n    <<: *base  # cap_drop: [ALL]\n    cap_drop: [NET_RAW]",
     "services:\n  api:\n    <<: *base", merge_key_shadow},
    {"cmp-dup-env-key", Severity::low, FixKind::safe, "A variable is set twice",
     "Whoever changes the first one wonders why nothing happens.", "Delete one.",
     "Compose specification, environment", "environment: [\"A=1\", \"A=2\"]",
     "environment: [\"A=2\"]", duplicate_variable},
    {"cmp-port-unquoted", Severity::low, FixKind::safe, "A port is not quoted",
     "YAML 1.1 readers take 22:22 for a number to the base of 60.", "Put it in quotes.",
     "Compose specification, ports", "ports:\n  - 2222:22", "ports:\n  - \"2222:22\"",
     port_unquoted},
    {"cmp-legacy-keys", Severity::low, FixKind::behaviour, "A key of old engines is used",
     "links and volumes_from tie containers together that networks and volumes join better, and "
     "they break when one is replaced.",
     "Use networks and named volumes.", "Docker documentation, legacy container links",
     "links: [db]", "networks: [back]", legacy_keys},
    {"cmp-deploy-ignored", Severity::medium, FixKind::proposal,
     "A deploy setting has no effect with docker compose",
     "It is written for Swarm: who reads the file believes in rolling updates that do not happen.",
     "Remove it, or deploy with something that honours it.", "Compose Deploy specification",
     "deploy: {update_config: {order: start-first}}", "deploy: {replicas: 2}", deploy_ignored},
};

}  // namespace

RuleTable compose_files_rules() { return {kRules}; }

}  // namespace selvage::audit
