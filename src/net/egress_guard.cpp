#include "net/egress_guard.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <optional>

#include "base/log.hpp"
#include "net/detail/curl_multi.hpp"
#include "net/detail/gate.hpp"
#include "net/detail/host_names.hpp"
#include "net/detail/picture_response.hpp"
#include "net/detail/pinned_transfer.hpp"
#include "net/detail/resolver.hpp"

namespace selvage::net {

using detail::WaitEnd;

namespace {

constexpr std::size_t kResolverThreads = 16;
constexpr const char* kPublicHint =
    "give a URL that the public internet can reach (private ranges are opened with EGRESS_ALLOW)";

std::unexpected<Error> refuse(const char* code, const Url& url, std::string_view why,
                              std::string hint = kPublicHint) {
  return fail(ErrorKind::invalid, code, fmt::format("{}: {}", url.origin(), why), std::move(hint));
}

std::unexpected<Error> gave_up(WaitEnd end, const Url& url, milliseconds total) {
  if (end == WaitEnd::cancelled) {
    return fail(cancelled_error(fmt::format("a request to {}", url.origin())));
  }
  return fail(ErrorKind::timeout, "egress.timeout",
              fmt::format("{} did not answer in full within {}", url.origin(), to_string(total)),
              "use a faster host, or send less");
}

std::string comma_separated(const std::vector<std::uint16_t>& ports) {
  return fmt::format("{}", fmt::join(ports, ", "));
}

}  // namespace

struct EgressGuard::Impl {
  Impl(Loop& loop, EgressOptions given)
      : options(std::move(given)),
        policy(options.allowed),
        timers(loop),
        fetching(timers, options.concurrent),
        resolver(timers, kResolverThreads),
        multi(loop, timers,
              {static_cast<long>(options.concurrent), static_cast<long>(options.concurrent)}) {
    const IpAddress v4 = *IpAddress::parse("127.0.0.1");
    const IpAddress v6 = *IpAddress::parse("::1");
    loopback_allowed = policy.is_allowed(v4) || policy.is_allowed(v6);
  }

  [[nodiscard]] Result<void> check_scheme(const Url& url) const;
  [[nodiscard]] Result<void> check_name(const Url& url) const;
  [[nodiscard]] Result<void> check_port(const Url& url) const;
  [[nodiscard]] Result<void> check_resolved(const Url& url,
                                            const std::vector<IpAddress>& addresses) const;
  // A place among the requests in flight, and the checked addresses of the host.
  [[nodiscard]] Task<Result<std::vector<IpAddress>>> admit(Url url, Deadline deadline,
                                                           CancelToken cancel,
                                                           detail::Gate::Permit& permit);
  [[nodiscard]] Task<Result<std::vector<IpAddress>>> approved_addresses(Url url, Deadline deadline,
                                                                        CancelToken cancel);
  [[nodiscard]] Task<Result<FetchedImage>> download(Url url, std::vector<IpAddress> addresses,
                                                    Deadline deadline, CancelToken cancel);
  [[nodiscard]] Task<Result<GuardedAnswer>> deliver(Url url, std::vector<IpAddress> addresses,
                                                    GuardedPost message, Deadline deadline);
  [[nodiscard]] std::unexpected<Error> failed(CURLcode code, detail::PinnedTransfer& pinned,
                                              const Url& url) const;

  EgressOptions options;
  AddressPolicy policy;
  bool loopback_allowed = false;
  detail::Timers timers;
  detail::Gate fetching;
  detail::Resolver resolver;
  detail::CurlMulti
      multi;  // its own: a pooled connection of another client would bypass every check
};

Result<void> EgressGuard::Impl::check_scheme(const Url& url) const {
  if (std::ranges::find(options.schemes, url.scheme) != options.schemes.end()) return {};
  return refuse("egress.scheme_refused", url,
                fmt::format("the scheme {} is not fetched", url.scheme),
                fmt::format("use {}", fmt::join(options.schemes, " or ")));
}

// Names that lead inside are only looked up when holes are open, and then only those holes will do
// for them.
Result<void> EgressGuard::Impl::check_name(const Url& url) const {
  switch (detail::kind_of_name(url.host)) {
    case detail::NameKind::public_name:
      return {};
    case detail::NameKind::loopback:
      if (loopback_allowed) return {};
      return refuse("egress.host_refused", url, "the host is this machine itself");
    case detail::NameKind::internal:
      if (!options.allowed.empty()) return {};
      return refuse("egress.host_refused", url, "the host's name is an internal one");
    case detail::NameKind::metadata:
      return refuse("egress.host_refused", url, "the host is a cloud metadata service");
  }
  return {};
}

Result<void> EgressGuard::Impl::check_port(const Url& url) const {
  if (std::ranges::find(options.ports, url.port) != options.ports.end()) return {};
  const auto literal = IpAddress::parse(url.host);
  if (literal && policy.is_allowed(*literal)) return {};
  // A name may still turn out to lead into a hole, where any port goes; check_resolved() decides
  // then.
  if (!literal && !options.allowed.empty()) return {};
  return refuse("egress.port_refused", url,
                fmt::format("the port {} is not fetched from", url.port),
                fmt::format("use one of the ports {}", comma_separated(options.ports)));
}

Result<void> EgressGuard::Impl::check_resolved(const Url& url,
                                               const std::vector<IpAddress>& addresses) const {
  for (const IpAddress& address : addresses) {
    if (const auto why = policy.refusal(address)) {
      // Only the log says which address: the answer to a stranger must not map the network for him.
      log::warning("egress_refused", {{"origin", url.origin()}, {"reason", *why}});
      return refuse("egress.address_refused", url,
                    "the host's name leads to an address that is not public");
    }
  }
  const bool all_in_holes =
      std::ranges::all_of(addresses, [&](const auto& a) { return policy.is_allowed(a); });
  if (all_in_holes) return {};
  if (detail::kind_of_name(url.host) != detail::NameKind::public_name) {
    return refuse("egress.host_refused", url, "the host's name is an internal one");
  }
  if (std::ranges::find(options.ports, url.port) == options.ports.end()) {
    return refuse("egress.port_refused", url,
                  fmt::format("the port {} is not fetched from", url.port),
                  fmt::format("use one of the ports {}", comma_separated(options.ports)));
  }
  return {};
}

Task<Result<std::vector<IpAddress>>> EgressGuard::Impl::admit(Url url, Deadline deadline,
                                                              CancelToken cancel,
                                                              detail::Gate::Permit& permit) {
  const WaitEnd end = co_await fetching.enter(deadline, cancel, permit);
  if (end != WaitEnd::done) co_return gave_up(end, url, options.total_time);
  co_return co_await approved_addresses(std::move(url), deadline, std::move(cancel));
}

Task<Result<std::vector<IpAddress>>> EgressGuard::Impl::approved_addresses(Url url,
                                                                           Deadline deadline,
                                                                           CancelToken cancel) {
  if (const auto literal = IpAddress::parse(url.host)) {
    co_return std::vector<IpAddress>{*literal};  // check() has passed it
  }
  // The final dot keeps the resolver's search list away: "shop.co" must never mean
  // "shop.co.cluster.local". Where holes are open, names from the host's own files and search list
  // are what an operator wants.
  const std::string name = options.allowed.empty() ? url.host + "." : url.host;
  auto answer = co_await resolver.resolve(name, deadline, std::move(cancel));
  if (answer.end != WaitEnd::done) co_return gave_up(answer.end, url, options.total_time);
  if (answer.error == EAI_AGAIN) {
    co_return fail(ErrorKind::unavailable, "egress.resolve",
                   fmt::format("{}: the host's name could not be looked up just now", url.origin()),
                   "try again; when it stays so, check DNS");
  }
  if (answer.error != 0) {
    co_return fail(ErrorKind::unprocessable, "egress.resolve",
                   fmt::format("{}: the host's name leads nowhere", url.origin()),
                   "check the spelling of the host");
  }
  CO_TRY(check_resolved(url, answer.addresses));
  co_return std::move(answer.addresses);
}

Task<Result<FetchedImage>> EgressGuard::Impl::download(Url url, std::vector<IpAddress> addresses,
                                                       Deadline deadline, CancelToken cancel) {
  detail::PinnedTransfer pinned(url, options.ca_file, std::move(addresses),
                                {options.connect_time, options.total_time, options.max_body});
  detail::CurlTransfer& transfer = pinned.transfer();
  Headers headers;
  headers.add("Accept", "image/jpeg, image/png, image/webp");
  SELVAGE_CHECK(transfer.set_headers(headers));
  std::optional<Result<std::string>> promised;  // the type, once the head has come
  transfer.on_head([&] {
    promised = detail::judge_head(url.origin(), transfer.status(), transfer.headers());
    return promised->has_value();
  });

  const auto [end, code] = co_await multi.perform(transfer.handle(), deadline, std::move(cancel));
  if (end != WaitEnd::done) co_return gave_up(end, url, options.total_time);
  if (promised && !*promised) co_return fail(std::move(promised->error()));
  if (transfer.over_body_cap()) {
    co_return fail(
        ErrorKind::too_large, "egress.too_large",
        fmt::format("{} sent a picture over {}", url.origin(), to_string(options.max_body)),
        "send a smaller picture; more than about 1024 pixels a side is not used");
  }
  if (code != CURLE_OK || !promised) co_return failed(code, pinned, url);
  std::string& type = **promised;
  CO_TRY(detail::judge_bytes(url.origin(), type, transfer.body()));
  co_return FetchedImage{std::move(transfer.body()), std::move(type)};
}

Task<Result<GuardedAnswer>> EgressGuard::Impl::deliver(Url url, std::vector<IpAddress> addresses,
                                                       GuardedPost message, Deadline deadline) {
  detail::PinnedTransfer pinned(url, options.ca_file, std::move(addresses),
                                {options.connect_time, options.total_time, message.max_answer});
  detail::CurlTransfer& transfer = pinned.transfer();
  transfer.set_method(Method::post);
  transfer.set_body(message.body);
  if (!transfer.set_headers(message.headers)) {
    co_return fail(
        ErrorKind::invalid, "http.header",
        fmt::format("a header for {} holds a character that no header may", url.origin()));
  }
  bool headed = false;
  transfer.on_head([&] { return headed = true; });

  const auto [end, code] = co_await multi.perform(transfer.handle(), deadline, message.cancel);
  if (end != WaitEnd::done) co_return gave_up(end, url, options.total_time);
  const bool cut = headed && transfer.over_body_cap();
  if ((code != CURLE_OK && !cut) || !headed) co_return failed(code, pinned, url);
  co_return GuardedAnswer{transfer.status(), std::move(transfer.headers()),
                          std::move(transfer.body()), cut};
}

std::unexpected<Error> EgressGuard::Impl::failed(CURLcode code, detail::PinnedTransfer& pinned,
                                                 const Url& url) const {
  if (pinned.refused()) {
    return refuse("egress.address_refused", url,
                  "a connection to an unchecked address was refused");
  }
  if (pinned.transfer().connected() || pinned.transfer().over_head_cap()) {
    return fail(ErrorKind::unavailable, "egress.protocol",
                fmt::format("{} broke off or sent no valid HTTP ({})", url.origin(),
                            curl_easy_strerror(code)),
                "try again; when it stays so, the server there is at fault");
  }
  return fail(
      ErrorKind::unavailable, "egress.connect",
      fmt::format("{} could not be connected to ({})", url.origin(), curl_easy_strerror(code)),
      "check that the host runs and, for https, that its certificate is valid");
}

EgressGuard::EgressGuard(Loop& loop, EgressOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(options))) {}
EgressGuard::~EgressGuard() = default;

Result<Url> EgressGuard::check(std::string_view text) const {
  Url url = TRY(Url::parse(text));
  TRY(impl_->check_scheme(url));
  if (const auto literal = IpAddress::parse(url.host)) {
    if (const auto why = impl_->policy.refusal(*literal)) {
      return refuse("egress.address_refused", url, *why);
    }
  } else {
    TRY(impl_->check_name(url));
  }
  TRY(impl_->check_port(url));
  return url;
}

Task<Result<FetchedImage>> EgressGuard::fetch_image(std::string text, CancelToken cancel) {
  const Deadline deadline = Deadline::after(impl_->options.total_time);
  const Url url = CO_TRY(check(text));
  detail::Gate::Permit permit;
  auto addresses = CO_TRY(co_await impl_->admit(url, deadline, cancel, permit));
  co_return co_await impl_->download(url, std::move(addresses), deadline, std::move(cancel));
}

Task<Result<GuardedAnswer>> EgressGuard::post(GuardedPost message) {
  const Deadline deadline = Deadline::after(impl_->options.total_time).sooner(message.deadline);
  const Url url = CO_TRY(check(message.url));
  detail::Gate::Permit permit;
  auto addresses = CO_TRY(co_await impl_->admit(url, deadline, message.cancel, permit));
  co_return co_await impl_->deliver(url, std::move(addresses), std::move(message), deadline);
}

}  // namespace selvage::net
