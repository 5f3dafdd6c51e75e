// The OpenAPI 3.1 document, made from the same endpoints that the router serves.
#pragma once

#include <span>
#include <string>

#include "app/http/endpoint.hpp"

namespace selvage::app {

[[nodiscard]] std::string openapi_document(std::span<const Endpoint> endpoints);
// components/schemas as JSON text.
extern const std::string_view kSchemas;

}  // namespace selvage::app
