// Any bytes as a Compose file: resolving it ends with a model that can be printed, or with an error
// that says where. What is printed as YAML reads again as YAML.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.hpp"
#include "stack/compose.hpp"
#include "stack/render.hpp"
#include "stack/yaml.hpp"

namespace {

namespace fs = std::filesystem;

// One directory for the whole run, removed at its end.
class Directory {
 public:
  Directory() {
    std::string pattern = (fs::temp_directory_path() / "selvage-fuzz-XXXXXX").string();
    SELVAGE_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace selvage::stack;
  static const Directory directory;
  const fs::path file = directory.path() / "compose.yaml";
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  LoadOptions options;
  options.files = {file};
  options.project_name = "fuzz";
  options.profiles = {"*"};
  options.placeholders = true;
  options.environment = {{"A", "1"}, {"B", ""}};
  const auto project = load_project(options);
  if (!project) {
    SELVAGE_CHECK(!project.error().message.empty() && !project.error().code.empty());
    return 0;
  }
  (void)config_json(*project);
  const std::string yaml = config_yaml(*project, {.redact = false});
  const auto again = parse_yaml(std::make_shared<const Text>("again", yaml));
  SELVAGE_CHECK(again && again->size() == 1);
  for (const Service& service : project->services()) {
    (void)service.ports();
    (void)service.mounts();
    (void)service.environment();
    (void)service.dependencies();
    (void)explain(*project, "services." + std::string(service.name()) + ".image");
  }
  return 0;
}
