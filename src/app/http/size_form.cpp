#include "app/http/size_form.hpp"

#include <boost/json.hpp>
#include <charconv>

#include "app/http/job_request.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "image/format.hpp"

namespace selvage::app {

namespace {

Result<std::string> photo_of(net::FormPart part, ByteCount most) {
  if (part.data.size() > most.value) {
    return fail(ErrorKind::unprocessable, "image.too_large",
                fmt::format("the picture has {}, the limit is {}",
                            to_string(ByteCount{part.data.size()}), to_string(most)),
                "send a smaller picture; more than two megapixels are not used");
  }
  if (!image::sniff(part.data)) {
    return fail(ErrorKind::unprocessable, "image.type",
                fmt::format("the file in \"image\" is {}, no JPEG, PNG or WebP picture",
                            part.data.empty() ? std::string_view("empty")
                                              : image::describe_unsupported(part.data)),
                "convert it to one of these; its name and declared type do not matter");
  }
  return std::move(part.data);
}

// "172.5" as a number; what is none stays text, which the request's own rules refuse.
json::value number_in(const std::string& text) {
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, bad] = std::from_chars(text.data(), last, number);
  if (bad != std::errc() || end != last) return json::value(text);
  return number;
}

Result<SizeForm> read_multipart(const net::Request& request, ByteCount most) {
  auto parts = TRY(net::parse_form(request));
  json::object fields;
  SizeForm form;
  bool has_photo = false;
  for (net::FormPart& part : parts) {
    if (part.name == "image") {
      if (std::exchange(has_photo, true)) {
        return fail(ErrorKind::invalid, "form.repeated", "the form has two pictures \"image\"",
                    "send exactly one");
      }
      form.photo = TRY(photo_of(std::move(part), most));
    } else if (fields.contains(part.name)) {
      return fail(ErrorKind::invalid, "form.repeated",
                  fmt::format("the form has the field {} twice", in_quotes(part.name, 40)));
    } else if (part.name == "height_cm") {
      fields["height_cm"] = number_in(part.data);
    } else if (part.name == "chart" && part.data.starts_with('{')) {
      fields["chart"] = TRY(json::parse(part.data));
    } else if (is_valid_utf8(part.name) && is_valid_utf8(part.data)) {
      fields[part.name] = part.data;
    } else {
      return fail(ErrorKind::invalid, "form.text", "a field of the form is not UTF-8");
    }
  }
  form.request = TRY(sizing::parse_size_request(json::value(std::move(fields)), has_photo));
  return form;
}

}  // namespace

Result<SizeForm> read_size_form(const net::Request& request, ByteCount most) {
  const std::string type = to_lower_ascii(request.headers.get("content-type"));
  SizeForm form;
  if (type.starts_with("application/json")) {
    const json::value body = TRY(json::parse(request.body));
    form.request = TRY(sizing::parse_size_request(body, false));
  } else if (type.starts_with("multipart/form-data")) {
    form = TRY(read_multipart(request, most));
  } else {
    return fail(ErrorKind::invalid, "sizing.content_type",
                fmt::format("Content-Type {} is not taken here", in_quotes(type, 80)),
                "send application/json with image_url, or multipart/form-data with image");
  }
  if (const auto include = request.query_value("include")) {
    if (*include != "pose") {
      return fail(ErrorKind::invalid, "sizing.include", "include: must be \"pose\"");
    }
    form.request.include_pose = true;
  }
  return form;
}

Result<std::optional<tryon::Owner>> owner_of_charts(const net::Request& request,
                                                    const Principal& principal) {
  const bool named = request.headers.has("x-selvage-owner");
  if (!principal.owner && !named) return std::nullopt;
  return TRY(acting_owner(request, principal));
}

Error as_size_problem(Error error) {
  const bool about_photo = error.code.starts_with("image.") || error.code.starts_with("url.") ||
                           error.code.starts_with("egress.");
  if (about_photo && error.kind != ErrorKind::internal && error.kind != ErrorKind::cancelled) {
    error.kind = ErrorKind::unprocessable;
  }
  return error;
}

}  // namespace selvage::app
