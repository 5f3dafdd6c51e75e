#include "net/egress_guard.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "base/log.hpp"
#include "net/detail/curl_multi.hpp"
#include "net/detail/curl_transfer.hpp"
#include "net/detail/gate.hpp"
#include "net/detail/host_names.hpp"
#include "net/detail/picture_response.hpp"
#include "net/detail/resolver.hpp"

namespace selvage::net {

using detail::WaitEnd;

namespace {

constexpr std::size_t kResolverThreads = 16;
// libcurl keeps a pinned name this much longer than a fetch may last, so that no fetch can outlive
// its pin and look the name up a second time.
constexpr long kPinSlackSeconds = 60;
constexpr const char* kPublicHint =
    "give a URL that the public internet can reach (private ranges are opened with EGRESS_ALLOW)";

std::unexpected<Error> refuse(const char* code, const Url& url, std::string_view why,
                              std::string hint = kPublicHint) {
  return fail(ErrorKind::invalid, code, fmt::format("{}: {}", url.origin(), why), std::move(hint));
}

std::unexpected<Error> gave_up(WaitEnd end, const Url& url, milliseconds total) {
  if (end == WaitEnd::cancelled) {
    return fail(cancelled_error(fmt::format("fetching a picture from {}", url.origin())));
  }
  return fail(
      ErrorKind::timeout, "egress.timeout",
      fmt::format("{} did not deliver the picture within {}", url.origin(), to_string(total)),
      "use a faster host or a smaller picture");
}

std::string comma_separated(const std::vector<std::uint16_t>& ports) {
  return fmt::format("{}", fmt::join(ports, ", "));
}

// What libcurl must know for as long as one transfer runs.
struct Pinned {
  std::vector<IpAddress> addresses;  // checked; the only ones that may be connected to
  bool refused = false;

  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* target) {
    auto& pinned = *static_cast<Pinned*>(self);
    const auto address = detail::address_of(&target->addr, target->family);
    if (!address || std::ranges::find(pinned.addresses, *address) == pinned.addresses.end()) {
      pinned.refused = true;
      return CURL_SOCKET_BAD;
    }
    return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
  }

  // "+name:port:address,address" for CURLOPT_RESOLVE; the plus lets the entry expire.
  [[nodiscard]] std::string entry(const Url& url) const {
    std::string out = fmt::format("+{}:{}:", url.host, url.port);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      if (i > 0) out += ',';
      out += addresses[i].is_v4 ? addresses[i].to_string()
                                : fmt::format("[{}]", addresses[i].to_string());
    }
    return out;
  }
};

using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

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
  [[nodiscard]] Task<Result<std::vector<IpAddress>>> approved_addresses(Url url, Deadline deadline,
                                                                        CancelToken cancel);
  [[nodiscard]] Task<Result<FetchedImage>> download(Url url, std::vector<IpAddress> addresses,
                                                    Deadline deadline, CancelToken cancel);
  [[nodiscard]] std::unexpected<Error> failed(CURLcode code, const detail::CurlTransfer& transfer,
                                              const Pinned& pinned, const Url& url) const;

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
  const std::string address = url.to_string();
  const std::string user_agent = "selvage";
  detail::CurlTransfer transfer(address, user_agent, options.ca_file, options.connect_time,
                                options.max_body);
  Pinned pinned{std::move(addresses)};
  HeaderList pins(nullptr, &curl_slist_free_all);
  if (!IpAddress::parse(url.host)) {
    pins.reset(curl_slist_append(nullptr, pinned.entry(url).c_str()));
    transfer.set(CURLOPT_RESOLVE, pins.get());
  }
  transfer.set(CURLOPT_DNS_CACHE_TIMEOUT,
               static_cast<long>(options.total_time / seconds(1)) + kPinSlackSeconds);
  transfer.set(CURLOPT_OPENSOCKETFUNCTION, &Pinned::open_socket);
  transfer.set(CURLOPT_OPENSOCKETDATA, &pinned);
  transfer.set(CURLOPT_FRESH_CONNECT, 1L);
  transfer.set(CURLOPT_FORBID_REUSE, 1L);
  transfer.set(CURLOPT_PROXY, "");  // not even from the environment

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
  if (code != CURLE_OK || !promised) co_return failed(code, transfer, pinned, url);
  std::string& type = **promised;
  CO_TRY(detail::judge_bytes(url.origin(), type, transfer.body()));
  co_return FetchedImage{std::move(transfer.body()), std::move(type)};
}

std::unexpected<Error> EgressGuard::Impl::failed(CURLcode code,
                                                 const detail::CurlTransfer& transfer,
                                                 const Pinned& pinned, const Url& url) const {
  if (transfer.over_body_cap()) {
    return fail(ErrorKind::too_large, "egress.too_large",
                fmt::format("{} sent a picture over {}", url.origin(), to_string(options.max_body)),
                "send a smaller picture; more than about 1024 pixels a side is not used");
  }
  if (pinned.refused) {
    return refuse("egress.address_refused", url,
                  "a connection to an unchecked address was refused");
  }
  if (transfer.connected() || transfer.over_head_cap()) {
    return fail(ErrorKind::unavailable, "egress.protocol",
                fmt::format("{} broke off or sent no valid HTTP ({})", url.origin(),
                            curl_easy_strerror(code)),
                "try again; when it stays so, the picture's server is at fault");
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
  if (const WaitEnd end = co_await impl_->fetching.enter(deadline, cancel, permit);
      end != WaitEnd::done) {
    co_return gave_up(end, url, impl_->options.total_time);
  }
  auto addresses = CO_TRY(co_await impl_->approved_addresses(url, deadline, cancel));
  co_return co_await impl_->download(url, std::move(addresses), deadline, std::move(cancel));
}

}  // namespace selvage::net
