#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.hpp"
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

constexpr std::size_t kMaxChain = 64;

std::size_t count(const Node& node) {
  std::size_t sum = 1;
  for (const Node& item : node.items) sum += count(item);
  for (const Entry& entry : node.entries) sum += count(entry.value);
  return sum;
}

struct LoadedFile {
  Node model;
  TagPlaces tags;
};

class Extender {
 public:
  Extender(const Surroundings& around, Loading& loading) : around_(around), loading_(loading) {}

  struct Link {
    std::string file;
    std::string service;
    bool operator==(const Link&) const = default;
  };

  // `services[name]` with all it extends; null stays null. `file` is where `services` stand.
  Result<Node> resolve(const std::string& name, Node& services, const std::string& file,
                       std::vector<Link> chain, std::vector<const TagPlaces*> tags) {
    Node* service = services.find(name);
    if (service->is_null()) return *service;
    if (!service->is_mapping()) {
      return fail_at(service->span, "compose.type",
                     fmt::format("services.{} must be a mapping", name),
                     "indent its keys below it");
    }
    const Node* extends = service->find("extends");
    if (extends == nullptr) return *service;
    const Node how = *extends;
    const Node* named = how.is_mapping() ? how.find("service") : &how;
    if (named == nullptr || !named->is_string()) {
      return fail_at(how.span, "compose.extends",
                     fmt::format("services.{}.extends names no service", name),
                     "write `extends: {service: NAME, file: FILE}`");
    }
    const Node* from = how.is_mapping() ? how.find("file") : nullptr;
    std::string base_file = file;
    Node* base_services = &services;
    Node loaded;
    if (from != nullptr && !from->is_null()) {
      const LoadedFile& other = *TRY(open(*from));
      base_file = from->text;
      tags.push_back(&other.tags);
      const Node* section = other.model.find("services");
      if (section == nullptr || !section->is_mapping()) {
        return fail_at(from->span, "compose.extends",
                       fmt::format("{} has no services", in_quotes(from->text)),
                       "name another file");
      }
      loaded = *section;
      TRY(spend(count(loaded), how.span));
      base_services = &loaded;
    }
    if (base_services->find(named->text) == nullptr) {
      return fail_at(named->span, "compose.extends",
                     fmt::format("services.{} extends {}, which is not in {}", name,
                                 in_quotes(named->text), shown_path(base_file)),
                     "name a service of that file");
    }
    const Link link{base_file, name};
    if (std::ranges::find(chain, link) != chain.end() || chain.size() > kMaxChain) {
      return fail_at(how.span, "compose.cycle",
                     fmt::format("services.{} extends itself in the end", name),
                     "break the circle of extends");
    }
    chain.push_back(link);
    Node base = TRY(resolve(named->text, *base_services, base_file, std::move(chain), tags));
    service = services.find(name);
    if (base.is_null()) return *service;
    TRY(spend(count(base), how.span));
    base.remember_all(Step::extends, how.span,
                      fmt::format("{} of {}", named->text, shown_path(base_file)));
    for (const TagPlaces* places : tags) remove_tagged(base, name, *places);
    TRY(merge_service(base, *service));
    base.erase("extends");
    base.span = service->span;
    *service = base;
    return base;
  }

 private:
  Result<void> spend(std::size_t nodes, Span where) {
    spent_ += nodes;
    if (spent_ <= kMaxModelValues) return {};
    return fail_at(where, "compose.extends", "the services that extend each other are too large",
                   "extend fewer or smaller services");
  }

  static void remove_tagged(Node& service, const std::string& name, const TagPlaces& places) {
    TagPlaces deeper;
    for (const auto& place : places) {
      if (place.size() > 2 && place[0] == "services" && place[1] == name) {
        deeper.emplace_back(place.begin() + 2, place.end());
      }
    }
    apply_tags(service, deeper);
  }

  Result<const LoadedFile*> open(const Node& file) {
    if (!file.is_string()) {
      return fail_at(file.span, "compose.extends", "extends.file must be a path", "name a file");
    }
    const std::filesystem::path path = (around_.directory / file.text).lexically_normal();
    const auto known = files_.find(path.string());
    if (known != files_.end()) return known->second.get();
    auto loaded = std::make_unique<LoadedFile>();
    loaded->model = Node::mapping();
    auto tags = load_file(path, StackFile::Role::extends, around_, {}, loaded->model,
                          {.extends = false, .includes = false, .check = false}, loading_);
    if (!tags) {
      // the file's own errors name their place; a file that is not there is this line's matter
      if (tags.error().code == "stack.file") {
        return fail_at(file.span, "compose.extends", tags.error().message, tags.error().hint);
      }
      return fail(tags.error());
    }
    loaded->tags = std::move(*tags);
    const Surroundings there{path.parent_path(), around_.environment};
    TRY(resolve_paths(loaded->model, there));
    return files_.emplace(path.string(), std::move(loaded)).first->second.get();
  }

  const Surroundings& around_;
  Loading& loading_;
  std::map<std::string, std::unique_ptr<LoadedFile>> files_;
  std::size_t spent_ = 0;
};

}  // namespace

Result<void> apply_extends(Node& file, const std::filesystem::path& path,
                           const Surroundings& around, const TagPlaces& tags, Loading& loading) {
  Node* services = file.find("services");
  if (services == nullptr || services->is_null()) return {};
  if (!services->is_mapping()) {
    return fail_at(services->span, "compose.type", "services must be a mapping",
                   "write one key for each service");
  }
  Extender extender(around, loading);
  for (std::size_t i = 0; i < services->entries.size(); ++i) {
    const std::string name = services->entries[i].key;
    if (services->entries[i].value.find("extends") == nullptr &&
        (services->entries[i].value.is_mapping() || services->entries[i].value.is_null())) {
      continue;
    }
    Node merged = TRY(extender.resolve(name, *services, path.string(), {}, {&tags}));
    services->entries[i].value = std::move(merged);
  }
  return {};
}

}  // namespace selvage::stack::detail
