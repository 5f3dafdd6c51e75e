// The whole way from a JPEG to a size, on rendered bodies whose tape measures are known: how far
// off it is on those that nothing was fitted on, and whether it stays the same when only the photo
// changes. 60 pictures, each in seven variants.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "integration/sizing/models_fixture.hpp"
#include "sizing/size_advice.hpp"
#include "support/picture_variants.hpp"
#include "support/shared_data.hpp"

namespace selvage::sizing {
namespace {

struct Person {
  std::string file;
  double height = 0;
  Sex sex = Sex::male;
  std::array<double, kMeasures.size()> truth{};
};

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> all;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) all.push_back(cell);
  return all;
}

std::vector<Person> people_of(const std::filesystem::path& csv, std::string_view split) {
  std::ifstream in(csv);
  std::string line;
  std::getline(in, line);
  std::map<std::string, std::size_t> column;
  for (const auto& name : cells(line)) column.emplace(name, column.size());
  std::vector<Person> all;
  while (std::getline(in, line)) {
    const auto row = cells(line);
    if (row[column["split"]] != split) continue;
    auto number = [&](const char* name) { return std::stod(row[column[name]]); };
    all.push_back({row[column["file"]],
                   number("height_cm"),
                   row[column["gender"]] == "male" ? Sex::male : Sex::female,
                   {number("shoulder_biacromial_cm"), number("chest_cm"), number("waist_cm"),
                    number("hip_cm"), number("inseam_cm"), number("arm_length_cm")}});
  }
  return all;
}

// Index of the size whose range holds the true chest.
std::size_t true_size(const SizeChart& chart, double chest) {
  const auto borders = chart.borders(Measure::chest);
  return static_cast<std::size_t>(std::ranges::upper_bound(borders, chest) - borders.begin());
}

std::size_t index_of(const SizeChart& chart, const std::string& label) {
  return static_cast<std::size_t>(std::ranges::find(chart.sizes, label, &Size::label) -
                                  chart.sizes.begin());
}

// Errors of many answers, and how often the letters were right.
struct Score {
  std::array<double, kMeasures.size()> error{}, squared{}, variance{};
  double confidence = 0;
  int answers = 0, right = 0, near = 0;

  void add(const Person& person, const SizeAdvice& advice, const SizeChart& chart) {
    for (std::size_t m = 0; m < kMeasures.size(); ++m) {
      const double off = advice.measurements.all[m].cm - person.truth[m];
      error[m] += std::abs(off), squared[m] += off * off;
      variance[m] += advice.measurements.all[m].sd * advice.measurements.all[m].sd;
    }
    const auto wanted = true_size(chart, person.truth[1]), got = index_of(chart, advice.size);
    confidence += advice.confidence;
    right += wanted == got;
    near += std::max(wanted, got) - std::min(wanted, got) <= 1;
    ++answers;
  }
  [[nodiscard]] double mean(Measure m) const {
    return error[static_cast<std::size_t>(m)] / answers;
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const Measure m : kMeasures) all += fmt::format("{} {:.2f} ", name(m), mean(m));
    return all + fmt::format("cm; letter {:.0f} %, within one {:.1f} %, mean confidence {:.2f}",
                             100.0 * right / answers, 100.0 * near / answers, confidence / answers);
  }
};

struct Variant {
  const char* name;
  image::Picture (*change)(const image::Picture&, const Pose&);
};

image::Picture tightly_cropped(const image::Picture& picture, const Pose& pose) {
  float left = 1e9F, right = 0, top = 1e9F, bottom = 0;
  for (const Landmark& mark : pose.landmarks) {
    left = std::min(left, mark.x), right = std::max(right, mark.x);
    top = std::min(top, mark.y), bottom = std::max(bottom, mark.y);
  }
  const float tall = bottom - top;
  auto within = [](float at, int most) { return std::clamp(static_cast<int>(at), 0, most); };
  return selvage::test::cropped(picture, within(left - 0.08F * tall, picture.width),
                                within(top - 0.17F * tall, picture.height),
                                within(right + 0.08F * tall, picture.width),
                                within(bottom + 0.08F * tall, picture.height));
}

constexpr Variant kVariants[] = {
    {"mirrored", [](const image::Picture& p, const Pose&) { return selvage::test::mirrored(p); }},
    {"cropped", tightly_cropped},
    {"dark", [](const image::Picture& p, const Pose&) { return selvage::test::brighter(p, 0.6); }},
    {"bright",
     [](const image::Picture& p, const Pose&) { return selvage::test::brighter(p, 1.4); }},
    {"JPEG 30",
     [](const image::Picture& p, const Pose&) { return selvage::test::recompressed(p, 30); }},
    {"tilted", [](const image::Picture& p, const Pose&) { return selvage::test::rolled(p, 15); }},
};

TEST_CASE("Bodies: measurements and sizes of people that nothing was fitted on") {
  const auto folder = selvage::test::shared_data("bodies");
  PoseEstimator* estimator = test::estimator();
  if (!folder || estimator == nullptr) return;
  const auto people = people_of(*folder / "truth.csv", "test");
  REQUIRE(people.size() >= 50);
  Score told, untold;
  std::map<std::string, Score> scores;
  std::map<std::string, std::array<double, kMeasures.size()>> moved, most;
  for (const Person& person : people) {
    CAPTURE(person.file);
    const image::Picture picture = test::photo(*folder / person.file);
    const auto pose = estimator->estimate(picture);
    REQUIRE((pose && *pose));
    const Wearer wearer{.height_cm = person.height, .sex = person.sex};
    const SizeChart& own = default_chart(person.sex);
    const auto plain = advise(**pose, wearer, own);
    REQUIRE_MESSAGE(plain.has_value(), plain.error().describe());
    told.add(person, *plain, own);
    const SizeChart& unisex = default_chart(std::nullopt);
    untold.add(person, *advise(**pose, {.height_cm = person.height}, unisex), unisex);

    for (const Variant& variant : kVariants) {
      CAPTURE(variant.name);
      const auto other = estimator->estimate(variant.change(picture, **pose));
      REQUIRE((other && *other));
      const auto advice = advise(**other, wearer, own);
      REQUIRE_MESSAGE(advice.has_value(), advice.error().describe());
      scores[variant.name].add(person, *advice, own);
      for (std::size_t m = 0; m < kMeasures.size(); ++m) {
        const double cm = std::abs(advice->measurements.all[m].cm - plain->measurements.all[m].cm);
        moved[variant.name][m] += cm / static_cast<double>(people.size());
        most[variant.name][m] = std::max(most[variant.name][m], cm);
      }
    }
  }
  MESSAGE("sex given: " << told.text());
  MESSAGE("sex not given: " << untold.text());
  for (const auto& [name, score] : scores) {
    std::string by;
    for (std::size_t m = 0; m < kMeasures.size(); ++m)
      by += fmt::format(" {:.2f} ({:.1f})", moved[name][m], most[name][m]);
    MESSAGE(name << ": " << score.text() << "; moved by" << by);
  }
  CHECK(told.mean(Measure::chest) <= 2.9);
  CHECK(told.mean(Measure::waist) <= 3.5);
  CHECK(told.mean(Measure::hip) <= 2.5);
  CHECK(told.mean(Measure::shoulder) <= 0.8);
  CHECK(told.mean(Measure::inseam) <= 1.2);
  CHECK(told.right >= 0.66 * told.answers);
  CHECK(untold.right >= 0.62 * untold.answers);
  CHECK(told.near >= 0.99 * told.answers);
  CHECK(untold.near >= 0.99 * untold.answers);
  for (const auto& [name, score] : scores) {
    CAPTURE(name);
    CHECK(score.mean(Measure::chest) <= 3.0);
    CHECK(score.mean(Measure::waist) <= 3.2);
    CHECK(score.mean(Measure::hip) <= 2.6);
    for (const Measure m : kMeasures) {
      CAPTURE(sizing::name(m));
      CHECK(moved[name][static_cast<std::size_t>(m)] <= 1);
      CHECK(most[name][static_cast<std::size_t>(m)] <= 6);
    }
  }
  // The stated spread is the real one, and so is the confidence.
  for (const Measure m : kMeasures) {
    CAPTURE(name(m));
    const auto i = static_cast<std::size_t>(m);
    CHECK(told.squared[i] < 1.7 * told.variance[i]);
    CHECK(told.squared[i] > told.variance[i] / 2.5);
  }
  CHECK(std::abs(told.confidence - told.right) < 0.15 * told.answers);
}

}  // namespace
}  // namespace selvage::sizing
