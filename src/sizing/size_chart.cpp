#include "sizing/size_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/json.hpp"

namespace selvage::sizing {
namespace {

constexpr double kInch = 2.54;
// What a part of a human body may measure, cm.
constexpr Range kPlausible{10, 300};

std::optional<double> number(const json::value& v) {
  if (v.is_double()) return v.get_double();
  if (v.is_int64()) return static_cast<double>(v.get_int64());
  if (v.is_uint64()) return static_cast<double>(v.get_uint64());
  return std::nullopt;
}

std::optional<Range> read_range(json::Reader& size, Measure measure, double unit) {
  const json::value* raw = size.raw(name(measure));
  if (!raw) return std::nullopt;
  const auto* pair = raw->if_array();
  const auto from = pair && pair->size() == 2 ? number((*pair)[0]) : std::nullopt;
  const auto to = pair && pair->size() == 2 ? number((*pair)[1]) : std::nullopt;
  if (!from || !to) {
    size.problem(name(measure), "must be [from, to], two numbers");
    return std::nullopt;
  }
  // Rounded, so that a chart in inches is the same after it was written in centimetres.
  const Range range{std::round(*from * unit * 1000) / 1000, std::round(*to * unit * 1000) / 1000};
  if (!(range.from < range.to))
    size.problem(name(measure), "must go from the smaller to the larger number");
  else if (range.from < kPlausible.from || range.to > kPlausible.to)
    size.problem(name(measure), fmt::format("must lie within {} to {} cm; is the unit right?",
                                            kPlausible.from, kPlausible.to));
  return range;
}

Size read_size(json::Reader& reader, double unit) {
  Size size;
  size.label = reader.text("label", {.max = kLongestLabel});
  bool any = false;
  for (const Measure measure : kMeasures) {
    const auto range = read_range(reader, measure, unit);
    size.ranges[static_cast<std::size_t>(measure)] = range;
    any = any || range;
  }
  if (!any && reader.ok())
    reader.problem("", "needs at least one of shoulder, chest, waist, hip, inseam, arm");
  return size;
}

// What only the whole list can tell: same measures everywhere, labels once, from small to large.
void judge_sizes(const std::vector<Size>& sizes, json::Reader& reader) {
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    const std::string key = fmt::format("sizes[{}]", i);
    for (std::size_t j = 0; j < i; ++j)
      if (sizes[j].label == sizes[i].label)
        reader.problem(key, fmt::format("the label \"{}\" is taken already", sizes[i].label));
    for (const Measure m : kMeasures) {
      if (sizes[i][m].has_value() != sizes[0][m].has_value())
        reader.problem(
            key, fmt::format("must have the same measures as the first size; look at {}", name(m)));
      else if (sizes[i][m] && sizes[i - 1][m] &&
               (sizes[i][m]->from <= sizes[i - 1][m]->from ||
                sizes[i][m]->to <= sizes[i - 1][m]->to))
        reader.problem(key, fmt::format("{} must be larger than in the size before", name(m)));
    }
  }
}

std::vector<Size> read_sizes(json::Reader& reader, double unit) {
  std::vector<Size> sizes;
  const json::value* raw = reader.raw("sizes");
  const auto* list = raw ? raw->if_array() : nullptr;
  if (!list || list->empty() || list->size() > kMostSizes) {
    reader.problem("sizes", fmt::format("must be a list of 1 to {} sizes", kMostSizes));
    return sizes;
  }
  bool readable = true;
  for (std::size_t i = 0; i < list->size(); ++i) {
    json::Reader one((*list)[i], "");
    sizes.push_back(read_size(one, unit));
    if (const auto bad = one.finish()) {
      reader.problem(fmt::format("sizes[{}]", i), bad->message);
      readable = false;
    }
  }
  if (readable) judge_sizes(sizes, reader);
  return sizes;
}

Error as_chart_error(Error error) {
  error.code = "sizing.chart_invalid";
  error.message = "the size chart is not valid: " + error.message;
  error.hint = "ranges are body measurements, [from, to] for each size, from small to large";
  return error;
}

}  // namespace

std::vector<double> SizeChart::borders(Measure m) const {
  std::vector<double> all;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
    all.push_back((sizes[i][m]->to + sizes[i + 1][m]->from) / 2);
  return all;
}

Result<SizeChart> parse_size_chart(std::string_view text) {
  if (text.size() > kMostChartBytes)
    return fail(
        ErrorKind::too_large, "sizing.chart_too_large",
        fmt::format("the size chart has {} bytes, {} are the most", text.size(), kMostChartBytes));
  const json::value document = TRY(json::parse(text));
  json::Reader reader(document, "");
  SizeChart chart;
  chart.name = reader.text("name", {.max = kLongestChartName});
  auto choice = [&](std::string_view key, std::initializer_list<std::string_view> choices,
                    std::string_view otherwise) {
    return reader.raw(key) ? reader.choice(key, choices) : std::string(otherwise);
  };
  chart.sex = sex_named(choice("sex", {"male", "female", "unisex"}, "unisex"));
  const double unit = choice("unit", {"cm", "in"}, "cm") == "in" ? kInch : 1;
  const std::string primary =
      choice("primary", {"shoulder", "chest", "waist", "hip", "inseam", "arm"}, "");
  chart.sizes = read_sizes(reader, unit);
  if (reader.ok()) {
    // Without a word about it, the first of these that the chart has decides.
    constexpr Measure kUsual[] = {Measure::chest,    Measure::waist,  Measure::hip,
                                  Measure::shoulder, Measure::inseam, Measure::arm};
    const auto* first =
        std::find_if(std::begin(kUsual), std::end(kUsual), [&](Measure m) { return chart.has(m); });
    chart.primary = measure_named(primary).value_or(*first);
    if (!chart.has(chart.primary))
      reader.problem("primary", fmt::format("no size has \"{}\"", name(chart.primary)));
  }
  if (auto bad = reader.finish()) return fail(as_chart_error(std::move(*bad)));
  return chart;
}

std::string to_json(const SizeChart& chart) {
  json::object document;
  document["name"] = chart.name;
  document["sex"] = chart.sex ? name(*chart.sex) : "unisex";
  document["unit"] = "cm";
  document["primary"] = name(chart.primary);
  json::array sizes;
  for (const Size& size : chart.sizes) {
    json::object one;
    one["label"] = size.label;
    for (const Measure m : kMeasures)
      if (const auto& range = size[m]) one[name(m)] = json::array{range->from, range->to};
    sizes.push_back(std::move(one));
  }
  document["sizes"] = std::move(sizes);
  return json::dump(document);
}

}  // namespace selvage::sizing
