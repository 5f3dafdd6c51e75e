// Sends spans to an OpenTelemetry collector: OTLP over HTTP in its JSON encoding.
// https://opentelemetry.io/docs/specs/otlp/
//
// record() may be called on any thread and only takes its place in a bounded queue; sending happens
// on one loop, in batches. A collector that is away or slow costs spans, never work: what finds no
// room is dropped and counted. Metrics: otel_spans_exported_total, otel_spans_dropped_total{reason}
// with the reasons queue (no room), failed (not delivered in time), rejected (by the collector).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel.hpp"
#include "base/metrics.hpp"
#include "base/secret.hpp"
#include "base/settings.hpp"
#include "base/trace.hpp"
#include "net/loop.hpp"

namespace selvage::net {

struct OtlpOptions {
  std::string url;                                            // ".../v1/traces"
  std::vector<std::pair<std::string, Secret>> headers;        // sent with each batch
  std::vector<std::pair<std::string, std::string>> resource;  // service.name and more
  double ratio = 1;                                           // of the traces that begin here
  std::string ca_file;                                        // empty: the system's

  std::size_t max_queued = 2048;  // spans
  std::size_t max_batch = 512;
  milliseconds batch_wait{2'000};  // a batch goes when it is full, or this long after the last
  milliseconds give_up{30'000};    // on a batch, all its tries together
  milliseconds flush_time{5'000};  // for what is left at the end
};

class OtlpExporter final : public Tracer {
 public:
  // All outlive it. REQUIRES: run() has returned before `loop` ends.
  OtlpExporter(Loop& loop, OtlpOptions options, Registry& metrics);
  ~OtlpExporter() override;

  void record(FinishedSpan span) override;
  [[nodiscard]] bool samples(const std::array<std::uint8_t, 16>& trace_id) const override;

  // Sends until cancelled, then what is left within flush_time. On the loop.
  [[nodiscard]] Task<void> run(CancelToken cancel);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

extern const SettingSection kTraceSettings;  // OTEL_*

// nullopt when no endpoint is set: tracing is off. `version` is service.version. Errors:
// settings.otel.
[[nodiscard]] Result<std::optional<OtlpOptions>> otlp_options(const Settings& settings,
                                                              std::string_view version);

}  // namespace selvage::net
