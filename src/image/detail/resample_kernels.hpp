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

// Two lines are taken through the horizontal pass side by side, because they share their weights:
// of a pair, pixel x holds four floats of line 0 and then four of line 1.

// Puts `line`, of 3 or 4 channels, into one half of a pair. REQUIRES: line readable for one float
// more.
void put_line(const float* line, int channels, int half, float* pair, int count);

// For each output pixel x: out[8x..8x+7] = sum over k of weights[x * taps + k] * pair[8 * (first[x]
// + k)..]. REQUIRES: taps even, and `pair` padded by `taps` pixels of anything finite behind its
// end.
void sum_columns(const float* pair, const int* first, const float* weights, int taps, float* out,
                 int count);

// Rounds one half of `pair` to `count` pixels of 3 or 4 bytes.
void round_line(const float* pair, int half, std::uint8_t* to, int channels, int count);

}  // namespace selvage::image::detail
