// A line on standard error that tells how far a long command is; nothing when nobody would see it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace selvage::app::size {

class Progress {
 public:
  // Shown when standard error is a terminal and standard output, which it would garble, is not one
  // (or is not written to: `output_elsewhere`).
  Progress(std::size_t total, bool output_elsewhere);
  ~Progress();  // takes the line away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // At most ten times a second anything is drawn.
  void advance(std::size_t done);

 private:
  const std::size_t total_;
  const bool shown_;
  const SteadyTime began_;
  SteadyTime drawn_;
};

// "[########------------]  412/1000   41 %   38.2/s   0:15 left", 79 columns at most.
[[nodiscard]] std::string progress_line(std::size_t done, std::size_t total, milliseconds passed);

}  // namespace selvage::app::size
