// Files: pictures by signed URL, and the console's static pages.
#include "app/http/api_parts.hpp"
#include "app/http/console_assets.hpp"
#include "base/crypto.hpp"

namespace selvage::app {

namespace {

// `pictures` is the origin of signed URLs, empty when it is our own.
std::string content_security_policy(std::string_view pictures) {
  return fmt::format(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{}{}; "
      "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'",
      pictures.empty() ? "" : " ", pictures);
}

Task<net::Response> picture(ApiParts parts, net::Request request, Principal) {
  const std::string key(request.param("path"));
  const auto allowed =
      parts.platform.local_storage->verify(key, request.query_value("expires").value_or(""),
                                           request.query_value("signature").value_or(""));
  if (!allowed) co_return net::Response::problem(allowed.error(), request);
  auto object = co_await parts.platform.storage->get(key);
  if (!object) co_return net::Response::problem(object.error(), request);
  net::Response response = net::Response::text(200, std::move(object->bytes), object->media_type);
  // what users gave us must never run as a page of this origin
  response.headers.set("Content-Security-Policy", "default-src 'none'; sandbox");
  response.headers.set("Cache-Control", "private, max-age=3600");
  co_return response;
}

std::string_view media_type(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".json", "application/json"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  for (const auto& [extension, type] : kTypes) {
    if (path.ends_with(extension)) return type;
  }
  return "application/octet-stream";
}

net::Response page(const Asset& asset, const std::string& policy, const net::Request& request) {
  net::Response response;
  const std::string tag = fmt::format("\"{}\"", sha256_hex(asset.content).substr(0, 16));
  response.headers.set("ETag", tag);
  response.headers.set("Content-Security-Policy", policy);
  response.headers.set("Referrer-Policy", "no-referrer");
  // names under assets/ carry a hash of their content
  response.headers.set("Cache-Control", asset.path.starts_with("assets/")
                                            ? "public, max-age=31536000, immutable"
                                            : "no-cache");
  if (request.headers.get("if-none-match") == tag) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type", std::string(media_type(asset.path)));
  response.body = asset.content;
  return response;
}

Task<net::Response> console_file(std::string policy, net::Request request) {
  std::string_view path = request.param("path");
  if (path.empty()) path = "index.html";
  for (const Asset& asset : console_assets()) {
    if (asset.path == path) co_return page(asset, policy, request);
  }
  if (console_assets().empty()) {
    co_return net::Response::problem(
        {ErrorKind::not_found, "console.not_built", "this binary was built without the console",
         "build web/ first (npm ci && npm run build), then the binary", nullptr},
        request);
  }
  co_return net::Response::problem({ErrorKind::not_found, "console.no_such_file",
                                    "the console has no such file", "start at /console/", nullptr},
                                   request);
}

Task<net::Response> to_console() { co_return net::Response::redirect(302, "/console/"); }

}  // namespace

std::vector<Endpoint> file_endpoints(ApiParts parts) {
  std::vector<Endpoint> endpoints;
  if (parts.platform.local_storage != nullptr) {
    endpoints.push_back(
        {.method = net::Method::get,
         .pattern = "/files/{path*}",
         .id = "getPicture",
         .tag = "files",
         .summary = "A stored picture, by a signed URL that the API gave out.",
         .access = Access::open,
         .parameters = {{"path", "path", R"({"type":"string"})", "The object's key."},
                        {"query", "expires", R"({"type":"integer"})", "Unix time."},
                        {"query", "signature", R"({"type":"string"})", ""}},
         .responses = {{200, "The picture.", "image/jpeg", ""},
                       {403, "The signature is wrong or has expired.", "application/problem+json",
                        "Problem"},
                       {404, "The picture is gone.", "application/problem+json", "Problem"}},
         .handler = [parts] [[clang::coro_wrapper]] (net::Request request, Principal principal) {
           return picture(parts, std::move(request), std::move(principal));
         }});
  }
  if (parts.platform.settings.flag("CONSOLE")) {
    const auto add = [&](std::string_view pattern, std::string_view id, std::string_view summary,
                         std::vector<ParameterDoc> parameters, ResponseDoc response, auto handler) {
      endpoints.push_back({.method = net::Method::get,
                           .pattern = pattern,
                           .id = id,
                           .tag = "console",
                           .summary = summary,
                           .access = Access::open,
                           .parameters = std::move(parameters),
                           .responses = {response},
                           .handler = std::move(handler),
                           .traced = false});
    };
    const auto redirect = [] [[clang::coro_wrapper]] (net::Request, Principal) {
      return to_console();
    };
    const auto file = [policy = content_security_policy(
                           parts.platform.storage->public_origin())] [[clang::coro_wrapper]] (
                          net::Request request, Principal) {
      return console_file(policy, std::move(request));
    };
    add("/", "goToConsole", "Redirects to the console.", {}, {302, "To /console/.", "", ""},
        redirect);
    add("/console", "goToConsolePage", "Redirects to the console.", {},
        {302, "To /console/.", "", ""}, redirect);
    add("/console/", "getConsole", "The console.", {}, {200, "The page.", "text/html", ""}, file);
    add("/console/{path*}", "getConsoleFile", "The console's pages.",
        {{"path", "path", R"({"type":"string"})", "A file of the console."}},
        {200, "The file.", "text/html", ""}, file);
  }
  return endpoints;
}

}  // namespace selvage::app
