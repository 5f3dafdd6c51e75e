#pragma once

#include "image/encode.hpp"

namespace selvage::image::detail {

Result<std::string> encode_jpeg(const Picture& rgb,
                                const EncodeOptions& options);  // three channels
Result<std::string> encode_png(const Picture& picture, const EncodeOptions& options);
Result<std::string> encode_webp(const Picture& picture, const EncodeOptions& options);

}  // namespace selvage::image::detail
