#include "image/format.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace selvage::image {
namespace {

struct Row {
  Format format;
  std::string_view name, media_type, extension;
};
constexpr std::array<Row, 3> kFormats{{{Format::jpeg, "JPEG", "image/jpeg", ".jpg"},
                                       {Format::png, "PNG", "image/png", ".png"},
                                       {Format::webp, "WebP", "image/webp", ".webp"}}};

const Row& row_of(Format format) { return kFormats[static_cast<std::size_t>(format)]; }

struct Stranger {
  std::size_t offset;
  std::string_view magic, what;
};
constexpr std::array<Stranger, 15> kStrangers{{
    {4, "ftypheic", "an HEIC photo"},
    {4, "ftypheix", "an HEIC photo"},
    {4, "ftypmif1", "an HEIC photo"},
    {4, "ftypmsf1", "an HEIC photo"},
    {4, "ftypavif", "an AVIF picture"},
    {4, "ftyp", "an MP4 film"},
    {0, "GIF8", "a GIF"},
    {0, "BM", "a Windows bitmap"},
    {0, std::string_view("II*\0", 4), "a TIFF or camera raw file"},
    {0, std::string_view("MM\0*", 4), "a TIFF or camera raw file"},
    {0, "%PDF", "a PDF document"},
    {0, "<svg", "an SVG drawing"},
    {0, "<?xml", "an XML or SVG document"},
    {0, "<", "a web page"},
    {0, "{", "a JSON document"},
}};

}  // namespace

std::optional<Format> sniff(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8\xFF")) return Format::jpeg;
  if (bytes.starts_with("\x89PNG\r\n\x1A\n")) return Format::png;
  if (bytes.size() >= 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP") {
    return Format::webp;
  }
  return std::nullopt;
}

std::string_view describe_unsupported(std::string_view bytes) {
  if (bytes.empty()) return "an empty file";
  for (const Stranger& stranger : kStrangers) {
    if (bytes.size() >= stranger.offset &&
        bytes.substr(stranger.offset).starts_with(stranger.magic)) {
      return stranger.what;
    }
  }
  return "something else";
}

std::string_view name(Format format) { return row_of(format).name; }
std::string_view media_type(Format format) { return row_of(format).media_type; }
std::string_view extension(Format format) { return row_of(format).extension; }

std::optional<Format> format_of_media_type(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  while (!type.empty() && type.front() == ' ') type.remove_prefix(1);
  std::string lower(type);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "image/jpg") return Format::jpeg;
  for (const Row& row : kFormats) {
    if (row.media_type == lower) return row.format;
  }
  return std::nullopt;
}

}  // namespace selvage::image
