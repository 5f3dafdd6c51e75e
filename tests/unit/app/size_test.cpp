// What `selvage size` reads and writes around the measuring itself.
#include <doctest/doctest.h>

#include <algorithm>

#include "app/size/answer.hpp"
#include "app/size/heights.hpp"
#include "app/size/progress.hpp"
#include "app/size/question.hpp"
#include "base/text.hpp"

using namespace selvage;
using namespace selvage::app::size;

namespace {

sizing::SizeAdvice advice() {
  sizing::Measurements body;
  for (const sizing::Measure m : sizing::kMeasures) body[m] = {90, 2.5};
  body[sizing::Measure::chest] = {97, 3};
  auto made =
      sizing::choose_size(body, sizing::Fit::regular, sizing::default_chart(sizing::Sex::male));
  made.warnings.push_back({"arms_close", std::string(30, 'x') + " " + std::string(60, 'y')});
  return made;
}

// Columns of a terminal; the characters used here are one column wide.
std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(
      std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

TEST_CASE("Size command: heights are read in centimetres and metres") {
  for (const std::string_view text :
       {"178", "178.0", " 178 cm", "1.78", "1.78 m", "1,78", "1.78m"}) {
    CAPTURE(text);
    CHECK(parse_height(text).value() == doctest::Approx(178));
  }
  for (const std::string_view text :
       {"", "tall", "99", "251", "-178", "1e2", "0x80", "178 in", "nan", "5'10", "17 8", "1.7.8"}) {
    CAPTURE(text);
    CHECK(parse_height(text).error().code == "sizing.height_invalid");
  }
}

TEST_CASE("Size command: a table of heights may be bare, or have a header in any order") {
  const auto bare = parse_heights("a.jpg,170\n\nb.jpg, 1.82 \n").value();
  CHECK(bare.at("a.jpg").height_cm == 170);
  CHECK(bare.at("b.jpg").height_cm == doctest::Approx(182));
  const auto sheet = parse_heights(
                         "\xEF\xBB\xBF"
                         "Gender;note;Height;Name\r\nfemale;\"says \"\"hi\"\";\nbye\";168,5;\"a "
                         "b.jpg\"\r\n;;181;c.jpg")
                         .value();
  REQUIRE(sheet.size() == 2);
  CHECK(sheet.at("a b.jpg").height_cm == doctest::Approx(168.5));
  CHECK(sheet.at("a b.jpg").sex == sizing::Sex::female);
  CHECK_FALSE(sheet.at("c.jpg").sex);
  CHECK(parse_heights("").value().empty());
}

TEST_CASE("Size command: a bad line of heights is named") {
  auto message = [](std::string_view csv) { return parse_heights(csv).error().message; };
  CHECK(message("a.jpg,170\nb.jpg,tall\n").find("line 2") != std::string::npos);
  CHECK(message("a.jpg\n").find("line 1") != std::string::npos);
  CHECK(message("name,height_cm\n\"x\ny.jpg\",170\nz,9\n").find("line 4") != std::string::npos);
  CHECK(message("a,170\na,171\n").find("twice") != std::string::npos);
  CHECK(message("name,height_cm,sex\na,170,x\n").find("sex") != std::string::npos);
}

TEST_CASE("Size command: the answer fits 80 columns and says what matters") {
  const auto text = answer_text(advice(), {178, sizing::Sex::male, sizing::Fit::regular},
                                std::string(200, 'n') + ".jpg");
  for (const std::string_view line : split(text, '\n')) CHECK(columns(line) <= 80);
  for (const std::string_view part : {"Size M", "height 178 cm, male, regular fit", "97.0 ± 3.0",
                                      "EN 13402-3", "inseam", "note: xxx"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("Size command: every row of the CSV has the columns of its header") {
  const auto count = [](std::string_view row) {
    std::size_t fields = 1;
    bool quoted = false;
    for (const char c : row) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) ++fields;
    }
    return fields;
  };
  const std::size_t wanted = count(csv_header());
  const sizing::Wearer wearer{178, sizing::Sex::male, sizing::Fit::regular};
  CHECK(count(csv_row("a.jpg", wearer, advice())) == wanted);
  auto smallest = advice();
  smallest.smaller.reset();
  CHECK(count(csv_row("a, \"b\".jpg", wearer, smallest)) == wanted);
  const auto refused = csv_row("a.jpg", {0, std::nullopt, sizing::Fit::regular},
                               fail(ErrorKind::unprocessable, "sizing.no_person",
                                    "nobody, or \"nothing\"", "stand, please"));
  CHECK(count(refused) == wanted);
  CHECK(refused.starts_with("a.jpg,,,,"));
  CHECK(refused.ends_with("sizing.no_person,\"nobody, or \"\"nothing\"\"\",\"stand, please\""));
}

TEST_CASE("Size command: progress fits a terminal and never runs past its end") {
  for (const std::size_t done : {0UZ, 1UZ, 5000UZ, 99'999UZ, 100'000UZ}) {
    const auto line = progress_line(done, 100'000, milliseconds{7'000});
    CHECK(line.size() < 80);
  }
  CHECK(progress_line(500, 1000, milliseconds{10'000}).ends_with("50 %   50.0/s   0:10 left"));
  CHECK(progress_line(10, 10, milliseconds{2'000}).find('-') == std::string::npos);
  CHECK(progress_line(0, 0, milliseconds{0}).find("100 %") != std::string::npos);
}
