#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/detail/process_metrics.hpp"
#include "base/error.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"

namespace selvage {

namespace {

constexpr std::size_t kMaxSeries = 1'000;
constexpr std::string_view kOverflow = "other";

bool is_name(std::string_view text, bool colons) {
  if (text.empty() || is_digit(text[0])) return false;
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           (colons && c == ':');
  });
}

// HELP text escapes backslash and line feed; a label value also the double quote. Broken UTF-8
// would make Prometheus refuse the whole scrape.
void append_escaped(std::string& out, std::string_view text, bool quote) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) {
      out += "\uFFFD";
    } else if (text[0] == '\\') {
      out += "\\\\";
    } else if (text[0] == '\n') {
      out += "\\n";
    } else if (text[0] == '"' && quote) {
      out += "\\\"";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// a="x",b="y" - also the key under which a series is found.
std::string label_text(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    append_escaped(text, value, true);
    text += '"';
  }
  return text;
}

void append_sample(std::string& out, std::string_view name, std::string_view suffix,
                   std::string_view labels, std::string_view last_label, std::string_view value) {
  out += name;
  out += suffix;
  if (!labels.empty() || !last_label.empty()) {
    out += '{';
    out += labels;
    if (!labels.empty() && !last_label.empty()) out += ',';
    out += last_label;
    out += '}';
  }
  out += ' ';
  out += value;
  out += '\n';
}

}  // namespace

struct Registry::Series {
  // exactly one is set, by the family's type
  std::unique_ptr<Counter> counter;
  std::unique_ptr<Gauge> gauge;
  std::unique_ptr<Histogram> histogram;
};

struct Registry::Family {
  std::string_view type;  // a literal
  std::string help;
  std::vector<double> bounds;
  std::vector<std::string> label_names;
  std::map<std::string, Series, std::less<>> series;  // by label text, so the exposition is stable
};

Registry::Registry() = default;
Registry::~Registry() = default;

Counter& Registry::counter(std::string_view name, std::string_view help, Labels labels) {
  return *series(name, help, "counter", std::move(labels), {}).counter;
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, Labels labels) {
  return *series(name, help, "gauge", std::move(labels), {}).gauge;
}

Histogram& Registry::histogram(std::string_view name, std::string_view help,
                               std::span<const double> bounds, Labels labels) {
  return *series(name, help, "histogram", std::move(labels), bounds).histogram;
}

void Registry::on_scrape(std::function<void()> refresh) {
  const std::lock_guard lock(mutex_);
  refreshers_.push_back(std::move(refresh));
}

Registry::Series& Registry::series(std::string_view name, std::string_view help,
                                   std::string_view type, Labels labels,
                                   std::span<const double> bounds) {
  std::ranges::sort(labels);
  const std::lock_guard lock(mutex_);
  auto found = families_.find(name);
  if (found == families_.end()) {
    SELVAGE_CHECK(is_name(name, true));
    auto family = std::make_unique<Family>();
    family->type = type;
    family->help = help;
    family->bounds.assign(bounds.begin(), bounds.end());
    for (const auto& label : labels) {
      SELVAGE_CHECK(is_name(label.first, false) && label.first != "le");
      family->label_names.push_back(label.first);
    }
    found = families_.emplace(std::string(name), std::move(family)).first;
  }
  Family& family = *found->second;
  // One name has one type, one set of buckets and one set of label names, or its sums would mean
  // nothing.
  SELVAGE_CHECK(family.type == type && std::ranges::equal(family.bounds, bounds));
  SELVAGE_CHECK(std::ranges::equal(family.label_names, labels, {}, {}, &Labels::value_type::first));

  std::string key = label_text(labels);
  auto known = family.series.find(key);
  if (known == family.series.end() && family.series.size() >= kMaxSeries) {
    for (auto& label : labels) label.second = kOverflow;
    key = label_text(labels);
    known = family.series.find(key);
  }
  if (known != family.series.end()) return known->second;

  Series& made = family.series[std::move(key)];
  if (type == "counter") made.counter = std::make_unique<Counter>();
  if (type == "gauge") made.gauge = std::make_unique<Gauge>();
  if (type == "histogram") made.histogram = std::make_unique<Histogram>(bounds);
  return made;
}

std::string Registry::exposition() {
  // A refresher may look up series, so it runs outside the lock.
  std::vector<std::function<void()>> refreshers;
  {
    const std::lock_guard lock(mutex_);
    refreshers = refreshers_;
  }
  for (const auto& refresh : refreshers) refresh();

  std::string out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) {
    fmt::format_to(std::back_inserter(out), "# HELP {} ", name);
    append_escaped(out, family->help, false);
    fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", name, family->type);
    for (const auto& [labels, series] : family->series) {
      if (series.counter) {
        append_sample(out, name, "", labels, "", fmt::format("{}", series.counter->value()));
      } else if (series.gauge) {
        append_sample(out, name, "", labels, "", number(series.gauge->value()));
      } else {
        const Histogram& histogram = *series.histogram;
        // Buckets are read once: count and the last bucket must agree although others keep
        // observing.
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < histogram.buckets_.size(); ++i) {
          total += histogram.buckets_[i].load(std::memory_order_relaxed);
          const bool last = i == histogram.bounds_.size();
          append_sample(out, name, "_bucket", labels,
                        fmt::format("le=\"{}\"", last ? "+Inf" : number(histogram.bounds_[i])),
                        fmt::format("{}", total));
        }
        append_sample(out, name, "_sum", labels, "", number(histogram.sum()));
        append_sample(out, name, "_count", labels, "", fmt::format("{}", total));
      }
    }
  }
  detail::append_process_metrics(out);
  return out;
}

}  // namespace selvage
