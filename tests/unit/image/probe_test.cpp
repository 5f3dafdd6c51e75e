#include "image/probe.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <chrono>

#include "image/decode.hpp"
#include "image/encode.hpp"
#include "unit/image/sample_files.hpp"

using namespace selvage;
using namespace selvage::image;
using namespace selvage::image::test;

namespace {

long resident_peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("Probe: reads size, depth, passes and frames of each format without decoding") {
  const Picture picture = landmark_picture(40, 30);
  for (Format format : {Format::jpeg, Format::png, Format::webp}) {
    const auto header = probe(*encode(picture, format));
    REQUIRE(header);
    CHECK(header->format == format);
    CHECK(header->width == 40);
    CHECK(header->height == 30);
    CHECK(header->orientation == 1);
    CHECK(header->frames == 1);
    CHECK_FALSE(header->progressive);
    CHECK_FALSE(header->alpha);
  }
  CHECK(probe(write_jpeg({.progressive = true}))->progressive);
  CHECK(probe(write_png({.bits = 16, .interlaced = true}))->progressive);
  CHECK(probe(write_png({.bits = 16}))->bits == 16);
  CHECK(probe(*encode(Picture::filled(4, 4, 4, 9), Format::webp))->alpha);
  CHECK(probe(extended_webp(*encode(picture, Format::webp), 40, 30, 7, ""))->frames == 7);
}

TEST_CASE("Probe: an orientation on its side swaps what is upright") {
  const std::string jpeg =
      with_segment(*encode(landmark_picture(40, 30), Format::jpeg), 0xE1, exif_block(6, true));
  const auto header = probe(jpeg);
  REQUIRE(header);
  CHECK(header->orientation == 6);
  CHECK(header->upright_width() == 30);
  CHECK(header->upright_height() == 40);
}

TEST_CASE("Probe: a 50,000 x 50,000 PNG costs microseconds and no memory") {
  const std::string bomb = lying_png(50'000, 50'000);
  (void)decode(bomb);
  const long before = resident_peak_kib();
  const auto start = std::chrono::steady_clock::now();
  constexpr int kTimes = 1000;
  for (int i = 0; i < kTimes; ++i) {
    const auto refused = decode(bomb);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "image.too_many_pixels");
    CHECK(refused.error().kind == ErrorKind::too_large);
  }
  const auto each = (std::chrono::steady_clock::now() - start) / kTimes;
  CHECK(each < std::chrono::milliseconds(1));
  CHECK(resident_peak_kib() - before < 4096);
}

TEST_CASE("Probe: caps hold on the area and on each side, in every format") {
  CHECK(probe(lying_png(7000, 7000)));
  CHECK(probe(lying_png(7100, 7100)).error().code == "image.too_many_pixels");
  CHECK(probe(lying_png(16'384, 1)));
  CHECK(probe(lying_png(16'385, 1)).error().code == "image.too_many_pixels");
  CHECK(probe(lying_png(1, 16'385)).error().code == "image.too_many_pixels");
  CHECK(probe(lying_png(0xFFFFFFFF, 0xFFFFFFFF)).error().code == "image.too_many_pixels");
  CHECK(probe(lying_png(0, 10)).error().code == "image.corrupt");
  PixelCaps small;
  small.area = 1000;
  for (Format format : {Format::jpeg, Format::png, Format::webp}) {
    const std::string bytes = *encode(landmark_picture(40, 30), format);
    CHECK(probe(bytes, small).error().code == "image.too_many_pixels");
  }
}

TEST_CASE("Probe: an animation of too many frames is refused") {
  const std::string still = *encode(landmark_picture(8, 8), Format::webp);
  CHECK(probe(extended_webp(still, 8, 8, 500, "")));
  CHECK(probe(extended_webp(still, 8, 8, 501, "")).error().code == "image.too_many_frames");
}

TEST_CASE("Probe: an error says what was sent and what to do") {
  const auto error = probe("<html>").error();
  CHECK(error.kind == ErrorKind::unsupported);
  CHECK(error.code == "image.unsupported_format");
  CHECK(error.message.find("a web page") != std::string::npos);
  CHECK_FALSE(error.hint.empty());
}
