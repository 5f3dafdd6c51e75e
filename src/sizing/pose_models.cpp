#include "sizing/pose_models.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/crypto.hpp"
#include "sizing/detail/network_model.hpp"

namespace selvage::sizing {
namespace {

namespace fs = std::filesystem;

struct ModelFile {
  const char* name;
  std::size_t size;
  std::string_view sha256;
};

// Of @mediapipe/pose 0.5.1675469404; byte for byte Google's own models.
constexpr ModelFile kDetectorFile{
    "pose_detection.tflite", 2'962'288,
    "a63c614bef30d35947f13be361820b1e4e3bec9cfeebf4d11216a18373108e85"};
constexpr ModelFile kLandmarkFile{
    "pose_landmark_full.tflite", 6'440'512,
    "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"};
constexpr std::size_t kMaskOutput = 2;

constexpr const char* kFetchAgain =
    "run tools/fetch_models DIRECTORY; the setting SIZING_MODELS names the directory";

Result<detail::PassingVector<char>> read_checked(const fs::path& directory, const ModelFile& file) {
  const fs::path path = directory / file.name;
  std::error_code status;
  const auto size = fs::file_size(path, status);
  if (status == std::errc::no_such_file_or_directory) {
    return fail(ErrorKind::unavailable, "sizing.model_missing",
                fmt::format("the pose model {} is not there", path.string()), kFetchAgain);
  }
  if (status) {
    return fail(
        ErrorKind::unavailable, "sizing.model_unreadable",
        fmt::format("the pose model {} cannot be read: {}", path.string(), status.message()),
        "give the process read access to it");
  }
  // Read no more than a file of the right size has.
  detail::PassingVector<char> bytes(size == file.size ? file.size : 0);
  if (!bytes.empty()) {
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
      return fail(ErrorKind::unavailable, "sizing.model_unreadable",
                  fmt::format("the pose model {} cannot be read: {}", path.string(),
                              errno != 0 ? std::strerror(errno) : "it ends early"),
                  "give the process read access to it");
    }
  }
  if (bytes.empty() || sha256_hex({bytes.data(), bytes.size()}) != file.sha256) {
    return fail(ErrorKind::internal, "sizing.model_changed",
                fmt::format("{} is not the pose model it should be ({} bytes, SHA-256 {}...)",
                            path.string(), file.size, file.sha256.substr(0, 12)),
                kFetchAgain);
  }
  return bytes;
}

Result<detail::NetworkModel> read_model(const fs::path& directory, const ModelFile& file) {
  const auto bytes = TRY(read_checked(directory, file));
  auto network = detail::read_network({bytes.data(), bytes.size()});
  if (!network) return fail(network.error().within((directory / file.name).string()));
  return network;
}

}  // namespace

PoseModels::PoseModels() = default;
PoseModels::~PoseModels() = default;

Result<std::shared_ptr<const PoseModels>> PoseModels::load(const fs::path& directory) {
  std::shared_ptr<PoseModels> models(new PoseModels);
  models->detector_ =
      std::make_unique<const detail::NetworkModel>(TRY(read_model(directory, kDetectorFile)));
  detail::NetworkModel landmarks = TRY(read_model(directory, kLandmarkFile));
  landmarks.add_sigmoid(kMaskOutput);
  models->landmarks_ = std::make_unique<const detail::NetworkModel>(std::move(landmarks));
  return models;
}

fs::path default_models_directory() {
  std::error_code ignored;  // without /proc nothing is found, and load() says so
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  auto holds_models = [&](const fs::path& directory) {
    return fs::exists(directory / kLandmarkFile.name, ignored);
  };
  if (holds_models(program / "models")) return program / "models";
  const fs::path installed = program.parent_path() / "share/selvage/models";
  if (holds_models(installed)) return installed;
  for (fs::path folder = program; folder.has_relative_path(); folder = folder.parent_path()) {
    if (holds_models(folder / "build/models")) return folder / "build/models";
  }
  return installed;
}

}  // namespace selvage::sizing
