// The examples of the S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
#include "data/detail/aws_signature.hpp"

#include <doctest/doctest.h>

namespace selvage::data {
namespace {

using net::Method;

const Timestamp kTime = *parse_rfc3339("2013-05-24T00:00:00Z");

AwsSigner signer(std::string token = {}) {
  return {{"AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
           Secret(std::move(token))},
          "us-east-1"};
}

AwsRequest request(Method method, std::string path) {
  return {.method = method,
          .host = "examplebucket.s3.amazonaws.com",
          .path = std::move(path),
          .query = {},
          .headers = {}};
}

std::string after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? "" : std::string(text.substr(at + mark.size()));
}

std::string signature_of(const AwsRequest& request, std::string_view payload) {
  return after(signer().sign(request, payload, kTime).get("authorization"), "Signature=");
}

TEST_CASE("AWS signature: GET of a range of an object") {
  AwsRequest get = request(Method::get, "/test.txt");
  get.headers.add("Range", "bytes=0-9");
  const net::Headers headers = signer().sign(get, kEmptySha256, kTime);
  CHECK(headers.get("authorization") ==
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  CHECK(headers.get("x-amz-date") == "20130524T000000Z");
  CHECK(headers.get("x-amz-content-sha256") == kEmptySha256);
  CHECK(headers.get("range") == "bytes=0-9");
  CHECK_FALSE(headers.has("host"));
}

TEST_CASE("AWS signature: PUT of an object whose name has to be encoded") {
  AwsRequest put = request(Method::put, "/test$file.text");
  put.headers.add("Date", "Fri, 24 May 2013 00:00:00 GMT");
  put.headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  const std::string sum = payload_sha256("Welcome to Amazon S3.");
  CHECK(sum == "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
  CHECK(signature_of(put, sum) ==
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  CHECK(put.target() == "/test%24file.text");
}

TEST_CASE("AWS signature: GET of a bucket's parts, by a query with and without values") {
  AwsRequest lifecycle = request(Method::get, "/");
  lifecycle.query = {{"lifecycle", ""}};
  CHECK(signature_of(lifecycle, kEmptySha256) ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  AwsRequest list = request(Method::get, "/");
  list.query = {{"prefix", "J"}, {"max-keys", "2"}};
  CHECK(signature_of(list, kEmptySha256) ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  CHECK(list.target() == "/?max-keys=2&prefix=J");
}

TEST_CASE("AWS signature: a link that anyone may fetch") {
  const std::string target =
      signer().presign(request(Method::get, "/test.txt"), seconds(86400), kTime);
  CHECK(target ==
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST_CASE("AWS signature: the token of temporary credentials is sent and signed") {
  const AwsSigner temporary = signer("token/with=signs");
  const net::Headers headers = temporary.sign(request(Method::get, "/a"), kEmptySha256, kTime);
  CHECK(headers.get("x-amz-security-token") == "token/with=signs");
  CHECK(std::string(headers.get("authorization"))
            .find("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token") !=
        std::string::npos);
  CHECK(temporary.presign(request(Method::get, "/a"), seconds(60), kTime)
            .find("&X-Amz-Security-Token=token%2Fwith%3Dsigns&") != std::string::npos);
}

TEST_CASE("AWS signature: queries are sorted as encoded, paths are encoded and never normalised") {
  AwsRequest odd = request(Method::get, "/a b/../c//d+e");
  odd.query = {{"b", "2 3"}, {"a", "~*"}, {"B", "="}};
  CHECK(odd.target() == "/a%20b/../c//d%2Be?B=%3D&a=~%2A&b=2%203");
}

TEST_CASE("AWS signature: a change anywhere changes it") {
  const AwsRequest plain = request(Method::get, "/test.txt");
  const std::string signed_plain = signature_of(plain, kEmptySha256);
  AwsRequest other = plain;
  other.method = Method::put;
  CHECK(signature_of(other, kEmptySha256) != signed_plain);
  other = plain;
  other.host = "examplebucket.s3.amazonaws.com:8443";
  CHECK(signature_of(other, kEmptySha256) != signed_plain);
  CHECK(signature_of(plain, payload_sha256("x")) != signed_plain);
  CHECK(after(signer().sign(plain, kEmptySha256, kTime + seconds(1)).get("authorization"),
              "Signature=") != signed_plain);
}

}  // namespace
}  // namespace selvage::data
