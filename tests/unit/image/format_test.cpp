#include "image/format.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace selvage::image;

TEST_CASE("Format: magic bytes decide, and a few bytes of them do not") {
  CHECK(sniff("\xFF\xD8\xFF\xE0") == Format::jpeg);
  CHECK(sniff("\x89PNG\r\n\x1A\n....") == Format::png);
  CHECK(sniff(std::string("RIFF\x10\0\0\0WEBPVP8 ", 16)) == Format::webp);
  CHECK_FALSE(sniff(""));
  CHECK_FALSE(sniff("\xFF\xD8"));
  CHECK_FALSE(sniff("\x89PNG\r\n"));
  CHECK_FALSE(sniff(std::string("RIFF\x10\0\0\0WAVEfmt ", 16)));
  CHECK_FALSE(sniff("GIF89a.........."));
}

TEST_CASE("Format: media types go both ways, in any letter case and with parameters") {
  for (Format format : {Format::jpeg, Format::png, Format::webp}) {
    CHECK(format_of_media_type(media_type(format)) == format);
  }
  CHECK(format_of_media_type("IMAGE/PNG") == Format::png);
  CHECK(format_of_media_type("image/jpeg; charset=binary") == Format::jpeg);
  CHECK(format_of_media_type("image/jpg") == Format::jpeg);
  CHECK_FALSE(format_of_media_type("image/svg+xml"));
  CHECK_FALSE(format_of_media_type("text/html"));
  CHECK_FALSE(format_of_media_type(""));
  CHECK(extension(Format::jpeg) == ".jpg");
}

TEST_CASE("Format: what was sent instead is named") {
  CHECK(describe_unsupported(std::string("\0\0\0\x18", 4) + "ftypheic") == "an HEIC photo");
  CHECK(describe_unsupported("<!doctype html>") == "a web page");
  CHECK(describe_unsupported("<svg xmlns=") == "an SVG drawing");
  CHECK(describe_unsupported("") == "an empty file");
  CHECK(describe_unsupported("abcdef") == "something else");
}
