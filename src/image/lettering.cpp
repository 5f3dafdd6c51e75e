#include "image/lettering.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numbers>
#include <string>

#include "base/text.hpp"

namespace selvage::image {
namespace {

// Digits are 7 units tall, small letters 5; y grows upwards here.
constexpr float kTall = 7;
constexpr float kGap = 1.5F;   // between letters
constexpr float kUnknown = 4;  // breadth of what is not known
constexpr float kPiece = 15;   // degrees of an arc that one straight piece stands for

// `path` holds commands and numbers between blanks: M x y begins a line, L x y goes on straight,
// O cx cy rx ry a b goes on along an ellipse from angle a to b (degrees, anticlockwise from the
// right).
struct Letter {
  std::string_view text;
  float width;
  std::string_view path;
};

constexpr std::array kLetters{
    Letter{" ", 1.6F, ""},
    Letter{"a", 4, "O 2 2.5 2 2.5 0 360 M 4 5 L 4 0"},
    Letter{"b", 4, "O 2 2.5 2 2.5 0 360 M 0 7 L 0 0"},
    Letter{"c", 3.4F, "O 2 2.5 2 2.5 50 310"},
    Letter{"d", 4, "O 2 2.5 2 2.5 0 360 M 4 7 L 4 0"},
    Letter{"e", 4, "M 0 2.5 L 4 2.5 O 2 2.5 2 2.5 0 312"},
    Letter{"f", 2.6F, "O 2.2 5.8 1.2 1.2 70 180 L 1 0 M 0 4.9 L 2.5 4.9"},
    Letter{"g", 4, "O 2 2.5 2 2.5 0 360 M 4 5 L 4 0 O 2 0 2 2 0 -150"},
    Letter{"h", 3.8F, "M 0 7 L 0 0 M 0 3 O 1.9 3.1 1.9 1.9 180 0 L 3.8 0"},
    Letter{"i", 0, "M 0 5 L 0 0 M 0 6.9 L 0 6.9"},
    Letter{"j", 1, "M 1 5 L 1 -1 O 0 -1 1 1 0 -90 M 1 6.9 L 1 6.9"},
    Letter{"k", 3.4F, "M 0 7 L 0 0 M 3.2 5 L 0 1.8 M 1.2 3 L 3.4 0"},
    Letter{"l", 0, "M 0 7 L 0 0"},
    Letter{"m", 6.4F,
           "M 0 5 L 0 0 M 0 3.3 O 1.6 3.4 1.6 1.6 180 0 L 3.2 0 M 3.2 3.3 O 4.8 3.4 1.6 1.6 180 0 "
           "L 6.4 0"},
    Letter{"n", 3.8F, "M 0 5 L 0 0 M 0 3 O 1.9 3.1 1.9 1.9 180 0 L 3.8 0"},
    Letter{"o", 4, "O 2 2.5 2 2.5 0 360"},
    Letter{"p", 4, "O 2 2.5 2 2.5 0 360 M 0 5 L 0 -2"},
    Letter{"q", 4, "O 2 2.5 2 2.5 0 360 M 4 5 L 4 -2"},
    Letter{"r", 2.6F, "M 0 5 L 0 0 M 0 2.8 O 2 3 2 2 180 75"},
    Letter{"s", 3.2F, "O 1.6 3.75 1.6 1.25 25 270 O 1.6 1.25 1.6 1.25 90 -155"},
    Letter{"t", 2.6F, "M 1.1 6.6 L 1.1 1.2 O 2.3 1.2 1.2 1.2 180 280 M 0 4.9 L 2.6 4.9"},
    Letter{"u", 3.8F, "M 0 5 L 0 1.9 O 1.9 1.9 1.9 1.9 180 360 L 3.8 5 M 3.8 2 L 3.8 0"},
    Letter{"v", 3.8F, "M 0 5 L 1.9 0 L 3.8 5"},
    Letter{"w", 5.6F, "M 0 5 L 1.4 0 L 2.8 4.6 L 4.2 0 L 5.6 5"},
    Letter{"x", 3.6F, "M 0 5 L 3.6 0 M 0 0 L 3.6 5"},
    Letter{"y", 4, "M 0 5 L 2 0 M 4 5 L 1.2 -2"},
    Letter{"z", 3.6F, "M 0 5 L 3.6 5 L 0 0 L 3.6 0"},
    Letter{"0", 4, "O 2 3.5 2 3.5 0 360"},
    Letter{"1", 2.2F, "M 0.3 5.5 L 2 7 L 2 0"},
    Letter{"2", 4, "O 2 5 2 2 165 -32 L 0 0 L 4 0"},
    Letter{"3", 4, "O 1.9 5.25 1.8 1.75 150 -90 M 1.9 3.5 O 1.9 1.75 2.1 1.75 90 -155"},
    Letter{"4", 4.2F, "M 3 0 L 3 7 L 0 2 L 4.2 2"},
    Letter{"5", 4, "M 3.6 7 L 0.8 7 L 0.5 4 O 1.9 2.3 2.1 2.3 132 -148"},
    Letter{"6", 4, "O 2 2.1 2 2.1 0 360 M 0 2.1 O 3.4 2.1 3.4 4.9 180 95"},
    Letter{"7", 4, "M 0 7 L 4 7 L 1.4 0"},
    Letter{"8", 4, "O 2 5.3 1.7 1.7 -90 270 O 2 1.8 2 1.8 90 -270"},
    Letter{"9", 4, "O 2 4.9 2 2.1 0 360 M 4 4.9 O 0.6 4.9 3.4 4.9 0 -85"},
    Letter{"S", 4, "O 2 5.25 1.9 1.75 25 270 O 2 1.75 2 1.75 90 -155"},
    Letter{"M", 5, "M 0 0 L 0 7 L 2.5 2.5 L 5 7 L 5 0"},
    Letter{"L", 3.6F, "M 0 7 L 0 0 L 3.6 0"},
    Letter{"X", 4.4F, "M 0 7 L 4.4 0 M 0 0 L 4.4 7"},
    Letter{".", 0, "M 0 0 L 0 0"},
    Letter{",", 0.4F, "M 0.4 0 L 0 -1.4"},
    Letter{"-", 2.6F, "M 0 2.5 L 2.6 2.5"},
    Letter{"%", 5, "O 1 5.6 1 1.4 0 360 M 4.4 7 L 0.6 0 M 5 1.4 O 4 1.4 1 1.4 0 360"},
    Letter{"±", 3.6F, "M 1.8 1.9 L 1.8 6.1 M 0 4 L 3.6 4 M 0 0.2 L 3.6 0.2"},
};

class Pen {
 public:
  Pen(float x, float unit, std::vector<std::vector<Spot>>& lines)
      : x_(x), unit_(unit), lines_(lines) {}

  void follow(std::string_view path) {
    bool on = false;
    while (!path.empty()) {
      const char command = path.front();
      path.remove_prefix(std::min<std::size_t>(path.size(), 2));
      std::array<float, 6> n{};
      const std::size_t numbers = command == 'O' ? 6 : 2;
      for (std::size_t i = 0; i < numbers; ++i) n[i] = number(path);
      if (command == 'M' || !on) lines_.emplace_back();
      on = true;
      if (command == 'O') {
        arc(n);
      } else {
        to(n[0], n[1]);
      }
    }
  }

 private:
  static float number(std::string_view& path) {
    const std::size_t end = std::min(path.find(' '), path.size());
    const float value = std::strtof(std::string(path.substr(0, end)).c_str(), nullptr);
    path.remove_prefix(std::min(end + 1, path.size()));
    return value;
  }
  void to(float x, float y) { lines_.back().push_back({(x_ + x) * unit_, -y * unit_}); }
  void arc(const std::array<float, 6>& n) {
    const int pieces = std::max(1, static_cast<int>(std::abs(n[5] - n[4]) / kPiece));
    for (int i = 0; i <= pieces; ++i) {
      const float degrees =
          n[4] + (n[5] - n[4]) * static_cast<float>(i) / static_cast<float>(pieces);
      const float angle = degrees * std::numbers::pi_v<float> / 180;
      to(n[0] + n[2] * std::cos(angle), n[1] + n[3] * std::sin(angle));
    }
  }

  float x_, unit_;
  std::vector<std::vector<Spot>>& lines_;
};

// Calls visit(letter or nullptr, x) for each character; returns where the text ends.
template <class Visit>
float walk(std::string_view text, const Visit& visit) {
  float x = 0;
  bool first = true;
  while (!text.empty()) {
    const std::size_t bytes = std::max<std::size_t>(utf8_sequence(text), 1);
    const std::string_view character = text.substr(0, bytes);
    text.remove_prefix(bytes);
    const auto* letter = std::ranges::find(kLetters, character, &Letter::text);
    const bool known = letter != kLetters.end();
    if (!first) x += kGap;
    first = false;
    visit(known ? letter : nullptr, x);
    x += known ? letter->width : kUnknown;
  }
  return x;
}

}  // namespace

std::vector<std::vector<Spot>> lettering(std::string_view text, float height) {
  std::vector<std::vector<Spot>> lines;
  walk(text, [&](const Letter* letter, float x) {
    if (letter != nullptr) Pen(x, height / kTall, lines).follow(letter->path);
  });
  return lines;
}

float lettering_width(std::string_view text, float height) {
  return walk(text, [](const Letter*, float) {}) * height / kTall;
}

}  // namespace selvage::image
