// Bytes of a photo in, pose out: CPU time of one core, for photos of 1 and of 12 megapixels.
//
//   bench_pose PICTURE [RUNS]      default: 100 runs
//
// The picture is enlarged to each size, given a camera's noise (a smooth JPEG would decode too
// fast), and encoded once. Then eight clients ask a pool at once, with one worker and with one a
// core. Prints one JSON object; times are milliseconds of this thread's CPU.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/task_group.hpp"
#include "image/encode.hpp"
#include "image/resize.hpp"
#include "sizing/photo.hpp"
#include "sizing/pose_estimator.hpp"
#include "sizing/pose_pool.hpp"

namespace {

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

struct Times {
  std::vector<double> all;
  void add(double ms) { all.push_back(ms); }
  double quantile(double q) {
    std::ranges::sort(all);
    return all[std::min(all.size() - 1,
                        static_cast<std::size_t>(q * static_cast<double>(all.size())))];
  }
};

Task<void> ask(sizing::PosePool& pool, const std::string& photo, int times, int& answers) {
  for (int i = 0; i < times; ++i) {
    auto work = [&photo](sizing::PoseEstimator& estimator) -> Result<bool> {
      return TRY(estimator.estimate(TRY(sizing::decode_photo(photo)))).has_value();
    };
    const auto found = co_await pool.run(work);
    answers += found && *found ? 1 : 0;
  }
}

Task<int> ask_at_once(sizing::PosePool& pool, const std::string& photo, int times) {
  constexpr int kClients = 8;
  int answers = 0;
  TaskGroup clients;
  for (int i = 0; i < kClients; ++i) clients.spawn(ask(pool, photo, times, answers), "client");
  co_await clients.join();
  co_return answers;
}

Result<void> run_pool(const std::string& photo, int times) {
  for (const std::size_t workers : {1U, std::max(std::thread::hardware_concurrency(), 2U)}) {
    sizing::PosePool pool({.workers = workers});
    TRY(pool.wait_until_ready());
    net::Loop loop;
    const double start = wall_ms();
    const int answers = loop.run_until_done(ask_at_once(pool, photo, times));
    fmt::print(", \"8_clients_{}_workers_per_second\": {:.1f}", workers,
               answers * 1e3 / (wall_ms() - start));
  }
  return {};
}

Result<void> run(const char* path, int runs) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const image::Picture picture = TRY(sizing::decode_photo(bytes));
  const std::string small = TRY(photo_of(picture, 1)), large = TRY(photo_of(picture, 12));

  const double begin = wall_ms(), begin_cpu = cpu_ms();
  auto models = TRY(sizing::PoseModels::load(sizing::default_models_directory()));
  auto estimator = TRY(sizing::PoseEstimator::create(*models));
  models.reset();
  fmt::print("{{\"load_ms\": {:.1f}, \"load_cpu_ms\": {:.1f}", wall_ms() - begin,
             cpu_ms() - begin_cpu);

  for (const auto& [name, photo] : {std::pair{"1mp", &small}, std::pair{"12mp", &large}}) {
    Times decoding, whole;
    for (int i = 0; i < runs; ++i) {
      const double start = cpu_ms();
      const image::Picture decoded = TRY(sizing::decode_photo(*photo));
      const double middle = cpu_ms();
      if (!TRY(estimator.estimate(decoded))) {
        return fail(ErrorKind::invalid, "bench.no_pose", "the picture shows no person");
      }
      decoding.add(middle - start);
      whole.add(cpu_ms() - start);
    }
    fmt::print(
        ", \"{}\": {{\"bytes\": {}, \"p50\": {:.1f}, \"p95\": {:.1f}, \"decode_p50\": {:.1f}}}",
        name, photo->size(), whole.quantile(0.5), whole.quantile(0.95), decoding.quantile(0.5));
  }
  TRY(run_pool(small, std::max(1, runs / 8)));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print(", \"peak_rss_mib\": {}}}\n", usage.ru_maxrss / 1024);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bench_pose PICTURE [RUNS]\n");
    return 2;
  }
  if (auto done = run(argv[1], argc > 2 ? std::max(1, std::atoi(argv[2])) : 100); !done) {
    fmt::print(stderr, "error: {}\n", done.error().describe());
    return exit_code(done.error().kind);
  }
}
