// s3://bucket[/prefix]?region=..&endpoint=..&style=..
#include <fmt/format.h>

#include "base/text.hpp"
#include "data/s3_storage.hpp"
#include "net/url.hpp"

namespace selvage::data {

namespace {

constexpr std::string_view kExample =
    "s3://bucket/prefix?region=eu-central-1, with &endpoint=https://host:port for other services "
    "than AWS";
constexpr std::string_view kScheme = "s3://";

Result<std::string> parse_endpoint(std::string_view text) {
  const Result<net::Url> url = net::Url::parse(text);
  if (!url) {
    return bad_storage_url("has an endpoint that cannot be read: " + url.error().message, kExample);
  }
  if (url->scheme != "https" && url->scheme != "http") {
    return bad_storage_url("has an endpoint that is neither https:// nor http://", kExample);
  }
  if (url->target.contains('?')) return bad_storage_url("has an endpoint with a query", kExample);
  std::string endpoint = url->origin() + url->target;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

struct Parameters {
  std::string region = "us-east-1";
  std::string endpoint;
  std::string style;
};

Result<Parameters> parse_parameters(std::string_view query) {
  Parameters parameters;
  if (query.empty()) return parameters;
  for (const std::string_view piece : split(query, '&')) {
    const std::size_t equals = piece.find('=');
    const std::string_view name = piece.substr(0, equals);
    const Result<std::string> value =
        percent_decode(equals == std::string_view::npos ? "" : piece.substr(equals + 1));
    if (!value || value->empty()) {
      return bad_storage_url(fmt::format("has {} without a value", in_quotes(name, 40)), kExample);
    }
    if (name == "region") {
      parameters.region = *value;
    } else if (name == "endpoint") {
      parameters.endpoint = TRY(parse_endpoint(*value));
    } else if (name == "style") {
      parameters.style = *value;
    } else {
      return bad_storage_url(
          fmt::format("has {}: region, endpoint and style are known", in_quotes(name, 40)),
          kExample);
    }
  }
  return parameters;
}

std::string aws_endpoint(std::string_view region) {
  return fmt::format("https://s3.{}.amazonaws.com{}", region,
                     region.starts_with("cn-") ? ".cn" : "");
}

bool may_stand_in_region(std::string_view region) {
  return region.size() <= 40 &&
         region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") ==
             std::string_view::npos;
}

}  // namespace

Result<S3Options> parse_s3_url(std::string_view url) {
  if (!starts_with_icase(url, kScheme)) return bad_storage_url("is no address of S3", kExample);
  url.remove_prefix(kScheme.size());
  const std::size_t question = std::min(url.find('?'), url.size());
  const std::string_view path = url.substr(0, question);
  if (path.contains('@')) {
    return bad_storage_url(
        "holds credentials, which belong into S3_ACCESS_KEY_ID and "
        "S3_SECRET_ACCESS_KEY",
        kExample);
  }
  S3Options options;
  options.place = TRY(parse_place(path));
  const Parameters given = TRY(parse_parameters(url.substr(std::min(question + 1, url.size()))));
  if (!may_stand_in_region(given.region)) {
    return bad_storage_url(fmt::format("has the region {}", in_quotes(given.region)), kExample);
  }
  options.region = given.region;
  const bool aws = given.endpoint.empty();
  options.endpoint = aws ? aws_endpoint(given.region) : given.endpoint;
  if (!given.style.empty() && given.style != "path" && given.style != "host") {
    return bad_storage_url(fmt::format("has the style {}: path or host", in_quotes(given.style)),
                           kExample);
  }
  const bool dotted = options.place.bucket.contains('.');
  options.host_style = given.style.empty() ? aws && !dotted : given.style == "host";
  if (options.host_style && dotted && options.endpoint.starts_with("https:")) {
    return bad_storage_url(
        "asks for style=host, but no certificate covers a bucket with a dot in "
        "its name",
        "s3://my.bucket?style=path");
  }
  return options;
}

}  // namespace selvage::data
