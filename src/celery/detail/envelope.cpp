#include "celery/detail/envelope.hpp"

#include <boost/json.hpp>

#include "base/crypto.hpp"
#include "base/id.hpp"
#include "celery/detail/body.hpp"
#include "celery/detail/json_text.hpp"
#include "celery/message.hpp"

namespace selvage::celery {

std::string make_envelope(std::string_view body, std::string_view headers, EnvelopeAddress to) {
  JsonObject place;
  place.text("exchange", to.exchange).text("routing_key", to.routing_key);
  JsonObject properties;
  properties.number("delivery_mode", 1)
      .json("delivery_info", place.take())
      .number("priority", 0)
      .text("body_encoding", "base64")
      .text("delivery_tag", new_uuid());
  JsonObject envelope;
  envelope.text("body", base64(body))
      .text("content-encoding", "utf-8")
      .text("content-type", "application/json")
      .json("headers", headers)
      .json("properties", properties.take());
  return envelope.take();
}

Result<json::value> read_envelope(std::string_view text) {
  if (text.size() > kMaxMessage) {
    return fail(ErrorKind::too_large, "celery.too_large", "the message is too long");
  }
  const json::value tree = TRY(parse_json(text, "the message"));
  const json::object* all = tree.if_object();
  const json::value* body = all == nullptr ? nullptr : all->if_contains("body");
  if (body == nullptr || !body->is_string()) {
    return fail(ErrorKind::invalid, "celery.malformed", "the message has no body");
  }
  const auto text_of = [](const json::value* in, std::string_view key) -> std::string {
    const json::object* members = in == nullptr ? nullptr : in->if_object();
    const json::value* found = members == nullptr ? nullptr : members->if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string())
                                                  : std::string();
  };
  const json::value* headers = all->if_contains("headers");
  const std::string content =
      TRY(unwrap_body(body->get_string(), text_of(all->if_contains("properties"), "body_encoding"),
                      text_of(headers, "compression")));
  json::object read;
  read["body"] = TRY(parse_json(content, "the body"));
  read["headers"] = headers != nullptr && headers->is_object() ? *headers : json::object();
  return json::value(std::move(read));
}

}  // namespace selvage::celery
