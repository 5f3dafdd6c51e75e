#include "app/size/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace selvage::app::size {

namespace {

constexpr std::size_t kBar = 32;
constexpr milliseconds kBetween{100};

}  // namespace

std::string progress_line(std::size_t done, std::size_t total, milliseconds passed) {
  const double share =
      total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(std::max(total, done));
  const auto full = static_cast<std::size_t>(share * kBar);
  std::string line = fmt::format("[{:#<{}}{:-<{}}] {:>5}/{} {:>4.0f} %", "", full, "", kBar - full,
                                 done, total, share * 100);
  const double seconds = std::chrono::duration<double>(passed).count();
  if (done == 0 || seconds < 0.5) return line;
  const double rate = static_cast<double>(done) / seconds;
  const auto left =
      static_cast<std::int64_t>(static_cast<double>(total - std::min(done, total)) / rate + 0.5);
  return line + fmt::format(" {:>6.1f}/s {:>3}:{:02} left", rate, left / 60, left % 60);
}

Progress::Progress(std::size_t total, bool output_elsewhere)
    : total_(total),
      shown_(isatty(STDERR_FILENO) != 0 && (output_elsewhere || isatty(STDOUT_FILENO) == 0)),
      began_(steady_now()),
      drawn_(began_) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::advance(std::size_t done) {
  if (!shown_) return;
  const SteadyTime now = steady_now();
  if (now - drawn_ < kBetween) return;
  drawn_ = now;
  const auto passed = std::chrono::duration_cast<milliseconds>(now - began_);
  std::fputs(("\r" + progress_line(done, total_, passed) + "\033[K").c_str(), stderr);
}

}  // namespace selvage::app::size
