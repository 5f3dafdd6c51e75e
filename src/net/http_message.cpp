#include "net/http_message.hpp"

#include "base/text.hpp"
#include "net/detail/problem.hpp"

namespace selvage::net {

std::string_view name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      return "OTHER";
  }
  return "OTHER";
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return equals_icase(field.first, name); });
  fields_.emplace_back(std::string(name), std::move(value));
}

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (key.size() == name.size() && equals_icase(key, name)) return value;
  }
  return {};
}

bool Headers::has(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [&](const auto& field) { return equals_icase(field.first, name); });
}

std::string_view Request::param(std::string_view key) const {
  for (const auto& [name, value] : params) {
    if (name == key) return value;
  }
  return {};
}

std::optional<std::string_view> Request::query_value(std::string_view key) const {
  for (const auto& [name, value] : query) {
    if (name == key) return value;
  }
  return std::nullopt;
}

std::string_view Request::cookie(std::string_view key) const {
  for (const auto& [field, value] : headers) {
    if (!equals_icase(field, "cookie")) continue;
    for (const std::string_view pair : split(value, ';')) {
      const std::string_view trimmed = trim(pair);
      if (trimmed.size() <= key.size() || trimmed[key.size()] != '=') continue;
      if (!trimmed.starts_with(key)) continue;
      std::string_view content = trimmed.substr(key.size() + 1);
      if (content.size() >= 2 && content.front() == '"' && content.back() == '"') {
        content = content.substr(1, content.size() - 2);
      }
      return content;
    }
  }
  return {};
}

Response Response::text(int status, std::string body, std::string_view content_type) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::string(content_type));
  response.body = std::move(body);
  return response;
}

Response Response::json(int status, std::string body) {
  return text(status, std::move(body), "application/json");
}

Response Response::problem(const Error& error, const Request& request) {
  const std::string detail = error.describe();
  return detail::problem_response({.status = http_status(error.kind),
                                   .code = error.code,
                                   .detail = detail,
                                   .hint = error.hint,
                                   .target = request.target,
                                   .request_id = request.request_id});
}

Response Response::redirect(int status, std::string location) {
  Response response;
  response.status = status;
  response.headers.add("Location", std::move(location));
  return response;
}

}  // namespace selvage::net
