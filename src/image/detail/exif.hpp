#pragma once

#include <string_view>

namespace selvage::image::detail {

// The orientation (1..8) in a TIFF-structured EXIF block, with or without its "Exif\0\0" prefix; 1
// when it is absent or malformed. Looks at the first directory only and at no more than 512
// entries.
int exif_orientation(std::string_view block);

}  // namespace selvage::image::detail
