// A resampler that is fed row by row, so that a decoder never has to hold the whole picture.
//
// Separable Lanczos-3. The vertical pass runs first, over the rows as they arrive (a ring of the
// few rows one output row needs), and is the widest loop; the horizontal pass then runs once for
// each output row. Sums are 32-bit floats; weights are normalised, so flat areas come out exact.
// Both passes have an AVX2 form chosen at run time. Memory: the ring (6 * ratio rows), one line of
// floats and the result.
#pragma once

#include <cstdint>
#include <vector>

#include "image/resize.hpp"

namespace selvage::image::detail {

// For each output sample: the first input sample and the weights from there on, `taps` to an
// output, padded with zeros. Inputs are clipped to the picture, and the weights normalised after
// clipping.
struct Kernel {
  std::vector<int> first;
  std::vector<float> weights;
  int taps = 0;
};
Kernel lanczos3(int source, int target);

// A picture between decoder and Picture. Three channels, or four: RGBA or CMYK.
struct Raster {
  int width = 0;
  int height = 0;
  int channels = 3;
  std::vector<std::uint8_t> samples;
};

class Resampler {
 public:
  // `alpha`: the fourth channel weighs the other three. REQUIRES: sides at least 1, channels 1
  // to 4.
  Resampler(Size source, Size target, int channels, bool alpha);

  // Where the decoder writes the next row, source.width * channels bytes; then row_done(). Must be
  // called exactly source.height times in all.
  std::uint8_t* next_row();
  void row_done();

  // The result; REQUIRES that all rows were given.
  Raster finish();

 private:
  void sum_vertically(int y);
  void finish_pair(int y, int lines);

  Size source_, target_;
  int channels_;
  bool alpha_;
  bool copy_only_;
  int rows_in_ = 0;
  int rows_out_ = 0;
  Kernel vertical_, horizontal_;
  int ring_rows_ = 0;
  std::size_t row_samples_ = 0;
  std::vector<std::uint8_t> incoming_;        // a row of RGBA before it is weighed by alpha
  std::vector<std::uint8_t> ring_;            // rows as they came
  std::vector<std::uint16_t> ring_weighted_;  // rows weighed by alpha
  std::vector<float> line_;                   // one row after the vertical pass
  std::vector<float> pair_;                   // two of them, side by side
  Raster result_;
};

}  // namespace selvage::image::detail
