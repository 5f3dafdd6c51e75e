#include "tryon/compose/torso.hpp"

#include <algorithm>
#include <cmath>

#include "tryon/compose/mask_shapes.hpp"
#include "tryon/compose/trace.hpp"

namespace selvage::tryon {
namespace {

std::unexpected<Error> no_person(std::string_view why) {
  return fail(ErrorKind::unprocessable, "compose.no_person",
              "No standing person can be made out in the picture: " + std::string(why),
              "Use a photo of one person from the front, from head to hips at least, against a "
              "calm background.");
}

// All in cells, until the end.
struct Landmarks {
  int top = 0, neck = 0, shoulder = 0, crotch = 0;
  float axis_neck = 0, axis_hip = 0;
  float neck_half = 0, shoulder_width = 0;
  [[nodiscard]] float axis(int y) const {
    const float t = static_cast<float>(y - neck) / static_cast<float>(std::max(1, crotch - neck));
    return axis_neck + (axis_hip - axis_neck) * std::clamp(t, 0.0F, 1.5F);
  }
};

float median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Furniture behind the person sticks out on one side only and is a straight-edged block; arms are
// neither blocks nor, for long, one-sided. The person's middle line is where most rows agree it is.
Mask without_one_sided_blocks(const Mask& mask) {
  std::vector<float> middles;
  for (int y = 0; y < mask.height; ++y) {
    const auto runs = runs_of(mask, y);
    if (!runs.empty())
      middles.push_back(static_cast<float>(runs.front().begin + runs.back().end) / 2);
  }
  const int twice_axis = static_cast<int>(std::lround(2 * median(middles)));
  Mask mirrored = mask;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      mirrored.cells[static_cast<std::size_t>(y) * mask.width + x] =
          mask.at(twice_axis - 1 - x, y) ? 255 : 0;
    }
  }
  const int tolerance = std::max(2, mask.width / 45);
  const Mask tolerated = grown(mirrored, tolerance);
  Mask one_sided = mask;
  for (std::size_t i = 0; i < mask.cells.size(); ++i) {
    if (tolerated.cells[i] != 0) one_sided.cells[i] = 0;
  }
  Mask cleaned = mask;
  Mask blocks = mask;
  std::fill(blocks.cells.begin(), blocks.cells.end(), std::uint8_t{0});
  bool changed = false;
  for (const Part& part : connected_parts(one_sided)) {
    const int width = part.right - part.left + 1, height = part.bottom - part.top + 1;
    const auto size = static_cast<int>(part.cells.size());
    if (size < mask.height / 3) break;  // largest first
    if (size * 10 < width * height * 6 || width > 4 * height || height > 4 * width) continue;
    for (int index : part.cells) blocks.cells[index] = 255;
    changed = true;
  }
  blocks =
      grown(blocks, tolerance + 1);  // the strip that was left for the sake of tolerance goes, too
  for (std::size_t i = 0; i < mask.cells.size(); ++i) {
    if (blocks.cells[i] != 0 && mirrored.cells[i] == 0) cleaned.cells[i] = 0;
  }
  if (!changed) return mask;
  const auto parts = connected_parts(grown(shrunk(cleaned, 1), 1));
  if (parts.empty()) return mask;
  std::fill(cleaned.cells.begin(), cleaned.cells.end(), std::uint8_t{0});
  for (int index : parts.front().cells) cleaned.cells[index] = 255;
  return cleaned;
}

// Head, neck and shoulders: the width of the figure rises to the head, falls to the neck and rises
// again.
Result<Landmarks> find_landmarks(const Mask& mask) {
  Landmarks marks;
  int bottom = -1;
  marks.top = mask.height;
  for (int y = 0; y < mask.height; ++y) {
    if (runs_of(mask, y).empty()) continue;
    marks.top = std::min(marks.top, y);
    bottom = y;
  }
  const int height = bottom - marks.top + 1;
  if (height < mask.height / 4) return no_person("the figure is too small");

  std::vector<float> widths(static_cast<std::size_t>(mask.height), 0);
  std::vector<float> middles(static_cast<std::size_t>(mask.height), 0);
  const auto first = run_near(mask, marks.top, static_cast<float>(mask.width) / 2);
  float axis = static_cast<float>(first->begin + first->end) / 2;
  const int search_end = marks.top + height / 2;
  for (int y = marks.top; y <= search_end; ++y) {
    const auto run = run_near(mask, y, axis);
    if (!run) return no_person("the figure is broken");
    widths[y] = static_cast<float>(run->width());
    middles[y] = static_cast<float>(run->begin + run->end) / 2;
    axis += std::clamp(middles[y] - axis, -1.0F, 1.0F);
  }
  // The width grows to the head, shrinks to the neck and grows to the shoulders, suddenly and for
  // good.
  float head = 0, narrowest = 0;
  bool shoulders_seen = false;
  for (int y = marks.top; y <= search_end && !shoulders_seen; ++y) {
    const float width = widths[y];
    const bool neck_seen = narrowest < 0.88F * head;
    if (!neck_seen && width >= head) {
      head = width;
      narrowest = width;
    } else if (width <= narrowest) {
      narrowest = width;
      marks.neck = y;
    } else {
      shoulders_seen = neck_seen && width > 1.6F * narrowest && width > 1.1F * head;
    }
  }
  if (!shoulders_seen) {
    // Long hair hides the neck. Of somebody seen from head to foot the proportions are known.
    const int guess = marks.top + height * 15 / 100;
    const float chest =
        *std::max_element(widths.begin() + guess, widths.begin() + marks.top + height * 30 / 100);
    if (static_cast<float>(height) < 2.4F * chest) return no_person("no head and neck stand out");
    marks.neck = guess;
    narrowest = 0.28F * chest;
    head = 0.5F * chest;
  }
  const int head_height = marks.neck - marks.top;
  if (head_height < height / 24 || static_cast<float>(head_height) < 0.8F * head) {
    return no_person("no head and neck stand out");
  }
  // Over the upper arms; further down, arms that are held away would count.
  const int upper_end = std::min(search_end, marks.neck + head_height * 6 / 10);
  const float widest =
      *std::max_element(widths.begin() + marks.neck, widths.begin() + upper_end + 1);
  int shoulder = marks.neck;
  while (shoulder < upper_end && widths[shoulder] < 0.72F * widest) ++shoulder;
  marks.shoulder = shoulder;
  marks.shoulder_width = widest;
  marks.neck_half = narrowest / 2;
  if (narrowest > 0.62F * widest || head > 0.85F * widest || head < 0.25F * widest) {
    return no_person("head, neck and shoulders have no usual proportions");
  }
  const auto rise = static_cast<float>(shoulder - marks.top);
  if (rise < 0.25F * widest || rise > 1.3F * widest) {
    return no_person("head and shoulders do not fit together");
  }

  marks.axis_neck = middles[marks.neck];
  // The legs part at the crotch. Where they do not, or the picture ends above, proportions have to
  // do.
  marks.crotch = shoulder + static_cast<int>(1.36F * widest);
  marks.axis_hip = marks.axis_neck;
  const int legs_from = shoulder + static_cast<int>(0.95F * widest);
  const int legs_to = std::min(bottom - 4, shoulder + static_cast<int>(1.9F * widest));
  for (int y = legs_from; y <= legs_to; ++y) {
    const auto runs = runs_of(mask, y + 3);
    for (std::size_t i = 1; i < runs.size(); ++i) {
      const float gap = static_cast<float>(runs[i - 1].end + runs[i].begin) / 2;
      const bool legs =
          std::abs(gap - marks.axis_neck)<0.2F * widest&& static_cast<float>(runs[i - 1].width())>
                  widest / 8 &&
          static_cast<float>(runs[i].width()) > widest / 8;
      if (!legs) continue;
      marks.crotch = y + 3;
      marks.axis_hip = gap;
      y = legs_to;
      break;
    }
  }
  marks.crotch = std::min(marks.crotch, bottom);
  if (static_cast<float>(marks.crotch - shoulder) < widest / 2)
    return no_person("the picture ends above the waist");
  return marks;
}

// The trunk's edge on one side for each row from neck to crotch. Followed from the hips upwards:
// where it jumps, an arm covers it, and a line between what is known has to do.
std::vector<float> trunk_edge(const Mask& mask, const Landmarks& marks, bool left) {
  constexpr float kChest = 0.375F;  // half a chest, of the width over the upper arms
  constexpr float kDrift = 0.16F;   // cells the edge may move from row to row, in the long run
  const float usual = kChest * marks.shoulder_width;
  const int length = marks.crotch - marks.shoulder;
  const int armpit = marks.shoulder + length / 5;
  std::vector<float> half(static_cast<std::size_t>(mask.height), usual);
  std::vector<int> known;  // from the bottom
  for (int y = marks.crotch; y >= armpit; --y) {
    const float axis = marks.axis(y);
    const auto run = run_near(mask, y, axis);
    if (!run) continue;
    const float reach =
        left ? axis - static_cast<float>(run->begin) : static_cast<float>(run->end) - axis;
    if (reach < 0.6F * usual || reach > 1.45F * usual) continue;
    if (!known.empty()) {
      const float away = std::abs(reach - half[known.back()]);
      if (away > 1.5F + kDrift * static_cast<float>(known.back() - y)) continue;
    }
    half[y] = reach;
    known.push_back(y);
  }
  if (!known.empty() && known.back() > marks.shoulder) known.push_back(marks.shoulder);  // `usual`
  for (std::size_t i = 1; i < known.size(); ++i) {
    const int below = known[i - 1], above = known[i];
    for (int y = above + 1; y < below; ++y) {
      const float t = static_cast<float>(y - above) / static_cast<float>(below - above);
      half[y] = half[above] + (half[below] - half[above]) * t;
    }
  }
  for (int y = marks.crotch + 1; y < mask.height; ++y) half[y] = half[marks.crotch];
  smooth(half, 4);
  std::vector<float> edge(half.size());
  for (int y = 0; y < mask.height; ++y) edge[y] = marks.axis(y) + (left ? -half[y] : half[y]);
  return edge;
}

// For each column, the row where the shoulder begins. From the arm inwards it may rise only as
// steeply as a shoulder does, so that neither neck nor things behind it are taken for one.
std::vector<float> shoulder_line(const Mask& mask, const Landmarks& marks, const Outline& body) {
  constexpr float kSteepest = 0.42F;
  std::vector<float> line(static_cast<std::size_t>(mask.width), static_cast<float>(marks.shoulder));
  auto top_of = [&](int x) {
    int y = marks.neck;
    while (y < marks.crotch && !mask.at(x, y)) ++y;
    return static_cast<float>(y);
  };
  const float axis = marks.axis(marks.shoulder);
  const float lowest = static_cast<float>(marks.shoulder) + 0.2F * marks.shoulder_width;
  auto walk = [&](int from, int step) {
    from = std::clamp(from, 0, mask.width - 1);
    // The edge is a guess at this height; the walk starts where there is a shoulder.
    while (top_of(from) > lowest &&
           static_cast<float>(step) * (static_cast<float>(from) - axis) < 0) {
      from += step;
    }
    float row = std::min(top_of(from), lowest);
    for (int x = from; x >= 0 && x < mask.width; x += step) {
      const float off = std::abs(static_cast<float>(x) + 0.5F - axis);
      if (off > marks.neck_half) row = std::max(std::min(top_of(x), row), row - kSteepest);
      line[x] = row;
      if (static_cast<float>(step) * (static_cast<float>(x) - axis) >= 0) break;
    }
    for (int x = from - step; x >= 0 && x < mask.width; x -= step) line[x] = line[from];
  };
  walk(static_cast<int>(body.left[marks.shoulder]), 1);
  walk(static_cast<int>(body.right[marks.shoulder]) - 1, -1);
  // Across the neck, straight from one side to the other.
  const int from = std::clamp(static_cast<int>(axis - marks.neck_half) - 1, 0, mask.width - 1);
  const int to = std::clamp(static_cast<int>(axis + marks.neck_half) + 1, from, mask.width - 1);
  for (int x = from + 1; x < to; ++x) {
    const float t = static_cast<float>(x - from) / static_cast<float>(to - from);
    line[x] = line[from] + (line[to] - line[from]) * t;
  }
  smooth(line, 2);
  return line;
}

}  // namespace

Result<TorsoPlacement> find_torso(const image::Picture& cells, int scale) {
  const auto found = find_silhouette(cells, scale);
  if (!found) return no_person("nothing stands out from the background");
  const Mask mask = without_one_sided_blocks(*found);
  const Landmarks marks = TRY(find_landmarks(mask));

  Outline body;
  body.left = trunk_edge(mask, marks, true);
  body.right = trunk_edge(mask, marks, false);
  body.shoulder = shoulder_line(mask, marks, body);
  const int arm_end = marks.crotch + (marks.crotch - marks.shoulder) / 3;
  const int arm_start = marks.neck;
  for (std::size_t side : {0U, 1U}) {
    const bool left = side == 0;
    Limb limb = trace_limb(mask, left ? body.left : body.right, left, arm_start, arm_end);
    // An arm held out sideways is one wide row after another: nothing a sleeve could follow.
    const float usual = 0.13F * marks.shoulder_width;
    const bool hangs = limb.present() && median(limb.half) < 2.2F * usual;
    if (hangs) {
      smooth(limb.centre, 3);
      smooth(limb.half, 3);
      body.limbs[side] = stretched(limb, scale);
    }
  }
  const auto pixels = static_cast<float>(scale);
  const int rows = mask.height * scale, columns = mask.width * scale;
  body.left = stretched(body.left, scale, rows);
  body.right = stretched(body.right, scale, rows);
  body.shoulder = stretched(body.shoulder, scale, columns);
  body.neck_half = marks.neck_half * pixels;
  const auto neck_column = static_cast<std::size_t>(marks.axis(marks.shoulder) * pixels);
  body.top = body.shoulder[neck_column];
  body.armpit = body.top + 0.27F * (static_cast<float>(marks.crotch) * pixels - body.top);
  body.bottom = static_cast<float>(marks.crotch) * pixels;

  return TorsoPlacement{std::move(body), mask, static_cast<float>(marks.top) * pixels,
                        marks.shoulder_width * pixels};
}

}  // namespace selvage::tryon
