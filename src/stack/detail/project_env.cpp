#include "stack/detail/project_env.hpp"

#include <fmt/format.h>

#include "stack/env_text.hpp"

namespace selvage::stack::detail {

Result<TextPtr> read_env_file(const std::filesystem::path& path, StackFile::Role role,
                              Loading& loading) {
  if (path == "/dev/null") return std::make_shared<const Text>("/dev/null", "");
  return loading.read(path, role);
}

Result<Environment> with_env_files(const Environment& above, const std::vector<EnvSource>& files,
                                   Loading& loading) {
  Environment result = above;
  for (const EnvSource& source : files) {
    auto text = read_env_file(source.path, StackFile::Role::project_env, loading);
    if (!text) {
      if (loading.options.placeholders && text.error().code == "stack.file") {
        loading.notice(source.named_at, "compose.env_file_missing", text.error().message);
        continue;
      }
      return source.named_at.known() ? fail_at(source.named_at, "compose.env_file",
                                               text.error().message, text.error().hint)
                                     : fail(text.error());
    }
    const auto outer = [&](std::string_view name) -> std::optional<std::string> {
      const auto known = result.find(name);
      if (known == result.end()) return std::nullopt;
      return known->second.value;
    };
    for (EnvEntry& entry : TRY(parse_env_text(**text, outer))) {
      if (above.contains(entry.name)) continue;
      result.insert_or_assign(
          std::move(entry.name),
          KnownVariable{std::move(entry.value),
                        fmt::format("{}:{}", entry.span.file->name(), entry.span.place().line)});
    }
  }
  return result;
}

}  // namespace selvage::stack::detail
