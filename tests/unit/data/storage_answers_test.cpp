// What the answers of storages mean, row by row.
#include <doctest/doctest.h>

#include "data/detail/s3_answers.hpp"
#include "data/detail/supabase_answers.hpp"

namespace selvage::data {
namespace {

const Secret kKey("sb_secret_0123456789abcdef");

net::ClientResponse answer(int status, std::string body) {
  net::ClientResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

struct Meant {
  int http;
  const char* body;
  ErrorKind kind;
  const char* code;
  Again again;
};

void check(const Meant& meant, const std::optional<Refusal>& refusal) {
  CAPTURE(meant.http);
  CAPTURE(meant.body);
  REQUIRE(refusal.has_value());
  CHECK(refusal->error.code == meant.code);
  CHECK(refusal->error.kind == meant.kind);
  CHECK(refusal->again == meant.again);
}

constexpr ErrorKind kAway = ErrorKind::unavailable;

constexpr Meant kSupabaseAnswers[] = {
    {400, R"({"statusCode":"404","error":"not_found","code":"NoSuchKey","message":"x"})",
     ErrorKind::not_found, "storage.not_found", Again::no},
    {400, R"({"statusCode":"404","error":"not_found","message":"Object not found"})",
     ErrorKind::not_found, "storage.not_found", Again::no},
    {400, R"({"statusCode":"404","error":"Bucket not found","code":"NoSuchBucket","message":"x"})",
     kAway, "storage.no_bucket", Again::no},
    {400, R"({"statusCode":"404","error":"Bucket not found","message":"Bucket not found"})", kAway,
     "storage.no_bucket", Again::no},
    {400, R"({"statusCode":"409","error":"Duplicate","code":"KeyAlreadyExists","message":"x"})",
     kAway, "storage.unavailable", Again::soon},
    {400, R"({"statusCode":"413","error":"Payload too large","code":"EntityTooLarge"})",
     ErrorKind::too_large, "storage.too_large", Again::no},
    {400, R"({"statusCode":"413","error":"Payload too large"})", ErrorKind::too_large,
     "storage.too_large", Again::no},
    {400, R"({"statusCode":"415","error":"invalid_mime_type","code":"InvalidMimeType"})",
     ErrorKind::unsupported, "storage.media_type", Again::no},
    {400, R"({"statusCode":"403","error":"Unauthorized","code":"AccessDenied"})", kAway,
     "storage.denied", Again::no},
    {400, R"({"statusCode":"403","error":"x","code":"SignatureDoesNotMatch"})", kAway,
     "storage.denied", Again::no},
    {400, R"({"statusCode":"400","error":"x","code":"InvalidJWT"})", kAway, "storage.denied",
     Again::no},
    {400, R"({"statusCode":"400","error":"x","code":"InvalidKey"})", ErrorKind::invalid,
     "storage.key", Again::no},
    {400, R"({"statusCode":"400","error":"x","code":"InvalidRequest"})", ErrorKind::internal,
     "storage.refused", Again::no},
    {400, R"({"statusCode":"423","error":"x","code":"ResourceLocked"})", kAway,
     "storage.unavailable", Again::soon},
    {400, R"({"statusCode":"503","error":"x","code":"LockTimeout"})", kAway, "storage.unavailable",
     Again::soon},
    {429, R"({"statusCode":"429","error":"too_many_connections","code":"SlowDown"})", kAway,
     "storage.unavailable", Again::slowly},
    {544, R"({"statusCode":"544","error":"x","code":"DatabaseTimeout"})", kAway,
     "storage.unavailable", Again::slowly},
    {400, R"({"statusCode":"503","error":"x","code":"DatabaseReadOnly"})", kAway,
     "storage.read_only", Again::slowly},
    {500, R"({"statusCode":"500","error":"x","code":"InternalError"})", kAway,
     "storage.unavailable", Again::soon},
    {500, R"({"statusCode":"500","error":"x","code":"S3Error"})", kAway, "storage.unavailable",
     Again::soon},
    // the gateway's own answers
    {401, "", kAway, "storage.denied", Again::no},
    {401, R"({"message":"No API key found in request","hint":"x"})", kAway, "storage.denied",
     Again::no},
    {404, R"({"message":"no Route matched with those values"})", kAway, "storage.protocol",
     Again::no},
    {404, R"({"statusCode":404,"error":"Not Found","message":"Route POST:/object/list-v2/b"})",
     kAway, "storage.protocol", Again::no},
    {502, "<html>", kAway, "storage.unavailable", Again::soon},
    {301, "", kAway, "storage.protocol", Again::no},
    {413, "<html>too large</html>", ErrorKind::too_large, "storage.too_large", Again::no},
    {400, R"(["statusCode"])", kAway, "storage.protocol", Again::no},
    {400, R"({"statusCode":"a\nb","code":7})", kAway, "storage.protocol", Again::no},
};

TEST_CASE("Supabase answers: the body's code decides, then its status, then HTTP's") {
  for (const Meant& meant : kSupabaseAnswers) {
    check(meant, judge_supabase(answer(meant.http, meant.body), kKey));
  }
  CHECK_FALSE(judge_supabase(answer(200, "anything"), kKey).has_value());
}

TEST_CASE("Supabase answers: errors tell what to do and never show the key") {
  const auto denied = judge_supabase(
      answer(400, R"({"statusCode":"403","code":"AccessDenied","message":"bad key )" +
                      kKey.reveal() + R"( twice )" + kKey.reveal() + "\"}"),
      kKey);
  REQUIRE(denied.has_value());
  CHECK(denied->error.describe().find(kKey.reveal()) == std::string::npos);
  CHECK(denied->error.message ==
        R"(Supabase Storage answers 403 "AccessDenied": "bad key *** twice ***")");
  CHECK(denied->error.hint.find("SUPABASE_SERVICE_KEY") != std::string::npos);
  const auto type =
      judge_supabase(answer(400, R"({"statusCode":"415","code":"InvalidMimeType"})"), kKey);
  CHECK(type->error.hint.find("MIME types") != std::string::npos);
  const auto hostile =
      judge_supabase(answer(400, R"({"statusCode":"500","code":"a\u0007b","message":")" +
                                     std::string(9000, 'x') + "\"}"),
                     kKey);
  CHECK(hostile->error.message.size() < 400);
  CHECK(hostile->error.message.find('\a') == std::string::npos);
}

std::string error_xml(std::string_view code, std::string_view more = "") {
  return "<?xml version=\"1.0\"?><Error><Code>" + std::string(code) +
         "</Code><Message>words</Message>" + std::string(more) + "</Error>";
}

TEST_CASE("S3 answers: each code means what the table says") {
  struct Row {
    int http;
    const char* s3;
    ErrorKind kind;
    const char* code;
    Again again;
  };
  constexpr Row kRows[] = {
      {404, "NoSuchKey", ErrorKind::not_found, "storage.not_found", Again::no},
      {404, "NoSuchBucket", kAway, "storage.no_bucket", Again::no},
      {403, "AccessDenied", kAway, "storage.denied", Again::no},
      {403, "InvalidAccessKeyId", kAway, "storage.denied", Again::no},
      {403, "SignatureDoesNotMatch", kAway, "storage.denied", Again::no},
      {400, "ExpiredToken", kAway, "storage.denied", Again::no},
      {403, "RequestTimeTooSkewed", kAway, "storage.clock", Again::no},
      {400, "EntityTooLarge", ErrorKind::too_large, "storage.too_large", Again::no},
      {503, "SlowDown", kAway, "storage.unavailable", Again::slowly},
      {500, "InternalError", kAway, "storage.unavailable", Again::soon},
      {400, "RequestTimeout", kAway, "storage.unavailable", Again::soon},
      {400, "XAmzContentSHA256Mismatch", kAway, "storage.unavailable", Again::soon},
      {507, "XMinioStorageFull", kAway, "storage.full", Again::slowly},
      {416, "InvalidRange", kAway, "storage.empty_object", Again::no},
      {400, "SomethingNew", kAway, "storage.protocol", Again::no},
      {599, "SomethingNew", kAway, "storage.unavailable", Again::soon},
  };
  for (const Row& row : kRows) {
    const std::string body = error_xml(row.s3);
    check({row.http, body.c_str(), row.kind, row.code, row.again},
          judge_s3(answer(row.http, body), "us-east-1", kKey));
  }
  CHECK(judge_s3(answer(403, ""), "us-east-1", kKey)->error.code == "storage.denied");
  CHECK(judge_s3(answer(404, "<html>"), "us-east-1", kKey)->error.code == "storage.protocol");
  CHECK_FALSE(judge_s3(answer(204, ""), "us-east-1", kKey).has_value());
}

TEST_CASE("S3 answers: a bucket in another region is named with it") {
  net::ClientResponse moved = answer(301, error_xml("PermanentRedirect"));
  moved.headers.add("x-amz-bucket-region", "eu-west-3");
  const auto by_header = judge_s3(moved, "us-east-1", kKey);
  CHECK(by_header->error.code == "storage.region");
  CHECK(by_header->error.message == "S3: the bucket is in the region eu-west-3, not in us-east-1");
  CHECK(by_header->error.hint == "write region=eu-west-3 in STORAGE_URL");
  CHECK(by_header->again == Again::no);
  const auto by_body = judge_s3(
      answer(400, error_xml("AuthorizationHeaderMalformed", "<Region>ap-south-1</Region>")),
      "us-east-1", kKey);
  CHECK(by_body->error.hint == "write region=ap-south-1 in STORAGE_URL");
  const auto endpoint = judge_s3(
      answer(307, error_xml("TemporaryRedirect", "<Endpoint>b.s3-x.amazonaws.com</Endpoint>")),
      "us-east-1", kKey);
  CHECK(endpoint->error.code == "storage.region");
  CHECK(endpoint->error.message.find("b.s3-x.amazonaws.com") != std::string::npos);
  moved.headers.set("x-amz-bucket-region", "evil\x1b[31m");
  CHECK(judge_s3(moved, "us-east-1", kKey)->error.message.find('\x1b') == std::string::npos);
}

TEST_CASE("S3 answers: a page of a listing") {
  const auto page = read_s3_page(
      "<ListBucketResult><Contents><Key>a&amp;b</Key></Contents><Contents><Key>c</Key></Contents>"
      "<IsTruncated>true</IsTruncated><NextContinuationToken>t==</NextContinuationToken>"
      "</ListBucketResult>");
  REQUIRE(page.has_value());
  CHECK(page->names == std::vector<std::string>{"a&b", "c"});
  CHECK(page->next == "t==");
  CHECK(read_s3_page("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
            ->next.empty());
  for (const char* bad : {"", "<html></html>", "{}",
                          "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    CAPTURE(bad);
    CHECK(read_s3_page(bad).error().code == "storage.protocol");
  }
}

}  // namespace
}  // namespace selvage::data
