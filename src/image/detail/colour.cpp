#include "image/detail/colour.hpp"

#include <lcms2.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

namespace selvage::image::detail {
namespace {

// A context of its own makes lcms free of shared state and silent about errors.
struct CloseContext {
  void operator()(cmsContext context) const { cmsDeleteContext(context); }
};
struct CloseProfile {
  void operator()(cmsHPROFILE profile) const { cmsCloseProfile(profile); }
};
struct CloseTransform {
  void operator()(cmsHTRANSFORM transform) const { cmsDeleteTransform(transform); }
};
using Context = std::unique_ptr<std::remove_pointer_t<cmsContext>, CloseContext>;
using Profile = std::unique_ptr<void, CloseProfile>;
using Transform = std::unique_ptr<void, CloseTransform>;

struct Conversion {
  Context context;  // must outlive the transform
  Transform transform;
  explicit operator bool() const { return transform != nullptr; }
};

cmsColorSpaceSignature signature_of(Space space) {
  switch (space) {
    case Space::grey:
      return cmsSigGrayData;
    case Space::rgb:
      return cmsSigRgbData;
    case Space::cmyk:
    case Space::cmyk_inverted:
      return cmsSigCmykData;
  }
  std::unreachable();
}

cmsUInt32Number layout_of(const Decoded& decoded) {
  switch (decoded.space) {
    case Space::grey:
      return TYPE_GRAY_8;
    case Space::rgb:
      return decoded.raster.channels == 4 ? TYPE_RGBA_8 : TYPE_RGB_8;
    case Space::cmyk:
      return TYPE_CMYK_8;
    case Space::cmyk_inverted:
      return TYPE_CMYK_8_REV;
  }
  std::unreachable();
}

bool is_source_class(cmsProfileClassSignature kind) {
  return kind == cmsSigInputClass || kind == cmsSigDisplayClass || kind == cmsSigOutputClass ||
         kind == cmsSigColorSpaceClass;
}

Conversion open_conversion(const Decoded& decoded) {
  Conversion conversion;
  if (decoded.profile.empty()) return conversion;
  conversion.context.reset(cmsCreateContext(nullptr, nullptr));
  cmsContext context = conversion.context.get();
  if (context == nullptr) return conversion;
  const auto size = static_cast<cmsUInt32Number>(decoded.profile.size());
  const Profile from(cmsOpenProfileFromMemTHR(context, decoded.profile.data(), size));
  const Profile to(cmsCreate_sRGBProfileTHR(context));
  if (!from || !to || !is_source_class(cmsGetDeviceClass(from.get())) ||
      cmsGetColorSpace(from.get()) != signature_of(decoded.space)) {
    return conversion;
  }
  const cmsUInt32Number input = layout_of(decoded);
  const cmsUInt32Number output = input == TYPE_RGBA_8 ? TYPE_RGBA_8 : TYPE_RGB_8;
  conversion.transform.reset(cmsCreateTransformTHR(context, from.get(), input, to.get(), output,
                                                   INTENT_PERCEPTUAL, cmsFLAGS_COPY_ALPHA));
  return conversion;
}

// Most embedded profiles are sRGB itself; they show by leaving a spread of colours where they are.
bool changes_nothing(cmsHTRANSFORM transform, std::size_t channels) {
  constexpr std::array<std::uint8_t, 5> kLevels{0, 40, 110, 190, 255};
  for (std::uint8_t r : kLevels) {
    for (std::uint8_t g : kLevels) {
      for (std::uint8_t b : kLevels) {
        const std::array<std::uint8_t, 4> in{r, g, b, 255};
        std::array<std::uint8_t, 4> out{};
        cmsDoTransform(transform, in.data(), out.data(), 1);
        for (std::size_t c = 0; c < std::min<std::size_t>(channels, 3); ++c) {
          if (std::abs(in[c] - out[c]) > 1) return false;
        }
      }
    }
  }
  return true;
}

void convert_grey(cmsHTRANSFORM transform, Raster& raster) {
  std::array<std::uint8_t, 256> levels;
  for (std::size_t i = 0; i < 256; ++i) levels[i] = static_cast<std::uint8_t>(i);
  std::array<std::uint8_t, 256 * 3> table;
  cmsDoTransform(transform, levels.data(), table.data(), 256);
  const auto channels = static_cast<std::size_t>(raster.channels);
  for (std::size_t i = 0; i < raster.samples.size(); i += channels) {
    const std::size_t level = raster.samples[i];
    for (std::size_t c = 0; c < 3; ++c) raster.samples[i + c] = table[3 * level + c];
  }
}

// Without a profile: each ink lets through what it does not absorb.
void convert_cmyk_plainly(Raster& raster, bool inverted) {
  const std::size_t count = raster.samples.size() / 4;
  std::uint8_t* samples = raster.samples.data();
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned flip = inverted ? 0 : 255;
    const unsigned key = samples[4 * i + 3] ^ flip;
    for (std::size_t c = 0; c < 3; ++c) {
      samples[3 * i + c] =
          static_cast<std::uint8_t>(((samples[4 * i + c] ^ flip) * key + 127) / 255);
    }
  }
}

void keep_three_channels(Raster& raster) {
  raster.channels = 3;
  raster.samples.resize(static_cast<std::size_t>(raster.width) * raster.height * 3);
}

}  // namespace

Picture to_srgb(Decoded decoded) {
  Raster& raster = decoded.raster;
  const Conversion conversion = open_conversion(decoded);
  cmsHTRANSFORM transform = conversion.transform.get();
  const auto pixels = static_cast<cmsUInt32Number>(raster.width) * raster.height;
  switch (decoded.space) {
    case Space::grey:
      if (conversion) convert_grey(transform, raster);
      break;
    case Space::rgb:
      if (conversion && !changes_nothing(transform, raster.channels)) {
        cmsDoTransform(transform, raster.samples.data(), raster.samples.data(), pixels);
      }
      break;
    case Space::cmyk:
    case Space::cmyk_inverted:
      if (conversion) {  // four bytes in, three out: the writer never overtakes the reader
        cmsDoTransform(transform, raster.samples.data(), raster.samples.data(), pixels);
      } else {
        convert_cmyk_plainly(raster, decoded.space == Space::cmyk_inverted);
      }
      keep_three_channels(raster);
      break;
  }
  return {raster.width, raster.height, raster.channels, std::move(raster.samples)};
}

}  // namespace selvage::image::detail
