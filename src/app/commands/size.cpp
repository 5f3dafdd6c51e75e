#include <cstdio>

#include "app/command.hpp"
#include "app/size/answer.hpp"
#include "app/size/folder.hpp"
#include "app/size/photo.hpp"
#include "app/size/question.hpp"

namespace selvage::app {

namespace {

Result<size::Sized> ask(const size::Question& question, const sizing::Wearer& wearer) {
  const auto models = TRY(sizing::PoseModels::load(question.models));
  auto estimator = TRY(sizing::PoseEstimator::create(*models));
  return size::size_photo(estimator, {question.photos, wearer, question.draw, question.json},
                          question.chart_for(question.sex));
}

Result<int> size_one(const size::Question& question) {
  const sizing::Wearer wearer{*question.height_cm, question.sex, question.fit};
  const auto sized = ask(question, wearer);
  if (question.json) {
    fmt::print("{}\n", sized ? sized->json : size::refusal_json(sized.error()));
  }
  if (!sized) return fail(sized.error());
  if (!question.json) {
    std::fputs(size::answer_text(sized->advice, wearer, question.photos.string()).c_str(), stdout);
  }
  return 0;
}

Result<int> run(const Invocation& invocation) {
  const size::Question question = TRY(size::parse_question(invocation));
  return question.is_folder ? size::size_folder(question) : size_one(question);
}

}  // namespace

Command size_command() {
  return {
      .name = "size",
      .summary = "Tell the clothes size of a person from a photo and the height.",
      .arguments = "PHOTO|FOLDER",
      .details =
          "The photo shows one whole person, standing, facing the camera, in close-fitting "
          "clothes, the arms a little away from the body. JPEG, PNG and WebP are read. "
          "Everything happens on this machine: nothing is sent anywhere, nothing is kept, and "
          "no server needs to run.\n"
          "The answer is the most probable size with its neighbours, measurements with their "
          "standard deviation, and how sure that is. Sizes are those of EN 13402-3 unless "
          "--chart gives a store's own. A photo that cannot be measured gets a reason and no "
          "size: exit code 1.\n"
          "A folder's pictures, and those of the folders in it, become lines of CSV; one that "
          "cannot be measured has its reason there, and the rest goes on. It exits 1 when a "
          "picture has no size.\n"
          "  selvage size me.jpg --height 178 --sex m --draw me-measured.png\n"
          "  selvage size photos/ --heights heights.csv --output sizes.csv",
      .flags = {{"--height", "CM", "the person's height, as 178 or 1.78; needed, unless --heights"},
                {"--sex", "m|f", "whose clothes; never guessed. Left out: unisex sizes"},
                {"--fit", "FIT", "how it is liked: slim, regular (default) or loose"},
                {"--chart", "FILE", "sizes of a store, as JSON; see the guide on body sizing"},
                {"--draw", "FILE",
                 "draw silhouette, skeleton and measuring lines over the photo, as PNG, JPEG or "
                 "WebP; with a folder the folder for such pictures"},
                {"--json", "",
                 "the answer as JSON, as POST /estimate-body gives it, also of a refusal"},
                {"--heights", "FILE",
                 "for a folder: CSV of name,height_cm, and of sex when a header names it"},
                {"--output", "FILE", "for a folder: write the CSV there, not to standard output"},
                {"--models", "DIR", "where the pose models lie (SIZING_MODELS)"}},
      .run = run};
}

}  // namespace selvage::app
