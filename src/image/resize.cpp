#include "image/resize.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "image/detail/resampler.hpp"

namespace selvage::image {

Size shrunk_size(Size size, int longest) {
  const int longer = std::max(size.width, size.height);
  if (longest <= 0 || longer <= longest) return size;
  auto scaled = [&](int side) {
    const std::int64_t rounded =
        (std::int64_t{side} * longest * 2 + longer) / (2 * std::int64_t{longer});
    return std::max(1, static_cast<int>(rounded));
  };
  return {scaled(size.width), scaled(size.height)};
}

Picture resize(const Picture& picture, Size target) {
  SELVAGE_CHECK(!picture.empty());
  detail::Resampler resampler({picture.width, picture.height}, target, picture.channels,
                              picture.has_alpha());
  for (int y = 0; y < picture.height; ++y) {
    const auto row = picture.row(y);
    std::memcpy(resampler.next_row(), row.data(), row.size());
    resampler.row_done();
  }
  detail::Raster raster = resampler.finish();
  return {raster.width, raster.height, raster.channels, std::move(raster.samples)};
}

Picture shrink(Picture picture, int longest) {
  const Size size{picture.width, picture.height};
  const Size target = shrunk_size(size, longest);
  return target == size ? std::move(picture) : resize(picture, target);
}

}  // namespace selvage::image
