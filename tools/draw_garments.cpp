// Draws the sample garments as somebody would photograph them for a shop: laid flat, seen from
// above, cut out.
//
//   draw_garments samples        writes samples/garment-1.png to garment-3.png
//
// Everything is computed, so the pictures belong to the project and come out the same on every
// machine. A garment is a few outlines (half of each is given, the other half is its mirror image),
// a paint function for the cloth, and shading: rounded edges, folds, seams and ribs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "image/encode.hpp"

namespace {

using selvage::image::Picture;

constexpr int kWidth = 700, kHeight = 800;
constexpr float kMiddle = kWidth / 2.0F;

struct Point {
  float x = 0, y = 0;  // x from the middle line
};
struct Colour {
  float r = 0, g = 0, b = 0;
};

Point mix(Point a, Point b, float t) { return {a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t}; }
Colour mix(Colour a, Colour b, float t) {
  return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}
float step(float from, float to, float x) {
  const float t = std::clamp((x - from) / (to - from), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}
float bump(float x, float width) { return std::exp(-x * x / (2 * width * width)); }

// A curve from a to c, drawn towards b.
void curve(std::vector<Point>& outline, Point a, Point b, Point c) {
  constexpr int kPieces = 14;
  for (int i = 0; i < kPieces; ++i) {
    const float t = static_cast<float>(i) / kPieces;
    outline.push_back(mix(mix(a, b, t), mix(b, c, t), t));
  }
}

// Distance to the outline in pixels, positive inside.
float depth(const std::vector<Point>& outline, float x, float y) {
  float nearest = 1e9F;
  bool inside = false;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    const Point a = outline[i], b = outline[(i + 1) % outline.size()];
    const float dx = b.x - a.x, dy = b.y - a.y;
    const float t =
        std::clamp(((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy + 1e-6F), 0.0F, 1.0F);
    const float ex = x - a.x - t * dx, ey = y - a.y - t * dy;
    nearest = std::min(nearest, ex * ex + ey * ey);
    if ((a.y > y) != (b.y > y) && x < a.x + dx * (y - a.y) / dy) inside = !inside;
  }
  return inside ? std::sqrt(nearest) : -std::sqrt(nearest);
}

// Lengths in pixels; the cut of a garment in a few numbers.
struct Cut {
  float neck = 78, neck_depth = 62, shoulder = 208, armpit_x = 188, armpit_y = 262, waist = 180,
        hem = 190;
  Point cuff_out, cuff_in;  // the ends of the sleeve's opening
  float length = 735;
  float rib = 0;      // height of ribbed cuffs and hem
  float collar = 16;  // width of the collar band
};

constexpr float kTop = 66, kShoulderY = 104;

std::vector<Point> right_half(const Cut& cut) {
  std::vector<Point> o;
  curve(o, {0, kTop + cut.neck_depth}, {cut.neck * 0.82F, kTop + cut.neck_depth * 0.95F},
        {cut.neck, kTop});
  curve(o, {cut.neck, kTop}, {cut.shoulder * 0.7F, kTop + 20}, {cut.shoulder, kShoulderY});
  curve(o, {cut.shoulder, kShoulderY}, {cut.shoulder + 34, kShoulderY + 24}, cut.cuff_out);
  curve(o, cut.cuff_out, mix(cut.cuff_out, cut.cuff_in, 0.5F), cut.cuff_in);
  curve(o, cut.cuff_in, mix(cut.cuff_in, {cut.armpit_x, cut.armpit_y}, 0.6F),
        {cut.armpit_x, cut.armpit_y});
  curve(o, {cut.armpit_x, cut.armpit_y}, {cut.waist - 6, 480}, {cut.hem, cut.length});
  curve(o, {cut.hem, cut.length}, {cut.hem * 0.5F, cut.length + 14}, {0, cut.length + 14});
  return o;
}

std::vector<Point> outline_of(const Cut& cut) {
  std::vector<Point> all = right_half(cut);
  for (std::size_t i = all.size(); i-- > 1;) all.push_back({-all[i].x, all[i].y});
  return all;
}

// How far (x, y) lies behind the seam where the sleeve is set in: negative on the body.
float beyond_armhole(const Cut& cut, float x, float y) {
  if (y >= cut.armpit_y) {  // below the armpit the two part, and any line between them will do
    const float lean = (cut.cuff_in.x - cut.armpit_x) / (cut.cuff_in.y - cut.armpit_y);
    return std::abs(x) - cut.armpit_x - 0.4F * lean * (y - cut.armpit_y);
  }
  const float t = (y - kShoulderY) / (cut.armpit_y - kShoulderY);
  const float inwards = 20 * std::sin(3.1416F * std::clamp(t, 0.0F, 1.0F));
  return std::abs(x) - (cut.shoulder + (cut.armpit_x - cut.shoulder) * t - inwards);
}

// Along the sleeve from armhole (0) to cuff (1), and its opening's direction.
float along_sleeve(const Cut& cut, float x, float y) {
  const Point start{(cut.shoulder + cut.armpit_x) / 2, (kShoulderY + cut.armpit_y) / 2};
  const Point end = mix(cut.cuff_out, cut.cuff_in, 0.5F);
  const float dx = end.x - start.x, dy = end.y - start.y;
  return ((std::abs(x) - start.x) * dx + (y - start.y) * dy) / (dx * dx + dy * dy);
}

// Distance to the edge of the neck opening.
float from_neckline(const Cut& cut, float x, float y) {
  const Point a{0, kTop + cut.neck_depth};
  const Point b{cut.neck * 0.82F, kTop + cut.neck_depth * 0.95F};
  const Point c{cut.neck, kTop};
  float nearest = 1e9F;
  for (int i = 0; i <= 24; ++i) {
    const float t = static_cast<float>(i) / 24;
    const Point p = mix(mix(a, b, t), mix(b, c, t), t);
    nearest = std::min(nearest, std::hypot(std::abs(x) - p.x, y - p.y));
  }
  return nearest;
}

// Light and dark of cloth lying flat: 1 is the plain colour.
float shading(const Cut& cut, float x, float y, float inside) {
  float light = 1.02F - 0.30F * std::exp(-inside / 13);  // rounded edges
  const float side = x < 0 ? -1.0F : 1.0F, ax = std::abs(x);
  const float sway = 16 * std::sin(y / 90 + side);
  light -= 0.055F * bump(ax - 120 - sway, 20) * step(300, 520, y);  // long soft folds of the body
  light += 0.045F * bump(ax - 70 + sway, 24) * step(260, 500, y);
  light -= 0.05F * bump(x + 14 - sway * 0.7F, 15) * step(420, 640, y);
  const float pull =
      (ax - cut.armpit_x) + (y - cut.armpit_y) * 0.9F;  // short folds from the armpit
  light -= 0.09F * bump(pull + 30, 10) * bump(ax - cut.armpit_x + 40, 46) * step(150, 250, y);
  light += 0.05F * bump(pull + 58, 11) * bump(ax - cut.armpit_x + 50, 46) * step(150, 250, y);
  const float sleeve = beyond_armhole(cut, x, y);
  light -= 0.16F * bump(sleeve, 2.2F) * (y < cut.armpit_y ? 1.0F : 0.0F);  // the armhole's seam
  if (sleeve > 0) {
    const float s = along_sleeve(cut, x, y);
    light -= 0.05F + 0.05F * std::sin(s * 23 + ax / 40) * step(0.1F, 0.5F, s);
  }
  return light;
}

// Ribs of a knitted band; t runs along the band in pixels.
float ribs(float t) { return 0.93F + 0.07F * std::sin(t * 0.9F); }

struct Cloth {
  std::function<Colour(float x, float y, bool sleeve, float along)> paint;
  Colour band;  // collar, cuffs and hem
};

Picture draw(const Cut& cut, const Cloth& cloth) {
  Picture picture = Picture::filled(kWidth, kHeight, 4, 0);
  const std::vector<Point> outline = outline_of(cut);
  for (int py = 0; py < kHeight; ++py) {
    for (int px = 0; px < kWidth; ++px) {
      const float x = static_cast<float>(px) + 0.5F - kMiddle, y = static_cast<float>(py) + 0.5F;
      const float inside = depth(outline, x, y);
      const float alpha = std::clamp(inside + 0.5F, 0.0F, 1.0F);
      if (alpha <= 0) continue;
      const bool sleeve = beyond_armhole(cut, x, y) > 0;
      const float along = along_sleeve(cut, x, y);
      Colour colour = cloth.paint(x, y, sleeve, along);
      float light = shading(cut, x, y, inside);

      const float reach = std::hypot(cut.cuff_out.x - cut.shoulder, cut.cuff_out.y - kShoulderY);
      const float collar = from_neckline(cut, x, y);
      const bool on_collar = collar < cut.collar;
      const bool on_cuff = cut.rib > 0 && sleeve && along > 1 - cut.rib / reach;
      const bool on_hem = cut.rib > 0 && !sleeve && y > cut.length - cut.rib;
      if (on_collar) {
        colour = cloth.band;
        light *= ribs(x * 1.2F) * (0.94F + 0.06F * step(0, cut.collar, collar));
      } else if (on_cuff || on_hem) {
        colour = cloth.band;
        light *= ribs(x);
      } else {
        light -= 0.14F * bump(collar - cut.collar, 3);
        if (cut.rib > 0 && !sleeve) light -= 0.10F * bump(y - (cut.length - cut.rib), 3);
        if (cut.rib > 0 && sleeve) light -= 0.10F * bump((along - 1) * reach + cut.rib, 3);
      }
      if (cut.rib == 0) {  // stitched hems
        light -= 0.08F * bump(y - (cut.length - 16), 1.3F) * (sleeve ? 0.0F : 1.0F);
        light -= 0.08F * bump((along - 1) * reach + 14, 1.3F) * (sleeve ? 1.0F : 0.0F);
      }
      auto pixel = picture.row(py).subspan(static_cast<std::size_t>(px) * 4, 4);
      light = std::round(light * 160) /
              160;  // finer steps cannot be seen and would only cost file size
      auto put = [&](std::size_t c, float value) {
        pixel[c] = static_cast<std::uint8_t>(std::clamp(value * light, 0.0F, 255.0F));
      };
      put(0, colour.r);
      put(1, colour.g);
      put(2, colour.b);
      pixel[3] = static_cast<std::uint8_t>(alpha * 255 + 0.5F);
    }
  }
  return picture;
}

// A T-shirt in white with navy stripes.
Picture striped_shirt() {
  Cut cut;
  cut.cuff_out = {322, 268};
  cut.cuff_in = {246, 318};
  const Colour white{244, 242, 236}, navy{34, 52, 98};
  return draw(cut, {[=](float, float y, bool sleeve, float along) {
                      const float t = sleeve ? along * 165 + 10 : y;
                      const float phase = std::fmod(t, 46.0F);
                      return mix(white, navy,
                                 step(15.2F, 16.8F, phase) - step(35.2F, 36.8F, phase));
                    },
                    navy});
}

// A plain knitted sweater.
Picture sweater() {
  Cut cut;
  cut.neck_depth = 40;
  cut.neck = 72;
  cut.collar = 24;
  cut.cuff_out = {318, 640};
  cut.cuff_in = {238, 652};
  cut.armpit_y = 272;
  cut.length = 720;
  cut.hem = 182;
  cut.rib = 46;
  const Colour wool{178, 74, 58};
  return draw(cut, {[=](float x, float, bool, float) {
                      const float knit = 0.985F + 0.015F * std::sin(x * 0.8F);
                      return Colour{wool.r * knit, wool.g * knit, wool.b * knit};
                    },
                    {164, 66, 52}});
}

// A long-sleeved shirt, two-coloured, with a sun over waves printed on the chest.
Picture printed_shirt() {
  Cut cut;
  cut.neck_depth = 54;
  cut.cuff_out = {316, 632};
  cut.cuff_in = {246, 644};
  cut.armpit_y = 266;
  cut.rib = 26;
  const Colour body{58, 122, 118}, arms{232, 226, 210}, sun{246, 178, 66}, wave{238, 236, 226};
  return draw(cut, {[=](float x, float y, bool sleeve, float) {
                      if (sleeve) return arms;
                      Colour colour = body;
                      const float radius = std::hypot(x, y - 330);
                      const float sea = y - 352 - 5 * std::sin(x / 11);
                      colour = mix(colour, sun, step(86, 84, radius) * step(1, -1, sea));
                      for (int line = 0; line < 4; ++line) {
                        const float below = y - (366 + 17 * static_cast<float>(line)) -
                                            5 * std::sin(x / 11 + static_cast<float>(line));
                        const float reach = 104 - 17 * static_cast<float>(line);
                        colour = mix(colour, wave,
                                     step(4, 2.4F, std::abs(below)) *
                                         step(reach + 1, reach - 1, std::abs(x)));
                      }
                      return colour;
                    },
                    arms});
}

bool save(const Picture& picture, const std::string& path) {
  selvage::image::EncodeOptions options;
  options.compression = 9;
  const auto bytes = selvage::image::encode(picture, selvage::image::Format::png, options);
  if (!bytes) return false;
  std::ofstream file(path, std::ios::binary);
  file << *bytes;
  fmt::print("{} ({} KB)\n", path, bytes->size() / 1024);
  return static_cast<bool>(file.flush());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: draw_garments FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = argv[1];
  const bool saved = save(striped_shirt(), folder + "/garment-1.png") &&
                     save(sweater(), folder + "/garment-2.png") &&
                     save(printed_shirt(), folder + "/garment-3.png");
  if (!saved) fmt::print(stderr, "error: cannot write into {}\n", folder);
  return saved ? 0 : 3;
}
