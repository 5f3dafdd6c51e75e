#include "tryon/openai/edit_request.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace selvage::tryon::openai {
namespace {

constexpr std::size_t kMaxRequestId = 512;

net::FormPart field(std::string name, std::string value) {
  return {std::move(name), {}, {}, std::move(value)};
}

// The API refuses parts without a name and a picture's type, whatever their bytes are.
net::FormPart image_part(std::string stem, InputImage image) {
  const std::string extension = image.media_type == "image/png"    ? ".png"
                                : image.media_type == "image/webp" ? ".webp"
                                                                   : ".jpg";
  return {"image[]", std::move(stem) + extension, std::move(image.media_type),
          std::move(image.bytes)};
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

net::Headers call_headers(const Options& options) {
  net::Headers headers;
  headers.add("Authorization", "Bearer " + options.api_key.reveal());
  headers.add("Accept", "application/json");
  if (!options.organization.empty()) headers.add("OpenAI-Organization", options.organization);
  if (!options.project.empty()) headers.add("OpenAI-Project", options.project);
  return headers;
}

net::ClientRequest edit_request(const Options& options, ProviderRequest& request) {
  net::ClientRequest call;
  call.method = net::Method::post;
  call.url = options.base_url + "/images/edits";
  call.max_body = kMaxResponse;
  call.headers = call_headers(options);
  if (!request.request_id.empty() && request.request_id.size() <= kMaxRequestId &&
      is_printable(request.request_id)) {
    call.headers.add("X-Client-Request-Id", request.request_id);
  }

  // Model and size are always said: their defaults differ between encodings and have changed over
  // time.
  call.form.push_back(field("model", options.model));
  call.form.push_back(field("prompt", request.prompt));
  call.form.push_back(field("size", options.size));
  call.form.push_back(field("quality", options.quality));
  call.form.push_back(field("n", "1"));
  call.form.push_back(field("output_format", options.output_format));
  if (options.output_format != "png") {
    call.form.push_back(field("output_compression", fmt::format("{}", options.output_compression)));
  }
  if (!options.input_fidelity.empty()) {
    call.form.push_back(field("input_fidelity", options.input_fidelity));
  }
  if (!request.owner_hash.empty()) call.form.push_back(field("user", request.owner_hash));
  call.form.push_back(image_part("person", std::move(request.person)));
  for (std::size_t i = 0; i < request.garments.size(); ++i) {
    call.form.push_back(
        image_part(fmt::format("garment-{}", i + 1), std::move(request.garments[i])));
  }
  return call;
}

}  // namespace selvage::tryon::openai
