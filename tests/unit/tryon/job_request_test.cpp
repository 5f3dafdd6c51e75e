#include <doctest/doctest.h>

#include "tryon/acceptance.hpp"
#include "tryon/detail/job_rules.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

constexpr std::string_view kGood = R"({"person_image_url": "https://a.example/p.jpg",
  "garment_image_urls": ["https://a.example/g.jpg"]})";

std::string problem_of(std::string_view json) {
  const Result<JobRequest> request = parse_job_request(json);
  REQUIRE(!request);
  return request.error().message;
}

JobRequest good() {
  JobRequest request = parse_job_request(kGood).value();
  request.owner = {Channel::b2c, "ann"};
  return request;
}

}  // namespace

TEST_CASE("JobRequest: the least a client must say") {
  const Result<JobRequest> request = parse_job_request(kGood);
  REQUIRE_MESSAGE(request, request.error().describe());
  CHECK(request->credits.value == 1);
  CHECK(request->options_json == "{}");
  CHECK_FALSE(request->prompt.has_value());
}

TEST_CASE("JobRequest: every problem at once, typos by name") {
  const std::string problem = problem_of(R"({"person_image_ur": "https://a.example/p.jpg",
      "garment_image_urls": "https://a.example/g.jpg", "credits": 1.5, "session_id": "mine",
      "promt": "x", "options": 3})");
  for (const std::string_view part :
       {"person_image_url: is required", "garment_image_urls: must be an array",
        "credits: must be an integer", "session_id: must be a UUID", "\"promt\"",
        "\"person_image_ur\"", "options: must be an object"}) {
    CHECK_MESSAGE(problem.contains(part), part << " missing in: " << problem);
  }
}

TEST_CASE("JobRequest: what no client may send") {
  for (const std::string_view json :
       {"", "null", "[]", "{", R"({"person_image_url": 1, "garment_image_urls": [1]})",
        R"({"person_image_url": "x", "person_image_url": "y", "garment_image_urls": ["z"]})"}) {
    CHECK_FALSE(parse_job_request(json).has_value());
  }
}

TEST_CASE("JobRequest: rules hold for requests that were not made from JSON") {
  CHECK(tryon::detail::check_job(good()).has_value());
  JobRequest request = good();
  SUBCASE("no person") { request.person_image_url.clear(); }
  SUBCASE("two persons") { request.person_upload = UploadedImage{"x", "image/jpeg"}; }
  SUBCASE("no garment") { request.garment_image_urls.clear(); }
  SUBCASE("nine garments") { request.garment_uploads.resize(8); }
  SUBCASE("free") { request.credits = {0}; }
  SUBCASE("too dear") { request.credits = {1001}; }
  SUBCASE("negative") { request.credits = {-1}; }
  SUBCASE("owner with a slash") { request.owner.id = "../ann"; }
  SUBCASE("no owner") { request.owner.id.clear(); }
  SUBCASE("session is no UUID") { request.session_id = "../../x"; }
  SUBCASE("long prompt") { request.prompt = std::string(4001, 'x'); }
  SUBCASE("broken prompt") { request.prompt = "\xff"; }
  SUBCASE("options are a list") { request.options_json = "[]"; }
  SUBCASE("empty key") { request.idempotency_key = ""; }
  SUBCASE("long key") { request.idempotency_key = std::string(256, 'k'); }
  SUBCASE("key with a line break") { request.idempotency_key = "a\nb"; }
  const Result<void> checked = tryon::detail::check_job(request);
  REQUIRE(!checked);
  CHECK(checked.error().code == "job.invalid");
  CHECK(checked.error().kind == ErrorKind::invalid);
}

TEST_CASE("JobRequest: one request has one hash, another request another") {
  JobRequest a = good();
  a.options_json = R"({"a":1,"b":{"c":2,"d":[3]}})";
  JobRequest b = a;
  b.options_json = R"({"b":{"d":[3],"c":2},"a":1})";
  b.request_id = "another";
  CHECK(tryon::detail::request_hash(a) == tryon::detail::request_hash(b));

  JobRequest c = a;
  SUBCASE("person") { c.person_image_url += "?v=2"; }
  SUBCASE("order of garments") { c.garment_image_urls.push_back("https://a.example/h.jpg"); }
  SUBCASE("prompt") { c.prompt = "x"; }
  SUBCASE("options") { c.options_json = R"({"a":1})"; }
  SUBCASE("price") { c.credits = {2}; }
  SUBCASE("upload") {
    a.person_image_url.clear();
    a.person_upload = UploadedImage{"one picture", "image/jpeg"};
    c = a;
    c.person_upload->bytes = "another picture";
  }
  CHECK(tryon::detail::request_hash(a) != tryon::detail::request_hash(c));
}
