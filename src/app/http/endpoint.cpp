#include "app/http/endpoint.hpp"

namespace selvage::app {

namespace {

Task<Result<Principal>> authorise(Authenticator& authenticator, Access access,
                                  const net::Request& request) {
  co_return co_await authenticator.authorise(
      access, request.method, std::string(request.headers.get("authorization")),
      std::string(request.cookie(kConsoleCookie)), request.headers.get("x-selvage-console") == "1");
}

net::Response refusal(const Error& error, const net::Request& request) {
  net::Response response = net::Response::problem(error, request);
  if (error.kind == ErrorKind::unauthenticated) {
    response.headers.set("WWW-Authenticate", "Bearer realm=\"selvage\"");
  }
  return response;
}

// The routes share their endpoints: a route's two functions both need it, and the router owns them.
Task<net::Response> serve(std::shared_ptr<const Endpoint> endpoint, Authenticator& authenticator,
                          net::Request request) {
  auto principal = co_await authorise(authenticator, endpoint->access, request);
  if (!principal) co_return refusal(principal.error(), request);
  if (!principal->key_id.empty()) request.log.with("key_id", principal->key_id);
  co_return co_await endpoint->handler(std::move(request), std::move(*principal));
}

Task<std::optional<net::Response>> check_before_body(std::shared_ptr<const Endpoint> endpoint,
                                                     Authenticator& authenticator,
                                                     const net::Request& request) {
  auto principal = co_await authorise(authenticator, endpoint->access, request);
  if (principal) co_return std::nullopt;
  co_return refusal(principal.error(), request);
}

}  // namespace

void add_routes(net::Router& router, std::vector<Endpoint> endpoints,
                Authenticator& authenticator) {
  for (Endpoint& given : endpoints) {
    auto endpoint = std::make_shared<const Endpoint>(std::move(given));
    net::Route route{
        .method = endpoint->method,
        .pattern = std::string(endpoint->pattern),
        .handler =
            [endpoint, &authenticator] [[clang::coro_wrapper]] (net::Request request) {
              return serve(endpoint, authenticator, std::move(request));
            },
        .max_body = endpoint->max_body,
        .gate = {},
        .traced = endpoint->traced,
    };
    if (endpoint->access != Access::open) {
      route.gate = [endpoint,
                    &authenticator] [[clang::coro_wrapper]] (const net::Request& request) {
        return check_before_body(endpoint, authenticator, request);
      };
    }
    router.add(std::move(route));
  }
}

}  // namespace selvage::app
