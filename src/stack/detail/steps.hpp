// The steps of resolution, in the order in which a file goes through them. Each works on the tree
// of one file or on the model merged so far, in place.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "stack/detail/loading.hpp"
#include "stack/detail/path.hpp"

namespace selvage::stack::detail {

// The places that a document's !reset and !override name.
using TagPlaces = std::vector<std::vector<std::string>>;

// Takes the values tagged !reset out of a document as read (merge keys unresolved) and notes them
// and those tagged !override.
[[nodiscard]] TagPlaces take_tags(Node& document);
// Removes the noted places from what was merged before.
void apply_tags(Node& model, const TagPlaces& places);

// Replaces variables in every string, and types the strings where Compose wants another type.
[[nodiscard]] Result<void> interpolate(Node& tree, const Environment& environment,
                                       Loading& loading);

[[nodiscard]] Result<void> apply_extends(Node& file, const std::filesystem::path& path,
                                         const Surroundings& around, const TagPlaces& tags,
                                         Loading& loading);

// `chain`: the files that include each other down to this one.
[[nodiscard]] Result<void> apply_includes(Node& file, const Surroundings& around,
                                          std::vector<std::filesystem::path> chain,
                                          Loading& loading);

// Lays `over` upon `base`. For extends, the two are services.
[[nodiscard]] Result<void> merge(Node& base, Node over, Path path = {});
[[nodiscard]] Result<void> merge_service(Node& base, Node over);
[[nodiscard]] Result<void> enforce_unicity(Node& model);
[[nodiscard]] Result<void> check_fields(const Node& model);
[[nodiscard]] Result<void> make_canonical(Node& model, Loading& loading);

[[nodiscard]] Result<void> set_defaults(Node& model);
[[nodiscard]] Result<void> check_values(const Node& model);
[[nodiscard]] Result<void> resolve_paths(Node& model, const Surroundings& around);
void resolve_environment(Node& model, const Environment& environment);

[[nodiscard]] Result<void> normalise(Node& model, const std::string& name,
                                     const Environment& environment);
// Gives every field the type that the model has: durations, sizes, commands as lists, ...
[[nodiscard]] Result<void> bind_fields(Node& model, Loading& loading);
void split_profiles(Project& project, const std::vector<std::string>& profiles);
// Ends at the first error; with `kept`, each check's first is put there instead.
[[nodiscard]] Result<void> check_consistency(const Project& project, std::vector<Error>* kept);
[[nodiscard]] Result<void> resolve_service_files(Loading& loading);

// One file through all steps up to the canonical form, upon `model`.
struct FileOptions {
  bool extends = true;
  bool includes = true;
  bool check = true;
};
[[nodiscard]] Result<TagPlaces> load_file(const std::filesystem::path& path, StackFile::Role role,
                                          const Surroundings& around,
                                          std::vector<std::filesystem::path> chain, Node& model,
                                          const FileOptions& what, Loading& loading);
// A group of files, merged, with defaults and absolute paths.
[[nodiscard]] Result<Node> load_group(const std::vector<std::filesystem::path>& files,
                                      const Surroundings& around,
                                      std::vector<std::filesystem::path> chain,
                                      StackFile::Role role, Loading& loading);

}  // namespace selvage::stack::detail
