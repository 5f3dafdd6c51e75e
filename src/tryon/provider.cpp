#include "tryon/provider.hpp"

#include <fmt/format.h>

namespace selvage::tryon {
namespace {

struct ProviderRow {
  std::string_view name;
  std::unique_ptr<Provider> (*make)(ProviderResources);
};
constexpr ProviderRow kProviders[] = {
    {"local", make_local_provider},
    {"openai", make_openai_provider},
};

}  // namespace

Result<std::unique_ptr<Provider>> make_provider(ProviderResources resources) {
  const std::string& wanted = resources.settings.text("PROVIDER");
  for (const ProviderRow& row : kProviders) {
    if (row.name == wanted) return row.make(std::move(resources));
  }
  return fail(ErrorKind::invalid, "settings.invalid",
              fmt::format("PROVIDER is \"{}\", which is no provider", wanted),
              "set PROVIDER to local or openai");
}

}  // namespace selvage::tryon
