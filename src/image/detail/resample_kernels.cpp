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

__attribute__((always_inline)) inline void sum_columns_body(const float* line, const int* first,
                                                            const float* weights, int taps,
                                                            float* out, int count) {
  for (int x = 0; x < count; ++x) {
    const float* from = line + 4 * static_cast<std::ptrdiff_t>(first[x]);
    const float* weight = weights + static_cast<std::ptrdiff_t>(x) * taps;
    Float8 sum = {};
    for (int k = 0; k < taps; k += 2) {  // two pixels at a time
      Float8 pixels;
      std::memcpy(&pixels, from + 4 * k, sizeof pixels);
      const float a = weight[k], b = weight[k + 1];
      sum += pixels * Float8{a, a, a, a, b, b, b, b};
    }
    const Float4 total = __builtin_shufflevector(sum, sum, 0, 1, 2, 3) +
                         __builtin_shufflevector(sum, sum, 4, 5, 6, 7);
    std::memcpy(out + 4 * static_cast<std::ptrdiff_t>(x), &total, sizeof total);
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
SELVAGE_AVX2 void sum_columns_avx2(const float* line, const int* first, const float* weights,
                                   int taps, float* out, int count) {
  sum_columns_body(line, first, weights, taps, out, count);
}
bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}
#else
bool has_avx2() { return false; }
#define sum_rows_avx2 sum_rows_body
#define sum_columns_avx2 sum_columns_body
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

void sum_columns(const float* line, const int* first, const float* weights, int taps, float* out,
                 int count) {
  if (has_avx2()) return sum_columns_avx2(line, first, weights, taps, out, count);
  sum_columns_body(line, first, weights, taps, out, count);
}

}  // namespace selvage::image::detail
