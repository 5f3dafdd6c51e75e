// Decoding a photograph and shrinking it to 1024 pixels, as every input picture of a try-on is.
//
//   bench_image make FOLDER SAMPLE.jpg   writes FOLDER/photo.jpg: 4000 x 3000, quality 90, turned
//   by EXIF bench_image run FOLDER ROUNDS        prints "selvage WALL_MS CPU_MS" (medians) of
//   ROUNDS decodes
//
// The peers in this folder print the same line; see run.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "image/decode.hpp"
#include "image/encode.hpp"
#include "image/resize.hpp"

namespace {

using namespace selvage;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A camera's picture: large, a little noisy, stored lying on its side with a note how to turn it.
int make(const std::string& folder, const std::string& sample) {
  const auto person = image::decode(read(sample));
  if (!person) {
    fmt::print(stderr, "error: {}: {}\n", sample, person.error().message);
    return 3;
  }
  image::Picture photo = image::resize(*person, {4000, 3000});
  std::minstd_rand random(1);
  for (auto& value : photo.pixels) {
    const int noise = static_cast<int>(random() >> 8 & 15) - static_cast<int>(random() >> 8 & 15);
    value = static_cast<std::uint8_t>(std::clamp(value + noise, 0, 255));
  }
  image::EncodeOptions options;
  options.quality =
      89;  // the best at which the encoder halves the colour, as cameras do at any quality
  const std::string jpeg = *image::encode(photo, image::Format::jpeg, options);
  using namespace std::string_literals;
  const std::string exif =
      "\xFF\xE1\0\x22"
      "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"s;
  std::ofstream(folder + "/photo.jpg", std::ios::binary)
      << jpeg.substr(0, 2) << exif << jpeg.substr(2);
  fmt::print("photo.jpg: 4000 x 3000, {:.1f} MB\n", static_cast<double>(jpeg.size()) / 1e6);
  return 0;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(const std::string& folder, int rounds) {
  const std::string bytes = read(folder + "/photo.jpg");
  image::DecodeLimits limits;
  limits.max_side = 1024;
  std::vector<double> wall, cpu;
  for (int i = 0; i < rounds + 3; ++i) {  // three to warm up
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu_start = std::clock();
    const auto picture = image::decode(bytes, limits);
    if (!picture || picture->width != 768 || picture->height != 1024) return 1;
    if (i < 3) continue;
    cpu.push_back(1000.0 * static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC);
    wall.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  fmt::print("selvage {:.2f} {:.2f} {:.2f}\n", median(cpu), median(wall),
             *std::min_element(wall.begin(), wall.end()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "make" && argc == 4) return make(argv[2], argv[3]);
  if (command == "run" && argc == 4) return run(argv[2], std::max(1, std::atoi(argv[3])));
  fmt::print(stderr, "usage: bench_image make FOLDER SAMPLE.jpg | run FOLDER ROUNDS\n");
  return 2;
}
