// libpng, like libjpeg, reports errors by longjmp: it is called only from the lambdas given to
// `guarded`, whose frames own nothing.
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <utility>

#include "image/detail/decoders.hpp"

namespace selvage::image::detail {
namespace {

class PngReader {
 public:
  explicit PngReader(std::string_view bytes) : rest_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &PngReader::on_error,
                                  [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  [[nodiscard]] png_structp png() const { return png_; }
  [[nodiscard]] png_infop info() const { return info_; }

  template <class Function>
  __attribute__((noinline)) bool guarded(const Function& function) {
    if (png_ == nullptr || info_ == nullptr || setjmp(escape_) != 0) return false;
    function();
    return true;
  }

  void open(const DecodeLimits& limits) {
    png_set_read_fn(png_, this, &PngReader::on_read);
    const auto side = static_cast<png_uint_32>(limits.caps.side);
    png_set_user_limits(png_, side, side);
    png_set_chunk_malloc_max(png_, kMaxProfileBytes);  // bounds what iCCP may inflate to
    // Chunks that are not wanted are not even inflated: text is where decompression bombs hide.
    static constexpr png_byte kUnwanted[] =
        "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iTXt\0oFFs\0pCAL\0pHYs\0sCAL\0sPLT\0tEXt\0tIME\0zTXt";
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, kUnwanted, sizeof kUnwanted / 5);
    png_read_info(png_, info_);
  }

  [[nodiscard]] std::unexpected<Error> error() const {
    if (ended_) return truncated(Format::png, "its picture data");
    return corrupt(Format::png, message_);
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto& self = *static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(self.message_, message, sizeof self.message_ - 1);
    longjmp(self.escape_, 1);
  }

  static void on_read(png_structp png, png_bytep to, png_size_t count) {
    auto& self = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self.rest_.size()) {
      self.ended_ = true;
      longjmp(self.escape_, 1);
    }
    std::memcpy(to, self.rest_.data(), count);
    self.rest_.remove_prefix(count);
  }

  std::string_view rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf escape_{};
  char message_[128] = "it cannot be read";
  bool ended_ = false;
};

// Asks libpng for 8-bit RGB or RGBA, whatever is stored.
void expand(png_structp png, png_infop info) {
  const png_byte kind = png_get_color_type(png, info);
  if (kind == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (kind == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  if (png_get_valid(png, info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png);
  if (png_get_bit_depth(png, info) == 16) png_set_scale_16(png);
  if ((kind & PNG_COLOR_MASK_COLOR) == 0) png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

std::string profile_of(const PngReader& reader) {
  png_charp name = nullptr;
  png_bytep profile = nullptr;
  png_uint_32 size = 0;
  int compression = 0;
  if (png_get_iCCP(reader.png(), reader.info(), &name, &compression, &profile, &size) == 0)
    return {};
  return {reinterpret_cast<const char*>(profile), size};
}

}  // namespace

Result<Decoded> decode_png(std::string_view bytes, const PngLayout& layout,
                           const DecodeLimits& limits) {
  const Size stored{layout.header.width, layout.header.height};
  const Size target = shrunk_size(stored, limits.max_side);
  const bool whole = layout.header.progressive || stored == target;
  const double area = static_cast<double>(stored.width) * stored.height;
  TRY(check_memory(whole ? area * 4 : 0, layout.header, limits));

  PngReader reader(bytes);
  const bool opened = reader.guarded([&] {
    reader.open(limits);
    expand(reader.png(), reader.info());
  });
  if (!opened) return reader.error();
  const int channels = png_get_channels(reader.png(), reader.info());
  if (std::cmp_not_equal(png_get_image_width(reader.png(), reader.info()), stored.width) ||
      std::cmp_not_equal(png_get_image_height(reader.png(), reader.info()), stored.height) ||
      (channels != 3 && channels != 4) ||
      png_get_rowbytes(reader.png(), reader.info()) !=
          static_cast<std::size_t>(stored.width) * channels) {
    return corrupt(Format::png, "its headers contradict each other");
  }

  Resampler resampler(stored, target, channels, channels == 4);
  const bool interlaced = layout.header.progressive;
  const std::size_t stride = static_cast<std::size_t>(stored.width) * channels;
  std::vector<std::uint8_t> canvas(interlaced ? stride * stored.height : 0);
  const bool decoded = reader.guarded([&] {
    if (interlaced) {
      constexpr int kAdam7Passes = 7;
      for (int pass = 0; pass < kAdam7Passes; ++pass) {
        for (int y = 0; y < stored.height; ++y) {
          png_read_row(reader.png(), canvas.data() + stride * y, nullptr);
        }
      }
    }
    for (int y = 0; y < stored.height; ++y) {
      std::uint8_t* row = resampler.next_row();
      if (interlaced) {
        std::memcpy(row, canvas.data() + stride * y, stride);
      } else {
        png_read_row(reader.png(), row, nullptr);
      }
      resampler.row_done();
    }
    png_read_end(reader.png(), nullptr);
  });
  if (!decoded) return reader.error();
  // Grey was widened by libpng, but a profile found in the file still describes grey.
  return Decoded{resampler.finish(), layout.grey ? Space::grey : Space::rgb, profile_of(reader)};
}

}  // namespace selvage::image::detail
