#include <png.h>

#include <csetjmp>
#include <cstring>
#include <new>

#include "image/detail/encoders.hpp"

namespace selvage::image::detail {
namespace {

class PngWriter {
 public:
  PngWriter() {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, &PngWriter::on_error,
                                   [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  __attribute__((noinline)) bool write(const Picture& picture, int compression) {
    if (png_ == nullptr || info_ == nullptr || setjmp(escape_) != 0) return false;
    png_set_write_fn(png_, this, &PngWriter::on_write, nullptr);
    png_set_compression_level(png_, compression);
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(picture.width),
                 static_cast<png_uint_32>(picture.height), 8,
                 picture.has_alpha() ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    for (int y = 0; y < picture.height; ++y) png_write_row(png_, picture.row(y).data());
    png_write_end(png_, nullptr);
    return true;
  }

  std::string take() { return std::move(bytes_); }
  [[nodiscard]] const char* message() const { return message_; }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto& self = *static_cast<PngWriter*>(png_get_error_ptr(png));
    std::strncpy(self.message_, message, sizeof self.message_ - 1);
    longjmp(self.escape_, 1);
  }

  static void on_write(png_structp png, png_bytep data, png_size_t count) {
    auto& self = *static_cast<PngWriter*>(png_get_io_ptr(png));
    bool written = true;
    try {
      self.bytes_.append(reinterpret_cast<const char*>(data), count);
    } catch (const std::bad_alloc&) {  // must not cross C frames
      written = false;
    }
    if (!written) png_error(png, "out of memory");  // jumps, so not from inside the handler
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf escape_{};
  std::string bytes_;
  char message_[128] = "no memory";
};

}  // namespace

Result<std::string> encode_png(const Picture& picture, const EncodeOptions& options) {
  PngWriter writer;
  if (writer.write(picture, options.compression)) return writer.take();
  return fail(ErrorKind::internal, "image.encode",
              std::string("Writing a PNG failed: ") + writer.message());
}

}  // namespace selvage::image::detail
