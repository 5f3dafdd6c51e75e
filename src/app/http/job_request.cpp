#include "app/http/job_request.hpp"

#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "image/format.hpp"

namespace selvage::app {

namespace {

Result<tryon::UploadedImage> picture_of(const net::FormPart& part, const JobRequestRules& rules) {
  if (part.data.size() > rules.max_image.value) {
    return fail(ErrorKind::too_large, "image.too_large",
                fmt::format("the picture in \"{}\" has {}, the limit is {}", part.name,
                            to_string(ByteCount{part.data.size()}), to_string(rules.max_image)),
                "send a smaller picture; more than 1024 pixels a side are not used");
  }
  const auto format = image::sniff(part.data);
  if (!format) {
    return fail(ErrorKind::unsupported, "image.type",
                fmt::format("the file in \"{}\" is no JPEG, PNG or WebP picture", part.name),
                "convert it to one of these; its name and declared type do not matter");
  }
  return tryon::UploadedImage{part.data, std::string(image::media_type(*format))};
}

// The fields beside the pictures, as the JSON body a client without uploads would have sent.
Result<tryon::JobRequest> read_form(const net::Request& request, const JobRequestRules& rules) {
  const auto parts = TRY(net::parse_form(request));
  json::object fields;
  std::optional<tryon::UploadedImage> person;
  std::vector<tryon::UploadedImage> garments;
  json::array garment_urls;
  for (const net::FormPart& part : parts) {
    const bool is_file = !part.filename.empty() || !part.content_type.empty();
    if (part.name == "person" && is_file) {
      if (person) {
        return fail(ErrorKind::invalid, "job.person", "the form has two \"person\" pictures",
                    "send exactly one");
      }
      person = TRY(picture_of(part, rules));
    } else if (part.name == "garment" && is_file) {
      garments.push_back(TRY(picture_of(part, rules)));
    } else if (part.name == "garment_image_urls") {
      garment_urls.emplace_back(part.data);
    } else if (part.name == "credits") {
      auto number = json::parse(part.data);
      fields["credits"] = number ? *number : json::value(part.data);
    } else if (part.name == "options") {
      fields["options"] = TRY(json::parse(part.data));
    } else if (!fields.contains(part.name)) {
      fields[part.name] = part.data;
    } else {
      return fail(ErrorKind::invalid, "form.repeated",
                  fmt::format("the form has the field \"{}\" twice", part.name));
    }
  }
  if (!garment_urls.empty()) fields["garment_image_urls"] = std::move(garment_urls);
  // the rules of the JSON body hold for what was not uploaded
  const bool wants_person = person.has_value();
  const bool wants_garments = !garments.empty();
  if (wants_person && fields.contains("person_image_url")) {
    return fail(ErrorKind::invalid, "job.person",
                "the form has both a \"person\" picture and \"person_image_url\"", "send one");
  }
  constexpr std::string_view kUploaded = "https://uploaded.invalid/";
  if (wants_person) fields["person_image_url"] = kUploaded;
  if (wants_garments && !fields.contains("garment_image_urls")) {
    fields["garment_image_urls"] = json::array{kUploaded};
  }
  auto job = TRY(tryon::parse_job_request(json::dump(json::value(std::move(fields))), rules.price));
  if (wants_person) job.person_image_url.clear();
  std::erase(job.garment_image_urls, kUploaded);
  job.person_upload = std::move(person);
  job.garment_uploads = std::move(garments);
  return job;
}

}  // namespace

Result<tryon::Owner> acting_owner(const net::Request& request, const Principal& principal) {
  if (principal.owner) return *principal.owner;
  const auto channel = request.headers.get("x-selvage-channel");
  const auto owner = request.headers.get("x-selvage-owner");
  if (channel.empty() || owner.empty()) {
    return fail(ErrorKind::invalid, "auth.owner",
                "this key belongs to no owner, so the request must name one",
                "use an owner's key, or send X-Selvage-Channel and X-Selvage-Owner");
  }
  return tryon::parse_owner(channel, owner);
}

Result<void> check_price(const tryon::JobRequest& job, const Principal& principal, Credits price) {
  if (principal.admin || job.credits == price) return {};
  return fail(
      ErrorKind::invalid, "job.credits",
      fmt::format("credits: a job costs {}, the request says {}", price.value, job.credits.value),
      "leave the member out; only an operator's key may set a price of its own");
}

Result<tryon::JobRequest> read_job_request(const net::Request& request, const Principal& principal,
                                           const JobRequestRules& rules) {
  const std::string type = to_lower_ascii(request.headers.get("content-type"));
  tryon::JobRequest job;
  if (type.starts_with("application/json")) {
    job = TRY(tryon::parse_job_request(request.body, rules.price));
  } else if (type.starts_with("multipart/form-data")) {
    job = TRY(read_form(request, rules));
  } else {
    return fail(ErrorKind::unsupported, "job.content_type",
                fmt::format("Content-Type \"{}\" is not taken here", type),
                "send application/json with URLs, or multipart/form-data with the pictures");
  }
  job.owner = TRY(acting_owner(request, principal));
  job.request_id = request.request_id;
  job.trace = trace_of(request);
  if (request.headers.has("idempotency-key")) {
    job.idempotency_key = std::string(request.headers.get("idempotency-key"));
  }
  TRY(check_price(job, principal, rules.price));
  return job;
}

}  // namespace selvage::app
