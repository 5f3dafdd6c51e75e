#include "sizing/size_advice.hpp"

#include <doctest/doctest.h>

#include <numeric>

#include "unit/sizing/drawn_body.hpp"

namespace selvage::sizing {
namespace {

Measurements body(double chest, double waist, double hip, double sd = 3) {
  Measurements all;
  all[Measure::shoulder] = {40, 1};
  all[Measure::chest] = {chest, sd};
  all[Measure::waist] = {waist, sd};
  all[Measure::hip] = {hip, sd};
  all[Measure::inseam] = {80, 1};
  all[Measure::arm] = {55, 1};
  return all;
}

bool warns(const SizeAdvice& advice, std::string_view code) {
  for (const Warning& warning : advice.warnings)
    if (warning.code == code) return true;
  return false;
}

TEST_CASE("Advice: the size in whose range the chest most probably lies, with both neighbours") {
  const SizeAdvice advice = choose_size(body(98, 86, 100), Fit::regular, default_chart(Sex::male));
  CHECK(advice.size == "M");
  REQUIRE(advice.smaller);
  REQUIRE(advice.larger);
  CHECK(advice.smaller->label == "S");
  CHECK(advice.larger->label == "L");
  // 4 cm to either border, sd 3: erf(4/3/sqrt 2)
  CHECK(advice.confidence == doctest::Approx(0.818).epsilon(0.01));
  CHECK(advice.smaller->probability == doctest::Approx(advice.larger->probability));
  const double sum =
      std::accumulate(advice.options.begin(), advice.options.end(), 0.0,
                      [](double all, const SizeOption& one) { return all + one.probability; });
  CHECK(sum == doctest::Approx(1));
  CHECK(advice.warnings.empty());
}

TEST_CASE("Advice: less sure of the centimetres is less sure of the size") {
  double before = 1;
  for (const double sd : {1.0, 2.0, 4.0, 8.0}) {
    const double now =
        choose_size(body(98, 86, 100, sd), Fit::regular, default_chart(Sex::male)).confidence;
    CHECK(now < before);
    before = now;
  }
}

TEST_CASE("Advice: slim and loose move a body on the border, the measurements stay") {
  const SizeChart& men = default_chart(Sex::male);
  CHECK(choose_size(body(95, 83, 98), Fit::slim, men).size == "S");
  CHECK(choose_size(body(95, 83, 98), Fit::regular, men).size == "M");
  CHECK(choose_size(body(99, 87, 98), Fit::loose, men).size == "L");
  CHECK(choose_size(body(99, 87, 98), Fit::loose, men).measurements[Measure::chest].cm == 99);
  for (const Fit fit : {Fit::slim, Fit::regular, Fit::loose}) CHECK(fit_named(name(fit)) == fit);
  CHECK_FALSE(fit_named("tight"));
}

TEST_CASE("Advice: at the chart's ends there is one neighbour, and beyond them a warning") {
  const SizeChart& women = default_chart(Sex::female);
  const SizeAdvice small = choose_size(body(66, 55, 80), Fit::regular, women);
  CHECK(small.size == "XS");
  CHECK_FALSE(small.smaller);
  CHECK(warns(small, "outside_chart"));
  const SizeAdvice large = choose_size(body(140, 120, 140), Fit::regular, women);
  CHECK(large.size == "XXL");
  CHECK_FALSE(large.larger);
  CHECK(warns(large, "outside_chart"));
}

TEST_CASE("Advice: a waist that asks for another size is mentioned") {
  const SizeAdvice advice =
      choose_size(body(94, 95, 102), Fit::regular, default_chart(Sex::female));
  CHECK(advice.size == "M");
  CHECK(warns(advice, "measures_differ"));
}

TEST_CASE("Advice: a chart with one size always answers it") {
  const auto chart =
      parse_size_chart(R"({"name": "one", "sizes": [{"label": "one size", "chest": [80, 110]}]})");
  REQUIRE(chart.has_value());
  const SizeAdvice advice = choose_size(body(98, 80, 100), Fit::loose, *chart);
  CHECK(advice.size == "one size");
  CHECK(advice.confidence == 1);
  CHECK_FALSE(advice.smaller);
  CHECK_FALSE(advice.larger);
}

TEST_CASE("Advice: from a pose to a size, with lines to draw; heights beyond reason are refused") {
  const Pose pose = test::draw({});
  const auto advice = advise(pose, {.height_cm = 175}, default_chart(std::nullopt));
  REQUIRE(advice.has_value());
  CHECK(advice->lines.size() == 7);
  for (const MeasuringLine& line : advice->lines) {
    CHECK(line.x0 >= 0);
    CHECK(line.x1 <= static_cast<float>(pose.image_width));
    CHECK(line.y0 >= 0);
    CHECK(line.y1 <= static_cast<float>(pose.image_height));
  }
  for (const double height : {99.9, 250.1, 0.0, -3.0, std::nan("")}) {
    const auto refused = advise(pose, {.height_cm = height}, default_chart(std::nullopt));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::invalid);
    CHECK(refused.error().code == "sizing.height_invalid");
  }
  Pose crowd = pose;
  crowd.people = 2;
  CHECK(advise(crowd, {.height_cm = 175}, default_chart(std::nullopt)).error().kind ==
        ErrorKind::unprocessable);
}

}  // namespace
}  // namespace selvage::sizing
