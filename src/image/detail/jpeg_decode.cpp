// libjpeg reports errors by longjmp, which skips destructors. So libjpeg is only ever called from
// the small lambdas given to `guarded`, whose frames own nothing; all that owns lives in the frame
// around them.
#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE
#include <cstring>
#include <optional>
#include <utility>

#include "image/detail/decoders.hpp"

namespace selvage::image::detail {
namespace {

class JpegReader {
 public:
  JpegReader(std::string_view bytes, int max_scans) : max_scans_(max_scans) {
    std::memset(&info_, 0, sizeof info_);
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = &JpegReader::on_error;
    errors_.emit_message = &JpegReader::on_message;
    info_.client_data = this;
    source_.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source_.bytes_in_buffer = bytes.size();
    source_.init_source = [](j_decompress_ptr) {};
    source_.term_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = &JpegReader::on_end;
    source_.skip_input_data = &JpegReader::on_skip;
    source_.resync_to_restart = jpeg_resync_to_restart;
    progress_.progress_monitor = &JpegReader::on_progress;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  jpeg_decompress_struct& info() { return info_; }

  // Calls a function that calls libjpeg and owns nothing; false when libjpeg gave up.
  template <class Function>
  __attribute__((noinline)) bool guarded(const Function& function) {
    if (setjmp(escape_) != 0) return false;
    function(info_);
    return true;
  }

  void open() {
    jpeg_create_decompress(&info_);
    info_.client_data = this;
    info_.src = &source_;
    info_.progress = &progress_;
  }

  [[nodiscard]] std::unexpected<Error> error() const {
    if (too_many_scans_) {
      return fail(ErrorKind::too_large, "image.too_many_scans",
                  "The progressive JPEG has more passes than are taken",
                  "Save it again as a baseline JPEG.");
    }
    if (ended_) return truncated(Format::jpeg, "its picture data");
    return corrupt(Format::jpeg, message_);
  }

 private:
  static JpegReader& of(j_common_ptr info) { return *static_cast<JpegReader*>(info->client_data); }

  [[noreturn]] static void give_up(j_common_ptr info) { longjmp(of(info).escape_, 1); }

  [[noreturn]] static void on_error(j_common_ptr info) {
    (*info->err->format_message)(info, of(info).message_);
    give_up(info);
  }

  // libjpeg only warns about damaged data and goes on with grey; a warning about pixels is an error
  // here.
  static void on_message(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
      case JWRN_ADOBE_XFORM:
      case JWRN_EXTRANEOUS_DATA:
      case JWRN_JFIF_MAJOR:
      case JWRN_NOT_SEQUENTIAL:
      case JWRN_TOO_MUCH_DATA:
        return;
      default:
        on_error(info);
    }
  }

  static boolean on_end(j_decompress_ptr info) {
    of(reinterpret_cast<j_common_ptr>(info)).ended_ = true;
    give_up(reinterpret_cast<j_common_ptr>(info));
  }

  static void on_skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    if (static_cast<std::size_t>(count) > info->src->bytes_in_buffer) on_end(info);
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= static_cast<std::size_t>(count);
  }

  static void on_progress(j_common_ptr info) {
    JpegReader& self = of(info);
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= self.max_scans_) return;
    self.too_many_scans_ = true;
    give_up(info);
  }

  jpeg_decompress_struct info_;
  jpeg_error_mgr errors_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf escape_{};
  char message_[JMSG_LENGTH_MAX] = "";
  int max_scans_;
  bool ended_ = false;
  bool too_many_scans_ = false;
};

// libjpeg can leave out detail while decoding. 1/2, 1/4 and 1/8 have SIMD code; the ones between do
// not.
unsigned decoding_eighths(Size stored, Size target) {
  for (unsigned eighths : {1U, 2U, 4U}) {
    auto scaled = [&](int side) { return (side * static_cast<int>(eighths) + 7) / 8; };
    if (scaled(stored.width) >= target.width && scaled(stored.height) >= target.height)
      return eighths;
  }
  return 8;
}

}  // namespace

Result<Decoded> decode_jpeg(std::string_view bytes, const JpegLayout& layout,
                            const DecodeLimits& limits) {
  const Size stored{layout.header.width, layout.header.height};
  const Size target = shrunk_size(stored, limits.max_side);
  const unsigned eighths = decoding_eighths(stored, target);
  const double area = static_cast<double>(stored.width) * stored.height;
  const double coefficients = layout.header.progressive ? 2 * area * layout.samples_per_pixel : 0;
  const double output = static_cast<double>(target.width) * target.height * 4;
  TRY(check_memory(coefficients + output, layout.header, limits));

  JpegReader reader(bytes, limits.scans);
  const bool opened = reader.guarded([&](jpeg_decompress_struct& info) {
    reader.open();
    jpeg_read_header(&info, TRUE);
    info.out_color_space = layout.components == 4 ? JCS_CMYK : JCS_RGB;
    info.scale_num = eighths;
    info.scale_denom = 8;
    info.dct_method = JDCT_ISLOW;
    jpeg_calc_output_dimensions(&info);
  });
  if (!opened) return reader.error();
  jpeg_decompress_struct& info = reader.info();
  if (std::cmp_not_equal(info.image_width, stored.width) ||
      std::cmp_not_equal(info.image_height, stored.height) ||
      info.num_components != layout.components) {
    return corrupt(Format::jpeg, "its headers contradict each other");
  }

  const Size scaled{static_cast<int>(info.output_width), static_cast<int>(info.output_height)};
  Resampler resampler(scaled, target, info.out_color_components, false);
  const bool decoded = reader.guarded([&](jpeg_decompress_struct& in) {
    jpeg_start_decompress(&in);
    while (in.output_scanline < in.output_height) {
      JSAMPROW row = resampler.next_row();
      jpeg_read_scanlines(&in, &row, 1);
      resampler.row_done();
    }
    jpeg_finish_decompress(&in);
  });
  if (!decoded) return reader.error();

  const Space space = layout.components == 1   ? Space::grey
                      : layout.components == 3 ? Space::rgb
                      : layout.adobe           ? Space::cmyk_inverted
                                               : Space::cmyk;
  return Decoded{resampler.finish(), space, layout.profile};
}

}  // namespace selvage::image::detail
