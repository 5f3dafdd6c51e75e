// The two inner loops of the resampler, in the best form the processor offers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace selvage::image::detail {

// line[i] = sum over k of weights[k] * rows[k][i], for i in [0, count).
void sum_rows(std::span<const std::uint8_t* const> rows, const float* weights, float* line,
              std::size_t count);
void sum_rows(std::span<const std::uint16_t* const> rows, const float* weights, float* line,
              std::size_t count);

// For each output pixel x: out[4x..4x+3] = sum over k of weights[x * taps + k] * line[4 * (first[x]
// + k)..]. REQUIRES: taps even, and `line` padded by `taps` pixels of anything finite behind its
// end.
void sum_columns(const float* line, const int* first, const float* weights, int taps, float* out,
                 int count);

}  // namespace selvage::image::detail
