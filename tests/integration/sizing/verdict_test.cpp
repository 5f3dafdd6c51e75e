// What is refused, and in which words: photos without a body that can be measured.
#include "sizing/verdict.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "integration/sizing/models_fixture.hpp"
#include "sizing/size_advice.hpp"
#include "support/picture_variants.hpp"
#include "support/shared_data.hpp"

namespace selvage::sizing {
namespace {

// The code of the refusal, or the size.
std::string answer(PoseEstimator& estimator, const image::Picture& picture) {
  const auto pose = estimator.estimate(picture);
  REQUIRE(pose.has_value());
  if (!*pose) return no_person().code;
  const auto advice = advise(**pose, {.height_cm = 175}, default_chart(std::nullopt));
  if (advice) return "size " + advice->size;
  CHECK(advice.error().kind == ErrorKind::unprocessable);
  CHECK_FALSE(advice.error().hint.empty());
  return advice.error().code;
}

bool is_refusal(const std::string& text) { return text.starts_with("sizing."); }

// A rectangle of flat wall over part of the picture, in shares of its size.
image::Picture painted_over(image::Picture picture, double from, double to) {
  for (int y = static_cast<int>(from * picture.height); y < to * picture.height; ++y)
    std::ranges::fill(picture.row(y), std::uint8_t{190});
  return picture;
}

TEST_CASE("Verdict: no person in blank and noisy pictures") {
  PoseEstimator* estimator = test::estimator();
  if (estimator == nullptr) return;
  for (const int sample : {0, 128, 255})
    CHECK(answer(*estimator,
                 image::Picture::filled(600, 800, 3, static_cast<std::uint8_t>(sample))) ==
          "sizing.no_person");
  std::mt19937 random(3);
  image::Picture noise = image::Picture::filled(600, 800, 3, 0);
  for (auto& value : noise.pixels) value = static_cast<std::uint8_t>(random());
  CHECK(answer(*estimator, noise) == "sizing.no_person");
  CHECK(is_refusal(answer(*estimator, image::Picture::filled(1, 1, 3, 90))));
  CHECK(is_refusal(answer(*estimator, image::Picture::filled(2000, 3, 3, 90))));
}

TEST_CASE("Verdict: parts of a body are refused, and the whole of it is not") {
  const auto folder = selvage::test::shared_data("bodies");
  PoseEstimator* estimator = test::estimator();
  if (!folder || estimator == nullptr) return;
  int refused = 0, legs = 0;
  std::string all;
  for (const char* file : {"b0001.jpg", "b0002.jpg", "b0005.jpg", "b0006.jpg", "b0007.jpg"}) {
    CAPTURE(file);
    const image::Picture whole = test::photo(*folder / file);
    CHECK(answer(*estimator, whole).starts_with("size "));
    const auto half = [&](double from, double to) {
      return selvage::test::cropped(whole, 0, static_cast<int>(from * whole.height), whole.width,
                                    static_cast<int>(to * whole.height));
    };
    const std::string waist_up = answer(*estimator, half(0, 0.48));
    const std::string knees_up = answer(*estimator, half(0, 0.66));
    const std::string no_head = answer(*estimator, half(0.27, 1));
    const std::string form =
        answer(*estimator, painted_over(painted_over(whole, 0, 0.21), 0.52, 1));
    CHECK(is_refusal(waist_up));
    CHECK(is_refusal(knees_up));
    CHECK(is_refusal(no_head));
    CHECK(is_refusal(form));
    all += fmt::format("\n  {}: waist up {}, knees up {}, no head {}, torso alone {}", file,
                       waist_up, knees_up, no_head, form);
    legs += knees_up == "sizing.legs_cropped";
    ++refused;
    // Beside another: two people in one photo.
    image::Picture two = image::Picture::filled(2 * whole.width, whole.height, 3, 0);
    for (int y = 0; y < whole.height; ++y) {
      std::ranges::copy(whole.row(y), two.row(y).begin());
      std::ranges::copy(whole.row(y), two.row(y).begin() + 3 * whole.width);
    }
    CHECK(answer(*estimator, two) == "sizing.several_people");
    image::Picture lying = image::Picture::filled(whole.height, whole.width, 3, 0);
    for (int y = 0; y < whole.height; ++y)
      for (int x = 0; x < whole.width; ++x)
        std::copy_n(whole.row(y).begin() + 3 * x, 3, lying.row(x).begin() + 3 * y);
    CHECK(answer(*estimator, lying) == "sizing.lying");
  }
  CHECK(legs >= refused - 1);
  MESSAGE(all);
}

TEST_CASE("Verdict: real photos without a whole standing person") {
  const auto folder = selvage::test::shared_data("pose");
  PoseEstimator* estimator = test::estimator();
  if (!folder || estimator == nullptr) return;
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".md") || name.ends_with(".json")) continue;
    CAPTURE(name);
    const std::string found = answer(*estimator, test::photo(entry.path()));
    all += "\n  " + name + ": " + found;
    if (name.starts_with("neg_") || name.starts_with("multi_")) CHECK(is_refusal(found));
    for (const char* word : {"sitting", "yoga", "full_tree"})
      if (name.contains(word)) CHECK(found == "sizing.sitting");
    if (name.starts_with("full_man_suit"))  // half turned, arms folded
      CHECK((found == "sizing.turned_away" || found == "sizing.arms_hide_torso"));
    if (name.starts_with("full_render")) CHECK(found.starts_with("size "));
  }
  MESSAGE(all);
}

}  // namespace
}  // namespace selvage::sizing
