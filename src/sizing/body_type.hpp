// The shape of a body in one word, by the FFIT rules (Simmons, Istook and Devarajan, 2004), which
// compare bust, waist and hip girths.
#pragma once

#include <string_view>

#include "sizing/measurements.hpp"

namespace selvage::sizing {

enum class BodyType {
  hourglass,
  bottom_hourglass,
  top_hourglass,
  triangle,
  inverted_triangle,
  rectangle,
};

[[nodiscard]] std::string_view name(BodyType type);  // "inverted_triangle"

// Girths in cm. Made for women's bodies; used for everybody as plain geometry.
[[nodiscard]] BodyType body_type(double chest, double waist, double hip);
[[nodiscard]] BodyType body_type(const Measurements& body);

}  // namespace selvage::sizing
