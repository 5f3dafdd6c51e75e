#include "net/http_client.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "net/detail/curl_multi.hpp"
#include "net/detail/curl_transfer.hpp"
#include "net/detail/form_body.hpp"
#include "net/detail/gate.hpp"
#include "net/url.hpp"

namespace selvage::net {

using detail::WaitEnd;

namespace {

// libcurl looks names up with a thread each, and keeps what it found for 60 s. So of many requests
// that start at once, only these many of a host may be on their way to a connection; the rest then
// find the name known.
constexpr std::size_t kStartingPerHost = 16;

std::unexpected<Error> gave_up(WaitEnd end, const Url& url) {
  if (end == WaitEnd::cancelled) {
    return fail(cancelled_error(fmt::format("the request to {}", url.origin())));
  }
  return fail(ErrorKind::timeout, "http.timeout",
              fmt::format("{} did not answer in time", url.origin()));
}

// What went wrong below HTTP, in the words of this room.
std::unexpected<Error> failed(CURLcode code, const detail::CurlTransfer& transfer, const Url& url,
                              const ClientRequest& request) {
  const auto say = [&](ErrorKind kind, const char* name, std::string hint = {}) {
    return fail(kind, name, fmt::format("{}: {}", url.origin(), transfer.reason(code)),
                std::move(hint));
  };
  if (transfer.over_body_cap()) {
    return fail(
        ErrorKind::too_large, "http.too_large",
        fmt::format("{} answered with more than {}", url.origin(), to_string(request.max_body)));
  }
  if (transfer.over_head_cap()) {
    return fail(ErrorKind::too_large, "http.too_large",
                fmt::format("{} answered with a head over {}", url.origin(),
                            to_string(ByteCount{detail::kMaxResponseHead})));
  }
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return say(ErrorKind::unavailable, "http.resolve", "check the host's name and DNS");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
      return say(ErrorKind::unavailable, "http.tls",
                 "check the certificate of the host and the certificate authorities known here");
    default:
      break;
  }
  if (!transfer.connected()) {
    return say(ErrorKind::unavailable, "http.connect",
               "check that the service runs and that a firewall lets this host through");
  }
  return say(ErrorKind::unavailable, "http.protocol");
}

}  // namespace

struct HttpClient::Impl {
  Impl(Loop& loop, ClientOptions client_options)
      : options(std::move(client_options)),
        timers(loop),
        multi(loop, timers,
              {static_cast<long>(options.connections_per_host),
               static_cast<long>(options.total_connections)}) {}

  // Requests that use a host now, and the gate they start through.
  struct Host {
    explicit Host(detail::Timers& timers) : starting(timers, kStartingPerHost) {}
    detail::Gate starting;
    std::size_t users = 0;
  };
  class HostUse {
   public:
    HostUse(Impl& impl, const Url& url)
        : impl_(impl), at_(impl.hosts.try_emplace(url.origin(), impl.timers).first) {
      ++at_->second.users;
    }
    ~HostUse() {
      if (--at_->second.users == 0) impl_.hosts.erase(at_);
    }
    HostUse(const HostUse&) = delete;
    HostUse& operator=(const HostUse&) = delete;
    detail::Gate& starting() { return at_->second.starting; }

   private:
    Impl& impl_;
    std::map<std::string, Host>::iterator at_;
  };

  ClientOptions options;
  detail::Timers timers;
  detail::CurlMulti multi;
  std::map<std::string, Host> hosts;
};

HttpClient::HttpClient(Loop& loop, ClientOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(options))) {}
HttpClient::~HttpClient() = default;

Task<Result<ClientResponse>> HttpClient::send(ClientRequest request) {
  return send(std::make_shared<const ClientRequest>(std::move(request)));
}

Task<Result<ClientResponse>> HttpClient::send(std::shared_ptr<const ClientRequest> request) {
  const Url url = CO_TRY(Url::parse(request->url));
  Impl::HostUse host(*impl_, url);
  detail::Gate::Permit starting;
  if (const WaitEnd end =
          co_await host.starting().enter(request->deadline, request->cancel, starting);
      end != WaitEnd::done) {
    co_return gave_up(end, url);
  }

  const std::string address = url.to_string();
  detail::CurlTransfer transfer(address, impl_->options.user_agent, impl_->options.ca_file,
                                impl_->options.connect_time, request->max_body);
  Headers headers = request->headers;
  std::optional<detail::FormBody> form;
  if (!request->form.empty()) {
    form.emplace(request->form);
    headers.set("Content-Type", form->content_type());
    transfer.set_streamed_body(
        form->size(), [&](char* to, std::size_t room) { return form->read(to, room); },
        [&] { form->rewind(); });
  } else if (!request->body.empty() || request->method == Method::post) {
    transfer.set_body(request->body);
  }
  transfer.set_method(request->method);
  if (!transfer.set_headers(headers)) {
    co_return fail(
        ErrorKind::internal, "http.header",
        fmt::format("a header for {} holds a character that no header may", url.origin()));
  }
  // The name is known once a new connection is begun, or a pooled one is taken.
  transfer.set(
      CURLOPT_SOCKOPTFUNCTION, +[](void* permit, curl_socket_t, curlsocktype) {
        static_cast<detail::Gate::Permit*>(permit)->release();
        return static_cast<int>(CURL_SOCKOPT_OK);
      });
  transfer.set(CURLOPT_SOCKOPTDATA, &starting);
  transfer.set(
      CURLOPT_PREREQFUNCTION, +[](void* permit, char*, char*, int, int) {
        static_cast<detail::Gate::Permit*>(permit)->release();
        return static_cast<int>(CURL_PREREQFUNC_OK);
      });
  transfer.set(CURLOPT_PREREQDATA, &starting);

  const auto [end, code] =
      co_await impl_->multi.perform(transfer.handle(), request->deadline, request->cancel);
  if (end != WaitEnd::done) co_return gave_up(end, url);
  if (code != CURLE_OK) co_return failed(code, transfer, url, *request);
  co_return ClientResponse{transfer.status(), std::move(transfer.headers()),
                           std::move(transfer.body())};
}

}  // namespace selvage::net
