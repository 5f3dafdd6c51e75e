#include "image/detail/resample_kernels.hpp"

#include <cstring>

namespace selvage::image::detail {
namespace {

// Vectors by the compiler's own extension: on a processor without such registers it splits them.
// They are passed by reference only, so that the calling convention does not depend on the
// processor.
using Float4 = float __attribute__((vector_size(16)));
using Float8 = float __attribute__((vector_size(32)));

template <class Sample>
__attribute__((always_inline)) inline void load8(const Sample* from, Float8& to) {
  using Sample8 = Sample __attribute__((vector_size(8 * sizeof(Sample))));
  Sample8 samples;
  std::memcpy(&samples, from, sizeof samples);
  to = __builtin_convertvector(samples, Float8);
}

template <class Sample>
__attribute__((always_inline)) inline void sum_rows_body(std::span<const Sample* const> rows,
                                                         const float* weights, float* line,
                                                         std::size_t count) {
  std::size_t i = 0;
  for (; i + 32 <= count; i += 32) {  // four registers of sums stay put while all rows pass by
    Float8 sum[4] = {};
    for (std::size_t k = 0; k < rows.size(); ++k) {
      for (std::size_t part = 0; part < 4; ++part) {
        Float8 samples;
        load8(rows[k] + i + 8 * part, samples);
        sum[part] += samples * weights[k];
      }
    }
    std::memcpy(line + i, sum, sizeof sum);
  }
  for (; i < count; ++i) {
    float sum = 0;
    for (std::size_t k = 0; k < rows.size(); ++k)
      sum += static_cast<float>(rows[k][i]) * weights[k];
    line[i] = sum;
  }
}

__attribute__((always_inline)) inline void put_line_body(const float* line, int channels, int half,
                                                         float* pair, int count) {
  float* to = pair + 4 * half;
  for (int x = 0; x < count; ++x, line += channels, to += 8)
    std::memcpy(to, line, 4 * sizeof(float));
}

__attribute__((always_inline)) inline void sum_columns_body(const float* pair, const int* first,
                                                            const float* weights, int taps,
                                                            float* out, int count) {
  for (int x = 0; x < count; ++x) {
    const float* from = pair + 8 * static_cast<std::ptrdiff_t>(first[x]);
    const float* weight = weights + static_cast<std::ptrdiff_t>(x) * taps;
    Float8 even = {}, odd = {};
    for (int k = 0; k < taps; k += 2, from += 16) {
      Float8 a, b;
      std::memcpy(&a, from, sizeof a);
      std::memcpy(&b, from + 8, sizeof b);
      even += a * weight[k];
      odd += b * weight[k + 1];
    }
    even += odd;
    std::memcpy(out + 8 * static_cast<std::ptrdiff_t>(x), &even, sizeof even);
  }
}

__attribute__((always_inline)) inline void round_line_body(const float* pair, int half,
                                                           std::uint8_t* to, int channels,
                                                           int count) {
  using Int4 = int __attribute__((vector_size(16)));
  using Byte4 = std::uint8_t __attribute__((vector_size(4)));
  const float* from = pair + 4 * half;
  auto rounded = [](const float* at, Byte4& bytes) __attribute__((always_inline)) {
    Float4 pixel;
    std::memcpy(&pixel, at, sizeof pixel);
    const Float4 low = {}, high = low + 255.0F;
    pixel = __builtin_elementwise_min(__builtin_elementwise_max(pixel + 0.5F, low), high);
    bytes = __builtin_convertvector(__builtin_convertvector(pixel, Int4), Byte4);
  };
  Byte4 bytes;
  for (int x = 0; x + 1 < count; ++x, from += 8, to += channels) {
    rounded(from, bytes);
    std::memcpy(to, &bytes, 4);  // of three, the next pixel writes over the fourth
  }
  rounded(from, bytes);
  if (channels == 4) {
    std::memcpy(to, &bytes, 4);
  } else {
    std::memcpy(to, &bytes, 3);
  }
}

#if defined(__x86_64__)
#define SELVAGE_AVX2 __attribute__((target("avx2,fma")))
SELVAGE_AVX2 void sum_rows_avx2(std::span<const std::uint8_t* const> rows, const float* weights,
                                float* line, std::size_t count) {
  sum_rows_body<std::uint8_t>(rows, weights, line, count);
}
SELVAGE_AVX2 void sum_rows_avx2(std::span<const std::uint16_t* const> rows, const float* weights,
                                float* line, std::size_t count) {
  sum_rows_body<std::uint16_t>(rows, weights, line, count);
}
SELVAGE_AVX2 void put_line_avx2(const float* line, int channels, int half, float* pair, int count) {
  channels == 3 ? put_line_body(line, 3, half, pair, count)
                : put_line_body(line, 4, half, pair, count);
}
SELVAGE_AVX2 void sum_columns_avx2(const float* pair, const int* first, const float* weights,
                                   int taps, float* out, int count) {
  sum_columns_body(pair, first, weights, taps, out, count);
}
SELVAGE_AVX2 void round_line_avx2(const float* pair, int half, std::uint8_t* to, int channels,
                                  int count) {
  channels == 3 ? round_line_body(pair, half, to, 3, count)
                : round_line_body(pair, half, to, 4, count);
}
bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}
#else
bool has_avx2() { return false; }
#define sum_rows_avx2 sum_rows_body
#define put_line_avx2 put_line_body
#define sum_columns_avx2 sum_columns_body
#define round_line_avx2 round_line_body
#endif

}  // namespace

void sum_rows(std::span<const std::uint8_t* const> rows, const float* weights, float* line,
              std::size_t count) {
  if (has_avx2()) return sum_rows_avx2(rows, weights, line, count);
  sum_rows_body<std::uint8_t>(rows, weights, line, count);
}

void sum_rows(std::span<const std::uint16_t* const> rows, const float* weights, float* line,
              std::size_t count) {
  if (has_avx2()) return sum_rows_avx2(rows, weights, line, count);
  sum_rows_body<std::uint16_t>(rows, weights, line, count);
}

void put_line(const float* line, int channels, int half, float* pair, int count) {
  if (has_avx2()) return put_line_avx2(line, channels, half, pair, count);
  put_line_body(line, channels, half, pair, count);
}

void sum_columns(const float* pair, const int* first, const float* weights, int taps, float* out,
                 int count) {
  if (has_avx2()) return sum_columns_avx2(pair, first, weights, taps, out, count);
  sum_columns_body(pair, first, weights, taps, out, count);
}

void round_line(const float* pair, int half, std::uint8_t* to, int channels, int count) {
  if (has_avx2()) return round_line_avx2(pair, half, to, channels, count);
  round_line_body(pair, half, to, channels, count);
}

}  // namespace selvage::image::detail
