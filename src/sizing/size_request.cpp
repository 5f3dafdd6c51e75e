#include "sizing/size_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "sizing/chart_table.hpp"

namespace selvage::sizing {
namespace {

constexpr std::array<std::string_view, 6> kMembers{"image_url", "height_cm", "sex",
                                                   "fit",       "chart",     "include"};

double read_height(json::Reader& reader) {
  const json::value* const raw = reader.raw("height_cm");
  if (raw == nullptr) {
    reader.problem("height_cm", "is missing; give the height in centimetres, for example 172");
    return 0;
  }
  if (!raw->is_number()) {
    reader.problem("height_cm", "must be a number of centimetres");
    return 0;
  }
  const double height = raw->to_number<double>();
  if (!(height >= kLeastHeightCm && height <= kMostHeightCm)) {
    reader.problem("height_cm", fmt::format("must be from {} to {} centimetres, is {:g}",
                                            kLeastHeightCm, kMostHeightCm, height));
  }
  return height;
}

// A member of choices that may be absent or null.
std::optional<std::string> maybe_choice(json::Reader& reader, std::string_view key,
                                        std::initializer_list<std::string_view> choices) {
  if (reader.raw(key) == nullptr) return std::nullopt;
  return reader.choice(key, choices);
}

void read_chart(json::Reader& reader, SizeRequest& request, std::optional<Error>& bad_chart) {
  const json::value* const raw = reader.raw("chart");
  if (raw == nullptr) return;
  if (raw->is_object()) {
    auto chart = parse_size_chart(json::dump(*raw));
    if (chart) request.chart = std::move(*chart);
    if (!chart) bad_chart = std::move(chart.error());
    return;
  }
  request.chart_id = reader.text("chart", {.max = kLongestChartId});
  if (!request.chart_id.empty() && !check_chart_id(request.chart_id)) {
    reader.problem("chart",
                   fmt::format("{} cannot be a size chart's id", in_quotes(request.chart_id)));
  }
}

void read_include(json::Reader& reader, SizeRequest& request) {
  const json::value* const raw = reader.raw("include");
  if (raw == nullptr) return;
  const auto is_pose = [](const json::value& one) {
    return one.is_string() && one.get_string() == "pose";
  };
  const auto* const list = raw->if_array();
  const bool understood = is_pose(*raw) || (list != nullptr && list->size() <= 1 &&
                                            std::ranges::all_of(*list, is_pose));
  if (!understood) reader.problem("include", "must be \"pose\" or [\"pose\"]");
  request.include_pose = is_pose(*raw) || (list != nullptr && !list->empty());
}

void refuse_unknown(const json::value& body, json::Reader& reader) {
  if (!body.is_object()) return;
  for (const auto& member : body.get_object()) {
    if (std::ranges::find(kMembers, std::string_view(member.key())) != kMembers.end()) continue;
    reader.problem(in_quotes(member.key(), 40), "is not a member of a sizing request");
  }
}

}  // namespace

Result<SizeRequest> parse_size_request(const json::value& body, bool has_photo) {
  json::Reader reader(body, "");
  SizeRequest request;
  if (!has_photo) {
    request.image_url = reader.text("image_url", {.max = kLongestImageUrl});
  } else if (reader.raw("image_url") != nullptr) {
    reader.problem("image_url", "must be left out when the picture itself is sent");
  }
  request.wearer.height_cm = read_height(reader);
  if (const auto sex = maybe_choice(reader, "sex", {"male", "female"})) {
    request.wearer.sex = sex_named(*sex);
  }
  if (const auto fit = maybe_choice(reader, "fit", {"slim", "regular", "loose"})) {
    request.wearer.fit = fit_named(*fit).value_or(Fit::regular);
  }
  std::optional<Error> bad_chart;
  read_chart(reader, request, bad_chart);
  read_include(reader, request);
  refuse_unknown(body, reader);
  if (auto bad = reader.finish()) return fail(std::move(*bad));
  if (bad_chart) return fail(bad_chart->within("chart"));
  return request;
}

std::string to_json(const SizeRequest& request) {
  json::object members;
  if (!request.image_url.empty()) members["image_url"] = request.image_url;
  members["height_cm"] = request.wearer.height_cm;
  if (request.wearer.sex) members["sex"] = name(*request.wearer.sex);
  if (request.wearer.fit != Fit::regular) members["fit"] = name(request.wearer.fit);
  if (!request.chart_id.empty()) members["chart"] = request.chart_id;
  if (request.chart) members["chart"] = boost::json::parse(to_json(*request.chart));
  if (request.include_pose) members["include"] = "pose";
  return json::dump(members);
}

}  // namespace selvage::sizing
