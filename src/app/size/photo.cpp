#include "app/size/photo.hpp"

#include <fmt/format.h>

#include <fstream>

#include "app/size/question.hpp"
#include "base/text.hpp"
#include "image/encode.hpp"
#include "sizing/drawing.hpp"
#include "sizing/photo.hpp"
#include "sizing/size_answer.hpp"
#include "sizing/verdict.hpp"

namespace selvage::app::size {

namespace {

std::vector<sizing::LineLabel> labels(const sizing::SizeAdvice& advice) {
  std::vector<sizing::LineLabel> all;
  for (const sizing::Measure m : sizing::kMeasures) {
    const sizing::Estimate& one = advice.measurements[m];
    all.push_back({sizing::name(m), fmt::format("{} {:.0f} ± {:.0f}", sizing::name(m), one.cm,
                                                std::max(one.sd, 1.0))});
  }
  return all;
}

// Beside the target first, so that no half picture ever has its name.
Result<void> write_file(const std::filesystem::path& file, std::string_view bytes) {
  auto failed = [&](std::string_view why) {
    return fail(ErrorKind::unavailable, "size.draw",
                fmt::format("{} cannot be written: {}", in_quotes(file.string(), 200), why),
                "see that its folder exists, is writable and has room");
  };
  std::filesystem::path part = file;
  part += ".part";
  std::error_code error;
  {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.flush();
    if (!out) {
      std::filesystem::remove(part, error);
      return failed("the folder or the disk refuses it");
    }
  }
  std::filesystem::rename(part, file, error);
  if (error) return failed(error.message());
  return {};
}

Result<void> draw(const std::filesystem::path& file, image::Picture picture,
                  const sizing::Pose& pose, const Result<sizing::SizeAdvice>& advice) {
  std::vector<sizing::MeasuringLine> lines;
  std::vector<sizing::LineLabel> texts;
  if (advice) {
    lines = advice->lines;
    texts = labels(*advice);
  }
  const std::string extension = to_lower_ascii(file.extension().string());
  const auto format = extension == ".jpg" || extension == ".jpeg" ? image::Format::jpeg
                      : extension == ".webp"                      ? image::Format::webp
                                                                  : image::Format::png;
  return write_file(
      file,
      TRY(image::encode(sizing::draw_measuring(std::move(picture), pose, lines, texts), format)));
}

}  // namespace

Result<Sized> size_photo(sizing::PoseEstimator& estimator, const Photo& photo,
                         const sizing::SizeChart& chart) {
  const std::string bytes = TRY(read_whole(photo.file, kMostPhotoBytes));
  auto picture = sizing::decode_photo(bytes);
  if (!picture) {
    Error error = std::move(picture.error());
    error.kind = ErrorKind::unprocessable;
    return fail(std::move(error));
  }
  const auto pose = TRY(estimator.estimate(*picture));
  if (!pose) return fail(sizing::no_person());
  auto advice = sizing::advise(*pose, photo.wearer, chart);
  if (!photo.draw.empty()) TRY(draw(photo.draw, std::move(*picture), *pose, advice));
  Sized sized{TRY(std::move(advice)), {}};
  if (photo.json) {
    sizing::SizeRequest request;
    request.wearer = photo.wearer;
    sized.json = sizing::answer_json(sized.advice, request, chart, *pose);
  }
  return sized;
}

}  // namespace selvage::app::size
