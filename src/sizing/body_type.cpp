#include "sizing/body_type.hpp"

namespace selvage::sizing {

std::string_view name(BodyType type) {
  switch (type) {
    case BodyType::hourglass:
      return "hourglass";
    case BodyType::bottom_hourglass:
      return "bottom_hourglass";
    case BodyType::top_hourglass:
      return "top_hourglass";
    case BodyType::triangle:
      return "triangle";
    case BodyType::inverted_triangle:
      return "inverted_triangle";
    case BodyType::rectangle:
      return "rectangle";
  }
  return "rectangle";
}

BodyType body_type(double chest, double waist, double hip) {
  // The rules are in inches. Their order matters where two meet.
  constexpr double kInch = 2.54;
  const double bust_over_hip = (chest - hip) / kInch, hip_over_bust = -bust_over_hip;
  const double bust_over_waist = (chest - waist) / kInch, hip_over_waist = (hip - waist) / kInch;
  const bool waisted = bust_over_waist >= 9 || hip_over_waist >= 10;
  if (bust_over_hip <= 1 && hip_over_bust < 3.6 && waisted) return BodyType::hourglass;
  if (hip_over_bust >= 3.6 && hip_over_bust < 10 && hip_over_waist >= 9)
    return BodyType::bottom_hourglass;
  if (bust_over_hip > 1 && bust_over_hip < 10 && bust_over_waist >= 9)
    return BodyType::top_hourglass;
  if (hip_over_bust >= 3.6 && hip_over_waist < 9) return BodyType::triangle;
  if (bust_over_hip >= 3.6 && bust_over_waist < 9) return BodyType::inverted_triangle;
  return BodyType::rectangle;
}

BodyType body_type(const Measurements& body) {
  return body_type(body[Measure::chest].cm, body[Measure::waist].cm, body[Measure::hip].cm);
}

}  // namespace selvage::sizing
