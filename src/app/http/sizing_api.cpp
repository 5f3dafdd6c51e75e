// POST /estimate-body: a photo and a height become a size, while the client waits.
#include <boost/json.hpp>

#include "app/http/api_parts.hpp"
#include "app/http/refusal.hpp"
#include "app/http/size_form.hpp"

namespace selvage::app {

namespace {

constexpr ByteCount kFormAround = 256_KiB;  // what a form may hold beside the picture

Task<net::Response> estimate(ApiParts parts, net::Request request, Principal principal) {
  if (parts.sizer == nullptr) {
    co_return net::Response::problem(
        {ErrorKind::unavailable, "sizing.off", "body sizing is switched off here",
         "its operator switches it on by SIZING=true", nullptr},
        request);
  }
  const auto owner = owner_of_charts(request, principal);
  if (!owner) co_return net::Response::problem(owner.error(), request);
  auto form = read_size_form(request, parts.platform.settings.bytes("EGRESS_MAX_BYTES"));
  if (!form) co_return net::Response::problem(form.error(), request);
  request.body = {};  // the photo was copied out; a waiting request need not hold it twice
  if (form->photo.empty()) {
    const auto judged = parts.guard.check(form->request.image_url);
    if (!judged) {
      co_return net::Response::problem(as_size_problem(judged.error().within("image_url")),
                                       request);
    }
  }
  // Keys without an owner share a place in the line, and are told apart by their id.
  const std::string key = *owner ? tryon::owner_key(**owner) : "key:" + principal.key_id;
  sizing::SizeQuestion question{.request = std::move(form->request),
                                .photo = std::move(form->photo),
                                .owner = key,
                                .cancel = request.cancel,
                                .span = request.span};
  const Result<std::string> answer = co_await parts.sizer->answer(std::move(question));
  if (!answer) co_return refusal(parts, as_size_problem(answer.error()), request);
  net::Response response = net::Response::json(200, *answer);
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

}  // namespace

std::vector<Endpoint> sizing_endpoints(ApiParts parts) {
  constexpr std::string_view kProblem = "application/problem+json";
  const ByteCount most{parts.platform.settings.bytes("EGRESS_MAX_BYTES").value + kFormAround.value};
  std::vector<Endpoint> endpoints;
  endpoints.push_back(
      {.method = net::Method::post,
       .pattern = "/estimate-body",
       .id = "estimateBody",
       .tag = "sizing",
       .summary = "The size of the person in a photo, by the height. The photo is not kept.",
       .access = Access::submit,
       .parameters = {{"query", "include", R"({"type":"string","enum":["pose"]})",
                       "Also answer landmarks and measuring lines; as the member of that name."}},
       .request_schema = "SizeRequest",
       .form_schema = "SizeForm",
       .responses =
           {{200, "The size.", "application/json", "SizeAnswer"},
            {413, "The body is larger than any picture may be.", kProblem, "Problem"},
            {422,
             "The photo shows no whole standing body: sizing.no_person, several_people, "
             "legs_cropped, head_cropped, body_cropped, body_hidden, sitting, lying, "
             "turned_away, arms_hide_torso; the hint says how to take a better one. Or "
             "there is no such chart (sizing.chart_unknown), the file is no picture or too "
             "large (image.*), or the URL may not or cannot be fetched (egress.*, url.*).",
             kProblem, "Problem"},
            {429, "Too many photos of this owner at once; see Retry-After.", kProblem, "Problem"},
            {503, "Too much to do, or no models; see Retry-After and the hint.", kProblem,
             "Problem"},
            {504, "No answer within SIZING_TIMEOUT.", kProblem, "Problem"}},
       .handler =
           [parts] [[clang::coro_wrapper]] (net::Request request, Principal principal) {
             return estimate(parts, std::move(request), std::move(principal));
           },
       .max_body = most});
  return endpoints;
}

}  // namespace selvage::app
