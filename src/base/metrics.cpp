#include "base/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.hpp"

namespace selvage {

namespace {

constexpr double kHttpBounds[] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};
constexpr double kJobBounds[] = {.05, .1, .25, .5, 1,  2.5, 5,   10, 15,
                                 20,  30, 45,  60, 90, 120, 180, 300};

}  // namespace

const std::span<const double> kHttpBuckets = kHttpBounds;
const std::span<const double> kJobBuckets = kJobBounds;

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), buckets_(bounds.size() + 1) {
  SELVAGE_CHECK(!bounds_.empty() && std::ranges::is_sorted(bounds_, std::less_equal<>()));
  SELVAGE_CHECK(std::ranges::all_of(bounds_, [](double bound) { return std::isfinite(bound); }));
}

void Histogram::observe(double value) {
  if (std::isnan(value)) return;  // it would make the sum useless for ever
  const auto bound = std::ranges::lower_bound(bounds_, value);
  const auto index = static_cast<std::size_t>(bound - bounds_.begin());
  buckets_[index].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  return total;
}

double Histogram::quantile(double q) const {
  const std::uint64_t total = count();
  if (total == 0) return 0;
  const double share = std::clamp(q, 0.0, 1.0) * static_cast<double>(total);
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
    if (seen >= rank) return bounds_[i];
  }
  return bounds_.back();
}

}  // namespace selvage
