// STORAGE_URL of storages behind HTTP.
#include <doctest/doctest.h>

#include "data/s3_storage.hpp"
#include "data/supabase_storage.hpp"

namespace selvage::data {
namespace {

template <class T>
T value(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().describe());
  return std::move(*result);
}

TEST_CASE("Storage URLs: Supabase, hosted and self-hosted") {
  const SupabaseOptions hosted = value(parse_supabase_url("supabase://abcd.supabase.co/pictures"));
  CHECK(hosted.origin == "https://abcd.supabase.co");
  CHECK(hosted.place.bucket == "pictures");
  CHECK(hosted.place.prefix.empty());
  const SupabaseOptions own =
      value(parse_supabase_url("Supabase+HTTP://Kong.local:8000/my_bucket/try/on/"));
  CHECK(own.origin == "http://kong.local:8000");
  CHECK(own.place.bucket == "my_bucket");
  CHECK(own.place.prefix == "try/on");
  CHECK(value(parse_supabase_url("supabase://host:8443/b")).origin == "https://host:8443");
}

TEST_CASE("Storage URLs: what is no Supabase address is told, without its password") {
  for (const char* bad :
       {"supabase:bucket", "supabase://host", "supabase://host/", "supabase:///bucket",
        "supabase://user:hunter22@host/b", "supabase://host/b?x=1", "supabase://host/b/../c",
        "supabase://host/b%20c", "supabase://host/.b", "https://host/b", "supabase://ho st/b",
        "supabase://host/b//c"}) {
    CAPTURE(bad);
    const auto refused = parse_supabase_url(bad);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "settings.storage_url");
    CHECK(refused.error().describe().find("hunter22") == std::string::npos);
    CHECK(refused.error().hint.find("supabase://") != std::string::npos);
  }
}

TEST_CASE("Storage URLs: S3 at AWS, in its style and region") {
  const S3Options plain = value(parse_s3_url("s3://pictures"));
  CHECK(plain.endpoint == "https://s3.us-east-1.amazonaws.com");
  CHECK(plain.region == "us-east-1");
  CHECK(plain.host_style);
  CHECK(value(parse_s3_url("s3://p/a/b?region=cn-north-1")).endpoint ==
        "https://s3.cn-north-1.amazonaws.com.cn");
  CHECK(value(parse_s3_url("s3://p/a/b?region=eu-central-1")).place.prefix == "a/b");
  CHECK_FALSE(value(parse_s3_url("s3://my.pictures")).host_style);
  CHECK_FALSE(value(parse_s3_url("s3://pictures?style=path")).host_style);
}

TEST_CASE("Storage URLs: S3 elsewhere") {
  const S3Options minio =
      value(parse_s3_url("S3://pictures?endpoint=http://MinIO:9000/&region=garage"));
  CHECK(minio.endpoint == "http://minio:9000");
  CHECK(minio.region == "garage");
  CHECK_FALSE(minio.host_style);
  CHECK(value(parse_s3_url("s3://p?endpoint=https%3A%2F%2Fs3.example%3A443&style=host")).endpoint ==
        "https://s3.example");
  CHECK(
      value(parse_s3_url("s3://p?endpoint=https://x.storage.supabase.co/storage/v1/s3")).endpoint ==
      "https://x.storage.supabase.co/storage/v1/s3");
}

TEST_CASE("Storage URLs: what is no S3 address is told, without its password") {
  for (const char* bad :
       {"s3:", "s3://", "s3://?region=x", "s3://AKIA:hunter22@bucket", "s3://b?zone=1",
        "s3://b?region=", "s3://b?region", "s3://b?region=eu/west", "s3://b?style=virtual",
        "s3://b?endpoint=ftp://x", "s3://b?endpoint=x", "s3://b?endpoint=https://u:hunter22@x",
        "s3://b?endpoint=https://x/?y=1", "s3://b/../c", "s3://a b", "s3://my.bucket?style=host",
        "s3://b&region=x"}) {
    CAPTURE(bad);
    const auto refused = parse_s3_url(bad);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "settings.storage_url");
    CHECK(refused.error().describe().find("hunter22") == std::string::npos);
    CHECK_FALSE(refused.error().hint.empty());
  }
}

TEST_CASE("Storage places: keys and names in the bucket, there and back") {
  const RemotePlace whole{"b", ""};
  const RemotePlace below{"b", "try/on"};
  CHECK(whole.name_of("a/1.png") == "a/1.png");
  CHECK(below.name_of("a/1.png") == "try/on/a/1.png");
  CHECK(below.name_of("") == "try/on/");
  CHECK(whole.key_of("a/1.png") == "a/1.png");
  CHECK(below.key_of("try/on/a/1.png") == "a/1.png");
  for (const char* foreign : {"try/onward/1.png", "try/on", "try/on/", "a/1.png", "try/on/a//b",
                              "try/on/.emptyFolderPlaceholder", "try/on/a b"}) {
    CAPTURE(foreign);
    CHECK_FALSE(below.key_of(foreign).has_value());
  }
}

}  // namespace
}  // namespace selvage::data
