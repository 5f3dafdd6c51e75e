// Bytes of a photo in, pose and size out: wall and CPU time of one core for each photo.
//
//   bench_pose make FOLDER PICTURE...     writes each at 1 and at 12 megapixels:
//   FOLDER/<name>-1mp.jpg bench_pose run RUNS PHOTO...          a JSON object: load, and of each
//   photo every run
//
// Enlarged pictures get a camera's noise: a smooth JPEG would decode too fast. Milliseconds.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "image/encode.hpp"
#include "image/resize.hpp"
#include "sizing/photo.hpp"
#include "sizing/pose_estimator.hpp"
#include "sizing/size_answer.hpp"

namespace {

namespace fs = std::filesystem;
using namespace selvage;

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double wall_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

Result<std::string> photo_of(const image::Picture& picture, double megapixels) {
  const double scale = std::sqrt(megapixels * 1e6 / picture.width / picture.height);
  image::Picture large =
      image::resize(picture, {static_cast<int>(std::lround(picture.width * scale)),
                              static_cast<int>(std::lround(picture.height * scale))});
  std::minstd_rand random(1);
  std::normal_distribution<float> noise(0, 7);
  for (auto& sample : large.pixels) {
    sample = static_cast<std::uint8_t>(
        std::clamp(std::lround(static_cast<float>(sample) + noise(random)), 0L, 255L));
  }
  return image::encode(large, image::Format::jpeg, {.quality = 88});
}

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<void> make(const fs::path& folder, const std::vector<fs::path>& pictures) {
  for (const fs::path& path : pictures) {
    const image::Picture picture = TRY(sizing::decode_photo(bytes_of(path)));
    for (const int megapixels : {1, 12}) {
      const std::string photo = TRY(photo_of(picture, megapixels));
      std::ofstream(folder / fmt::format("{}-{}mp.jpg", path.stem().string(), megapixels),
                    std::ios::binary)
          << photo;
    }
  }
  return {};
}

// CPU and wall time of every run: until the landmarks are known, and until the answer is.
struct Runs {
  std::vector<double> cpu, wall, answer_cpu, answer_wall;
  sizing::Pose pose;
  std::string size;
};

Result<void> add_run(Runs& runs, sizing::PoseEstimator& estimator, std::string_view photo) {
  const double begin = wall_ms(), begin_cpu = cpu_ms();
  auto pose = TRY(estimator.estimate(TRY(sizing::decode_photo(photo))));
  if (!pose) return fail(ErrorKind::invalid, "bench.no_pose", "the picture shows no person");
  runs.cpu.push_back(cpu_ms() - begin_cpu);
  runs.wall.push_back(wall_ms() - begin);
  const sizing::SizeRequest request{.wearer = {.height_cm = 172}};
  const auto chart = sizing::default_chart(std::nullopt);
  const auto advice = sizing::advise(*pose, request.wearer, chart);
  const std::string answer =
      advice ? sizing::answer_json(*advice, request, chart, *pose) : advice.error().describe();
  runs.answer_cpu.push_back(cpu_ms() - begin_cpu);
  runs.answer_wall.push_back(wall_ms() - begin);
  runs.size = advice ? advice->size : advice.error().code;
  runs.pose = *std::move(pose);
  return {};
}

std::string text_of(const Runs& runs) {
  std::string landmarks;
  for (const auto& mark : runs.pose.landmarks) {
    landmarks += fmt::format("{}[{:.6f}, {:.6f}]", landmarks.empty() ? "" : ", ",
                             mark.x / static_cast<float>(runs.pose.image_width),
                             mark.y / static_cast<float>(runs.pose.image_height));
  }
  return fmt::format(
      R"({{"cpu": {::.3f}, "wall": {::.3f}, "answer_cpu": {::.3f}, "answer_wall": {::.3f}, )"
      R"("size": "{}", "landmarks": [{}]}})",
      runs.cpu, runs.wall, runs.answer_cpu, runs.answer_wall, runs.size, landmarks);
}

Result<void> run(int times, const std::vector<fs::path>& photos) {
  const double begin = wall_ms(), begin_cpu = cpu_ms();
  auto models = TRY(sizing::PoseModels::load(sizing::default_models_directory()));
  auto estimator = TRY(sizing::PoseEstimator::create(*models));
  models.reset();
  fmt::print(R"({{"load_ms": {:.1f}, "load_cpu_ms": {:.1f}, "photos": {{)", wall_ms() - begin,
             cpu_ms() - begin_cpu);
  const char* comma = "";
  for (const fs::path& path : photos) {
    const std::string photo = bytes_of(path);
    Runs warm, runs;
    for (int i = 0; i < 3; ++i) TRY(add_run(warm, estimator, photo));
    for (int i = 0; i < times; ++i) TRY(add_run(runs, estimator, photo));
    fmt::print("{}\"{}\": {}", comma, path.filename().string(), text_of(runs));
    comma = ", ";
  }
  fmt::print("}}}}\n");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc < 4 ? "" : argv[1];
  if (command != "make" && command != "run") {
    fmt::print(stderr, "usage: bench_pose make FOLDER PICTURE... | run RUNS PHOTO...\n");
    return 2;
  }
  const std::vector<fs::path> files(argv + 3, argv + argc);
  const auto done =
      command == "make" ? make(argv[2], files) : run(std::max(1, std::atoi(argv[2])), files);
  if (!done) {
    fmt::print(stderr, "error: {}\n", done.error().describe());
    return exit_code(done.error().kind);
  }
}
