#include "base/detail/process_metrics.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "base/process_memory.hpp"
#include "base/text.hpp"

namespace selvage::detail {

namespace {

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string read_proc(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::uint64_t> open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return std::nullopt;
  std::uint64_t count = 0;
  for (; entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    if (error) return std::nullopt;
    ++count;
  }
  return count == 0 ? 0 : count - 1;  // one of them is the listing itself
}

// Boot time plus the start in clock ticks after boot, which is field 22 of stat; the fields are
// counted after the command name, because that may hold spaces and brackets.
std::optional<double> start_time() {
  const std::string stat = read_proc("/proc/self/stat");
  const auto bracket = stat.rfind(')');
  if (bracket == std::string::npos || bracket + 2 > stat.size()) return std::nullopt;
  const auto fields = split(std::string_view(stat).substr(bracket + 2), ' ');
  constexpr std::size_t kStartField = 22 - 3;
  if (fields.size() <= kStartField) return std::nullopt;
  const auto ticks = to_number(fields[kStartField]);

  constexpr std::string_view kBootKey = "\nbtime ";
  const std::string system = read_proc("/proc/stat");
  const auto boot = system.find(kBootKey);
  if (!ticks || boot == std::string::npos) return std::nullopt;
  const auto start = boot + kBootKey.size();
  const auto boot_seconds =
      to_number(std::string_view(system).substr(start, system.find('\n', start) - start));
  if (!boot_seconds) return std::nullopt;
  return static_cast<double>(*boot_seconds) +
         static_cast<double>(*ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto to_seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return to_seconds(usage.ru_utime) + to_seconds(usage.ru_stime);
}

void append(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            const std::string& value) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help,
                 type, value);
}

}  // namespace

void append_process_metrics(std::string& out) {
  append(out, "process_cpu_seconds_total", "counter",
         "Total user and system CPU time spent in seconds.", fmt::format("{:.6f}", cpu_seconds()));
  if (const auto count = open_descriptors()) {
    append(out, "process_open_fds", "gauge", "Number of open file descriptors.",
           fmt::format("{}", *count));
  }
  if (const auto memory = resident_memory()) {
    append(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
           fmt::format("{}", memory->value));
  }
  if (const auto time = start_time()) {
    append(out, "process_start_time_seconds", "gauge",
           "Start time of the process since the Unix epoch in seconds.",
           fmt::format("{:.2f}", *time));
  }
}

}  // namespace selvage::detail

namespace selvage {

std::optional<ByteCount> resident_memory() {
  const std::string statm = detail::read_proc("/proc/self/statm");
  const auto fields = split(statm, ' ');
  if (fields.size() < 2) return std::nullopt;
  const auto pages = detail::to_number(fields[1]);
  if (!pages) return std::nullopt;
  return ByteCount{*pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))};
}

}  // namespace selvage
