// The charts of EN 13402-3, which ISO 8559-2's letter codes follow. Chest and bust are the
// standard's; the men's waist is its drop of 12 cm, the women's waist and hip its companion
// columns. Letters carry the same step over all columns; men's hips have none in the standard and
// are left out.
#include "sizing/size_chart.hpp"

namespace selvage::sizing {
namespace {

struct Row {
  const char* label;
  Range chest, waist;
  std::optional<Range> hip;
};

constexpr Row kMen[] = {
    {"XS", {78, 86}, {66, 74}, {}},    {"S", {86, 94}, {74, 82}, {}},
    {"M", {94, 102}, {82, 90}, {}},    {"L", {102, 110}, {90, 98}, {}},
    {"XL", {110, 118}, {98, 106}, {}}, {"XXL", {118, 129}, {106, 117}, {}},
};

constexpr Row kWomen[] = {
    {"XS", {74, 82}, {58, 66}, Range{82, 90}},
    {"S", {82, 90}, {66, 74}, Range{90, 98}},
    {"M", {90, 98}, {74, 82}, Range{98, 106}},
    {"L", {98, 107}, {82, 91}, Range{106, 114}},
    {"XL", {107, 119}, {91, 103}, Range{114, 124}},
    {"XXL", {119, 131}, {103, 115}, Range{124, 134}},
};

Size size_of(const Row& row) {
  Size size{row.label, {}};
  size.ranges[static_cast<std::size_t>(Measure::chest)] = row.chest;
  size.ranges[static_cast<std::size_t>(Measure::waist)] = row.waist;
  size.ranges[static_cast<std::size_t>(Measure::hip)] = row.hip;
  return size;
}

SizeChart men() {
  SizeChart chart{"EN 13402-3 men", Sex::male, Measure::chest, {}};
  for (const Row& row : kMen) chart.sizes.push_back(size_of(row));
  return chart;
}

SizeChart women() {
  SizeChart chart{"EN 13402-3 women", Sex::female, Measure::chest, {}};
  for (const Row& row : kWomen) chart.sizes.push_back(size_of(row));
  return chart;
}

SizeChart unisex() {
  auto mean = [](Range a, Range b) { return Range{(a.from + b.from) / 2, (a.to + b.to) / 2}; };
  SizeChart chart{"EN 13402-3 unisex", std::nullopt, Measure::chest, {}};
  for (std::size_t i = 0; i < std::size(kMen); ++i)
    chart.sizes.push_back(size_of({kMen[i].label,
                                   mean(kMen[i].chest, kWomen[i].chest),
                                   mean(kMen[i].waist, kWomen[i].waist),
                                   {}}));
  return chart;
}

}  // namespace

const SizeChart& default_chart(std::optional<Sex> sex) {
  static const SizeChart kAll[] = {men(), women(), unisex()};
  if (!sex) return kAll[2];
  return *sex == Sex::male ? kAll[0] : kAll[1];
}

}  // namespace selvage::sizing
