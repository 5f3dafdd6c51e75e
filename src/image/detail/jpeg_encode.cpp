#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE
#include <cstdlib>
#include <cstring>

#include "image/detail/encoders.hpp"

namespace selvage::image::detail {
namespace {

// As in the decoder, libjpeg leaves by longjmp, so write() owns nothing and this class owns
// everything.
class JpegWriter {
 public:
  JpegWriter() {
    std::memset(&info_, 0, sizeof info_);
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr info) {
      auto& self = *static_cast<JpegWriter*>(info->client_data);
      (*info->err->format_message)(info, self.message_);
      longjmp(self.escape_, 1);
    };
    errors_.emit_message = [](j_common_ptr, int) {};
    info_.client_data = this;
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&info_);
    std::free(data_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  __attribute__((noinline)) bool write(const Picture& rgb, const EncodeOptions& options) {
    if (setjmp(escape_) != 0) return false;
    jpeg_create_compress(&info_);
    info_.client_data = this;
    jpeg_mem_dest(&info_, &data_, &size_);
    info_.image_width = static_cast<JDIMENSION>(rgb.width);
    info_.image_height = static_cast<JDIMENSION>(rgb.height);
    info_.input_components = 3;
    info_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, options.quality, TRUE);
    info_.optimize_coding = options.optimise ? TRUE : FALSE;
    info_.dct_method = JDCT_ISLOW;
    const int luma_factor = options.quality < 90 ? 2 : 1;
    info_.comp_info[0].h_samp_factor = luma_factor;
    info_.comp_info[0].v_samp_factor = luma_factor;
    jpeg_start_compress(&info_, TRUE);
    while (info_.next_scanline < info_.image_height) {
      auto* row = const_cast<JSAMPROW>(rgb.row(static_cast<int>(info_.next_scanline)).data());
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
    return true;
  }

  [[nodiscard]] std::string bytes() const { return {reinterpret_cast<const char*>(data_), size_}; }
  [[nodiscard]] const char* message() const { return message_; }

 private:
  jpeg_compress_struct info_;
  jpeg_error_mgr errors_{};
  std::jmp_buf escape_{};
  unsigned char* data_ = nullptr;
  unsigned long size_ = 0;
  char message_[JMSG_LENGTH_MAX] = "";
};

}  // namespace

Result<std::string> encode_jpeg(const Picture& rgb, const EncodeOptions& options) {
  JpegWriter writer;
  if (writer.write(rgb, options)) return writer.bytes();
  return fail(ErrorKind::internal, "image.encode",
              std::string("Writing a JPEG failed: ") + writer.message());
}

}  // namespace selvage::image::detail
