// env_file and label_file of the enabled services, put into environment and labels.
#include <fmt/format.h>

#include "base/text.hpp"
#include "stack/detail/project_env.hpp"
#include "stack/detail/steps.hpp"
#include "stack/env_text.hpp"

namespace selvage::stack::detail {

namespace {

struct FileOfService {
  const Node* path;
  bool required;
  const Node* format = nullptr;
};

class ServiceFiles {
 public:
  ServiceFiles(Entry& service, Loading& loading) : service_(service), loading_(loading) {}

  Result<void> add_environment() {
    const Node* files = service_.value.find("env_file");
    if (files == nullptr) return {};
    const Node own = member("environment");
    const auto outer = [&](std::string_view name) -> std::optional<std::string> {
      const auto known = loading_.project.environment.find(name);
      if (known != loading_.project.environment.end()) return known->second.value;
      const Node* mine = own.find(name);
      if (mine != nullptr && !mine->is_null()) return mine->text;
      return std::nullopt;
    };
    for (const Node& file : files->items) {
      const Node* path = file.find("path");
      if (path == nullptr) continue;
      const Node* required = file.find("required");
      TRY(read({path, required == nullptr || required->flag, file.find("format")},
               StackFile::Role::service_env, outer));
    }
    finish("environment", own);
    service_.value.erase("env_file");
    return {};
  }

  Result<void> add_labels() {
    const Node* files = service_.value.find("label_file");
    if (files == nullptr) return {};
    const auto outer = [&](std::string_view name) -> std::optional<std::string> {
      const Node* known = values_.find(name);
      if (known == nullptr) return std::nullopt;
      return known->text;
    };
    for (const Node& file : files->items) TRY(read({&file, true}, StackFile::Role::label, outer));
    finish("labels", member("labels"));
    service_.value.erase("label_file");
    return {};
  }

 private:
  Node member(std::string_view key) const {
    const Node* found = service_.value.find(key);
    return found != nullptr ? *found : Node::mapping(service_.value.span);
  }

  Result<void> read(FileOfService file, StackFile::Role role, const OuterLookup& outer) {
    auto text = read_env_file(file.path->text, role, loading_);
    if (!text) {
      const bool absent = !std::filesystem::exists(file.path->text);
      if (absent && !file.required) return {};
      if (absent && loading_.options.placeholders) {
        loading_.notice(file.path->span, "compose.env_file_missing", text.error().message);
        return {};
      }
      return fail_at(file.path->span, "compose.env_file",
                     fmt::format("services.{}: {}", service_.key, text.error().message),
                     "write the file, or mark it `required: false`");
    }
    const bool raw = file.format != nullptr && file.format->text == "raw";
    if (file.format != nullptr && !raw && !file.format->text.empty()) {
      return fail_at(file.format->span, "compose.env_file",
                     fmt::format("services.{}: {} is no format of an env_file", service_.key,
                                 in_quotes(file.format->text)),
                     "write `format: raw`, or leave it out");
    }
    for (EnvEntry& entry :
         TRY(raw ? parse_raw_env_text(**text, outer) : parse_env_text(**text, outer))) {
      Node value = Node::string(std::move(entry.value), entry.span);
      value.remember(Step::env_file, file.path->span, file.path->text);
      values_.set(entry.name, std::move(value), entry.span);
    }
    return {};
  }

  // What the service says itself wins.
  void finish(std::string_view key, const Node& own) {
    for (const Entry& entry : own.entries) values_.set(entry.key, entry.value, entry.key_span);
    values_.span = own.span;
    if (!values_.entries.empty()) service_.value.set(key, std::move(values_));
    values_ = Node::mapping();
  }

  Entry& service_;
  Loading& loading_;
  Node values_ = Node::mapping();
};

}  // namespace

Result<void> resolve_service_files(Loading& loading) {
  Node* services = loading.project.tree.find("services");
  if (services == nullptr) return {};
  for (Entry& service : services->entries) {
    ServiceFiles files(service, loading);
    TRY(files.add_environment());
    TRY(files.add_labels());
  }
  return {};
}

}  // namespace selvage::stack::detail
