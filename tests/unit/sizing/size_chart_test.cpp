#include "sizing/size_chart.hpp"

#include <doctest/doctest.h>

#include "sizing/body_type.hpp"

namespace selvage::sizing {
namespace {

std::string problems(std::string_view text) {
  const auto chart = parse_size_chart(text);
  return chart ? "valid" : chart.error().code + ": " + chart.error().message;
}

bool says(std::string_view text, std::string_view part) {
  const std::string all = problems(text);
  INFO(all);
  return all.find(part) != std::string::npos;
}

TEST_CASE("Size chart: the defaults are valid documents, and survive being written and read") {
  for (const auto sex :
       {std::optional<Sex>(), std::optional(Sex::male), std::optional(Sex::female)}) {
    const SizeChart& chart = default_chart(sex);
    CHECK(chart.sex == sex);
    CHECK(chart.sizes.size() == 6);
    CHECK(chart.sizes.front().label == "XS");
    CHECK(chart.sizes.back().label == "XXL");
    const auto again = parse_size_chart(to_json(chart));
    REQUIRE(again.has_value());
    CHECK(*again == chart);
  }
  CHECK(default_chart(Sex::male).borders(Measure::chest) ==
        std::vector<double>{86, 94, 102, 110, 118});
  CHECK(default_chart(std::nullopt).borders(Measure::chest) ==
        std::vector<double>{84, 92, 100, 108.5, 118.5});
}

TEST_CASE("Size chart: a store's own, in inches, by waist") {
  const auto chart = parse_size_chart(R"({"name": "Jeans", "unit": "in", "sex": "male",
      "sizes": [{"label": "30", "waist": [29.5, 30.5], "inseam": [29, 31]},
                {"label": "32", "waist": [31, 33], "inseam": [30, 32]}]})");
  REQUIRE(chart.has_value());
  CHECK(chart->primary == Measure::waist);
  CHECK(chart->sizes[0][Measure::waist]->from == doctest::Approx(74.93));
  // between 30.5 and 31 inches
  CHECK(chart->borders(Measure::waist)[0] == doctest::Approx(30.75 * 2.54));
  CHECK(*parse_size_chart(to_json(*chart)) == *chart);
}

TEST_CASE("Size chart: what is wrong is told with its place, all at once") {
  CHECK(says("{", "json.syntax"));
  CHECK(says("[]", "must be an object"));
  CHECK(says(R"({"name": "x"})", "sizes: must be a list of 1 to 40 sizes"));
  CHECK(says(R"({"name": "x", "sizes": []})", "1 to 40"));
  CHECK(says(R"({"name": "x", "sizes": [{"label": "S"}]})", "needs at least one of"));
  CHECK(says(R"({"name": "x", "sizes": [{"label": "S", "chest": [90]}]})", "two numbers"));
  CHECK(says(R"({"name": "x", "sizes": [{"label": "S", "chest": [90, 80]}]})", "smaller"));
  CHECK(says(R"({"name": "x", "sizes": [{"label": "S", "chest": [900, 980]}]})", "is the unit"));
  CHECK(says(R"({"name": "x", "primary": "hip", "sizes": [{"label": "S", "chest": [80, 90]}]})",
             "no size has \"hip\""));
  CHECK(says(R"({"name": "x", "sizes": [{"label": "S", "chest": [80, 90]},
                                        {"label": "S", "chest": [90, 98]}]})",
             "sizes[1]: the label \"S\" is taken"));
  CHECK(says(R"({"name": "x", "sizes": [{"label": "M", "chest": [90, 98]},
                                        {"label": "S", "chest": [80, 90]}]})",
             "chest must be larger than in the size before"));
  CHECK(says(R"({"name": "x", "sizes": [{"label": "S", "chest": [80, 90]},
                                        {"label": "M", "waist": [80, 90]}]})",
             "same measures"));
  CHECK(says(R"({"name": "", "sex": "cat", "sizes": 3})", "sex"));
  CHECK(says(R"({"name": "", "sex": "cat", "sizes": 3})", "name"));
  CHECK(says(std::string(kMostChartBytes + 1, ' '), "sizing.chart_too_large"));
}

TEST_CASE("Body type: the rules of FFIT, in centimetres") {
  CHECK(body_type(92, 66, 94) == BodyType::hourglass);
  CHECK(body_type(86, 70, 100) == BodyType::bottom_hourglass);
  CHECK(body_type(100, 72, 92) == BodyType::top_hourglass);
  CHECK(body_type(88, 82, 100) == BodyType::triangle);
  CHECK(body_type(110, 95, 98) == BodyType::inverted_triangle);
  CHECK(body_type(95, 85, 97) == BodyType::rectangle);
  CHECK(name(BodyType::inverted_triangle) == "inverted_triangle");
}

}  // namespace
}  // namespace selvage::sizing
