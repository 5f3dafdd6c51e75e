// The settings of tracing, by the names that OpenTelemetry gave them.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/id.hpp"
#include "base/text.hpp"
#include "net/otlp_exporter.hpp"
#include "net/url.hpp"

namespace selvage::net {

namespace {

constexpr SettingSpec kSpecs[] = {
    {"OTEL_EXPORTER_OTLP_ENDPOINT", SettingType::url, "", "http|https",
     "OpenTelemetry collector that takes OTLP over HTTP, like http://localhost:4318; empty: no "
     "traces."},
    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", SettingType::url, "", "http|https",
     "The same with its path, like https://host/otlp/v1/traces; goes before the other."},
    {"OTEL_EXPORTER_OTLP_HEADERS", SettingType::secret, "", "3..8192",
     "Headers for the collector: name=value, comma separated, values percent-encoded."},
    {"OTEL_EXPORTER_OTLP_CERTIFICATE", SettingType::path, "", "",
     "Certificate authorities for the collector, PEM; empty: the system's."},
    {"OTEL_SERVICE_NAME", SettingType::text, "selvage", "1..128", "What traces call this service."},
    {"OTEL_RESOURCE_ATTRIBUTES", SettingType::text, "", "",
     "More about this process in traces: name=value, comma separated, values percent-encoded."},
    {"OTEL_TRACES_SAMPLER_ARG", SettingType::text, "1", "1..16",
     "Share of the traces beginning here that is recorded, 0 to 1; a caller's decision goes before "
     "it."},
    {"OTEL_SDK_DISABLED", SettingType::flag, "false", "", "Trace nothing, whatever else is set."},
};

constexpr std::size_t kMaxPairs = 64;
using Pairs = std::vector<std::pair<std::string, std::string>>;

std::unexpected<Error> bad(std::string_view setting, std::string_view what, std::string hint) {
  return fail(ErrorKind::invalid, "settings.otel", fmt::format("{} {}", setting, what),
              std::move(hint));
}

// "name=value,name=value"; never shows a value.
Result<Pairs> parse_pairs(std::string_view setting, std::string_view text) {
  Pairs pairs;
  if (trim(text).empty()) return pairs;
  for (const std::string_view piece : split(text, ',')) {
    const std::size_t equals = piece.find('=');
    const std::string_view name = trim(piece.substr(0, equals));
    const Result<std::string> value = equals == std::string_view::npos
                                          ? fail(ErrorKind::invalid, "settings.otel", "no value")
                                          : percent_decode(trim(piece.substr(equals + 1)));
    if (name.empty() || !value || pairs.size() == kMaxPairs) {
      return bad(setting,
                 fmt::format("is no list of at most {} name=value: item {} is wrong", kMaxPairs,
                             pairs.size() + 1),
                 "write it like api-key=abc,tenant=7, with %2C for a comma in a value");
    }
    pairs.emplace_back(std::string(name), *value);
  }
  return pairs;
}

Result<double> parse_ratio(std::string_view text) {
  double ratio = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), ratio);
  if (failed == std::errc() && end == text.data() + text.size() && ratio >= 0 && ratio <= 1) {
    return ratio;
  }
  return bad("OTEL_TRACES_SAMPLER_ARG", "is no number from 0 to 1", "0.1 records one trace in ten");
}

bool is_header_name(std::string_view name) {
  return name.find_first_not_of(
             "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
             "pqrstuvwxyz") == std::string_view::npos;
}

Result<std::string> traces_url(const Settings& settings) {
  const bool own = settings.is_set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const std::string_view setting =
      own ? "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" : "OTEL_EXPORTER_OTLP_ENDPOINT";
  std::string url = settings.text(setting);
  if (!own) {
    while (url.ends_with('/')) url.pop_back();
    url += "/v1/traces";
  }
  const Result<Url> parsed = Url::parse(url);
  if (!parsed) {
    return bad(setting, "cannot be read: " + parsed.error().message,
               "write it like http://localhost:4318, and a key into OTEL_EXPORTER_OTLP_HEADERS");
  }
  return url;
}

}  // namespace

const SettingSection kTraceSettings{"Traces", kSpecs};

Result<std::optional<OtlpOptions>> otlp_options(const Settings& settings,
                                                std::string_view version) {
  const bool wanted = settings.is_set("OTEL_EXPORTER_OTLP_ENDPOINT") ||
                      settings.is_set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (!wanted || settings.flag("OTEL_SDK_DISABLED")) return std::nullopt;
  OtlpOptions options;
  options.url = TRY(traces_url(settings));
  options.ratio = TRY(parse_ratio(settings.text("OTEL_TRACES_SAMPLER_ARG")));
  options.ca_file = settings.text("OTEL_EXPORTER_OTLP_CERTIFICATE");
  for (auto& [name, value] : TRY(parse_pairs(
           "OTEL_EXPORTER_OTLP_HEADERS", settings.secret("OTEL_EXPORTER_OTLP_HEADERS").reveal()))) {
    const bool printable = std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
    if (!is_header_name(name) || !printable) {
      return bad("OTEL_EXPORTER_OTLP_HEADERS", "holds what no HTTP header may",
                 "names are letters, digits and hyphens, values printable ASCII");
    }
    options.headers.emplace_back(std::move(name), Secret(std::move(value)));
  }

  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host.front() = '\0';
  options.resource = {{"service.name", settings.text("OTEL_SERVICE_NAME")},
                      {"service.version", std::string(version)},
                      {"service.instance.id", new_uuid()},
                      {"host.name", host.data()},
                      {"process.pid", std::to_string(getpid())},
                      {"telemetry.sdk.name", "selvage"},
                      {"telemetry.sdk.language", "cpp"},
                      {"telemetry.sdk.version", std::string(version)}};
  for (auto& pair :
       TRY(parse_pairs("OTEL_RESOURCE_ATTRIBUTES", settings.text("OTEL_RESOURCE_ATTRIBUTES")))) {
    // What the operator says wins, but for the name, which has a setting of its own.
    const auto known = std::ranges::find(options.resource, pair.first,
                                         &std::pair<std::string, std::string>::first);
    if (known == options.resource.end()) {
      options.resource.push_back(std::move(pair));
    } else if (pair.first != "service.name" || !settings.is_set("OTEL_SERVICE_NAME")) {
      known->second = std::move(pair.second);
    }
  }
  return options;
}

}  // namespace selvage::net
