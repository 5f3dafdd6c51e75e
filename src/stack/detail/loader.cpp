// The order of the steps.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "stack/detail/steps.hpp"
#include "stack/merge_keys.hpp"

namespace selvage::stack::detail {

namespace {

class FileLoader {
 public:
  FileLoader(const std::filesystem::path& path, const Surroundings& around,
             std::vector<std::filesystem::path> chain, const FileOptions& what, Loading& loading)
      : path_(path), around_(around), chain_(std::move(chain)), what_(what), loading_(loading) {
    chain_.push_back(path);
  }

  Result<TagPlaces> load(TextPtr text, Node& model) {
    std::vector<Document> documents =
        TRY(parse_yaml(std::move(text), {.merge_keys = false, .string_keys = true}));
    TagPlaces tags;
    for (Document& document : documents) {
      tags = take_tags(document.root);
      TRY(resolve_merge_keys(document.root));
      TRY(add(std::move(document.root), tags, model));
    }
    return tags;
  }

 private:
  Result<void> add(Node file, const TagPlaces& tags, Node& model) {
    if (!file.is_mapping()) {
      return fail_at(file.span, "compose.type", "the top level of a Compose file is a mapping",
                     "begin with `services:`");
    }
    TRY(interpolate(file, *around_.environment, loading_));
    if (what_.extends) TRY(apply_extends(file, path_, around_, tags, loading_));
    apply_tags(model, tags);
    if (what_.includes) TRY(apply_includes(file, around_, chain_, loading_));
    if (model.entries.empty()) {
      model = std::move(file);
    } else {
      TRY(merge(model, std::move(file)));
    }
    TRY(enforce_unicity(model));
    if (what_.check) {
      TRY(check_fields(model));
      if (const Entry* version = model.entry("version")) {
        loading_.notice(version->key_span, "compose.version_obsolete",
                        "`version` is obsolete and ignored");
        model.erase("version");
      }
    }
    TRY(make_canonical(model, loading_));
    return enforce_unicity(model);
  }

  const std::filesystem::path& path_;
  const Surroundings& around_;
  std::vector<std::filesystem::path> chain_;
  const FileOptions& what_;
  Loading& loading_;
};

}  // namespace

Result<TagPlaces> load_file(const std::filesystem::path& path, StackFile::Role role,
                            const Surroundings& around, std::vector<std::filesystem::path> chain,
                            Node& model, const FileOptions& what, Loading& loading) {
  TextPtr text = TRY(loading.read(path, role));
  return FileLoader(path, around, std::move(chain), what, loading).load(std::move(text), model);
}

Result<Node> load_group(const std::vector<std::filesystem::path>& files, const Surroundings& around,
                        std::vector<std::filesystem::path> chain, StackFile::Role role,
                        Loading& loading) {
  Node model = Node::mapping();
  for (const auto& file : files) {
    TRY(load_file(file, role, around, chain, model, {}, loading));
    if (role == StackFile::Role::main) role = StackFile::Role::override_;
  }
  TRY(set_defaults(model));
  TRY(check_values(model));
  TRY(resolve_paths(model, around));
  resolve_environment(model, *around.environment);
  return model;
}

}  // namespace selvage::stack::detail
