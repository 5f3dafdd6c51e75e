// The body of a message, out of its wrappings: base64, compression, JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"

namespace selvage::celery {

// `encoding` is properties.body_encoding (base64, utf-8 or empty), `compression` the header of that
// name. Errors: celery.malformed, celery.too_large, celery.compression.
[[nodiscard]] Result<std::string> unwrap_body(std::string_view body, std::string_view encoding,
                                              std::string_view compression);

// Any JSON text, nested kMaxMessageDepth deep at most. Errors: celery.malformed, which says what
// `what` is wrong.
[[nodiscard]] Result<json::value> parse_json(std::string_view text, std::string_view what);

// The elements of the outermost array of `text`, as they are written. REQUIRES: valid JSON, an
// array.
[[nodiscard]] std::vector<std::string_view> elements_of(std::string_view text);

// Kombu's typed values ({"__type__": t, "__value__": v}) become their plain text, at any depth;
// those of an unknown type stay. Text without any comes back as it is.
[[nodiscard]] Result<std::string> plain_values(std::string_view json);

}  // namespace selvage::celery
