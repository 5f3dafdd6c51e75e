#include "app/http/job_filter.hpp"

#include <charconv>

#include "base/text.hpp"

namespace selvage::app {

namespace {

Result<std::size_t> page_size(const net::Request& request) {
  const auto text = request.query_value("limit");
  if (!text) return 50;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 ||
      limit > tryon::kMaxPage) {
    return fail(ErrorKind::invalid, "page.limit",
                fmt::format("limit must be a number from 1 to {}, is {}", tryon::kMaxPage,
                            in_quotes(*text)));
  }
  return limit;
}

Result<std::optional<Timestamp>> time_of(const net::Request& request, std::string_view key) {
  const auto text = request.query_value(key);
  if (!text) return std::nullopt;
  auto time = parse_rfc3339(*text);
  if (!time) return fail(time.error().within(key));
  return *time;
}

Result<tryon::SessionFilter> filter_of(const net::Request& request, const Principal& principal) {
  tryon::SessionFilter filter;
  for (const auto& [key, value] : request.query) {
    constexpr std::array kKnown = {"limit", "cursor",       "status",    "channel",
                                   "owner", "created_from", "created_to"};
    if (std::ranges::find(kKnown, key) == kKnown.end()) {
      return fail(ErrorKind::invalid, "page.filter",
                  fmt::format("there is no filter {}", in_quotes(key)),
                  fmt::format("filters: {}", fmt::join(kKnown, ", ")));
    }
  }
  if (const auto text = request.query_value("status")) {
    filter.status = tryon::parse_status(*text);
    if (!filter.status) {
      return fail(ErrorKind::invalid, "page.status",
                  fmt::format("status must be queued, processing, completed or failed, is {}",
                              in_quotes(*text)));
    }
  }
  if (const auto text = request.query_value("channel")) {
    filter.channel = tryon::parse_channel(*text);
    if (!filter.channel) {
      return fail(ErrorKind::invalid, "page.channel",
                  fmt::format("channel must be b2b or b2c, is {}", in_quotes(*text)));
    }
  }
  if (const auto owner = request.query_value("owner")) {
    if (!filter.channel) {
      return fail(ErrorKind::invalid, "page.owner", "owner needs channel beside it",
                  "add channel=b2b for a store or channel=b2c for a user");
    }
    filter.owner = tryon::Owner{*filter.channel, std::string(*owner)};
  }
  if (!principal.admin) {
    if (filter.owner && (!principal.owner || *filter.owner != *principal.owner)) {
      return fail(ErrorKind::forbidden, "page.owner", "this key sees its own owner's jobs only");
    }
    filter.owner = principal.owner;
  }
  filter.created_from = TRY(time_of(request, "created_from"));
  filter.created_to = TRY(time_of(request, "created_to"));
  return filter;
}

}  // namespace

Result<JobListQuery> read_job_list_query(const net::Request& request, const Principal& principal) {
  JobListQuery query;
  query.limit = TRY(page_size(request));
  query.filter = TRY(filter_of(request, principal));
  if (const auto text = request.query_value("cursor")) query.cursor = std::string(*text);
  return query;
}

}  // namespace selvage::app
