#include "app/size/folder.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <thread>

#include "app/size/answer.hpp"
#include "app/size/heights.hpp"
#include "app/size/photo.hpp"
#include "app/size/progress.hpp"
#include "base/task_group.hpp"
#include "base/text.hpp"
#include "image/format.hpp"
#include "net/loop.hpp"
#include "sizing/pose_models.hpp"
#include "sizing/pose_pool.hpp"

namespace selvage::app::size {

namespace {

namespace fs = std::filesystem;

// Photos of phones and cameras that are not read are told of, not passed over.
constexpr std::string_view kPictureNames[] = {".jpg",  ".jpeg", ".png",  ".webp", ".heic", ".heif",
                                              ".avif", ".gif",  ".tiff", ".tif",  ".bmp"};

bool is_picture(const fs::path& file) {
  const std::string extension = to_lower_ascii(file.extension().string());
  if (std::ranges::find(kPictureNames, extension) != std::end(kPictureNames)) return true;
  std::array<char, 12> head{};
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), head.size());
  return image::sniff({head.data(), static_cast<std::size_t>(in.gcount())}).has_value();
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Result<File> open_output(const fs::path& path) {
  if (path.empty()) return File(stdout, [](std::FILE*) { return 0; });
  File file(std::fopen(path.c_str(), "wb"), std::fclose);
  if (file) return file;
  return fail(ErrorKind::unavailable, "size.output",
              fmt::format("{} cannot be written", in_quotes(path.string(), 200)),
              "see that its folder exists and is writable");
}

class Batch {
 public:
  Batch(const Question& question, std::vector<fs::path> photos, People people, std::FILE* output)
      : question_(question),
        photos_(std::move(photos)),
        people_(std::move(people)),
        output_(output),
        pool_({.models = question.models,
               .workers = std::max<std::size_t>(
                   1, std::min<std::size_t>(std::thread::hardware_concurrency(), photos_.size())),
               .max_queued = photos_.size(),
               .pose = {}}),
        progress_(std::in_place, photos_.size(), !question.output.empty()) {}

  Task<Result<int>> run();

 private:
  Task<void> lane();
  [[nodiscard]] Result<sizing::Wearer> wearer(const std::string& name) const;
  [[nodiscard]] fs::path drawing(const fs::path& photo) const;
  void take(std::size_t index, const sizing::Wearer& wearer,
            const Result<sizing::SizeAdvice>& advice);
  void write(const std::string& row);
  void tell() const;

  const Question& question_;
  const std::vector<fs::path> photos_;
  const People people_;
  std::FILE* output_;
  sizing::PosePool pool_;
  std::optional<Progress> progress_;
  std::size_t next_ = 0, written_ = 0, sized_ = 0;
  std::map<std::size_t, std::string> waiting_;  // rows whose turn has not come; one a lane
  std::map<std::string, std::size_t> reasons_;
  std::optional<Error> failure_;  // of what no other photo would survive either
};

Result<sizing::Wearer> Batch::wearer(const std::string& name) const {
  sizing::Wearer wearer{question_.height_cm.value_or(0), question_.sex, question_.fit};
  auto known = people_.find(name);
  if (known == people_.end()) known = people_.find(fs::path(name).filename().string());
  if (known != people_.end()) {
    wearer.height_cm = known->second.height_cm;
    if (known->second.sex) wearer.sex = known->second.sex;
  } else if (!question_.height_cm) {
    return fail(ErrorKind::unprocessable, "size.no_height",
                "the heights have no line for this photo", "add one, or give --height for such");
  }
  return wearer;
}

fs::path Batch::drawing(const fs::path& photo) const {
  if (question_.draw.empty()) return {};
  fs::path file = question_.draw / photo;
  file += ".png";
  std::error_code error;  // what is wrong shows when the drawing is written
  fs::create_directories(file.parent_path(), error);
  return file;
}

// A lane works on one photo at a time; there are two for each thread, so that none waits.
Task<void> Batch::lane() {
  while (next_ < photos_.size() && !failure_) {
    const std::size_t index = next_++;
    const fs::path& photo = photos_[index];
    const auto whose = wearer(photo.string());
    if (!whose) {
      take(index, {0, question_.sex, question_.fit}, fail(whose.error()));
      continue;
    }
    Photo work{question_.photos / photo, *whose, drawing(photo)};
    const sizing::SizeChart& chart = question_.chart_for(whose->sex);
    auto advice =
        co_await pool_.run([work = std::move(work), &chart](
                               sizing::PoseEstimator& estimator) -> Result<sizing::SizeAdvice> {
          return TRY(size_photo(estimator, work, chart)).advice;
        });
    if (!advice && advice.error().kind == ErrorKind::unavailable) {
      failure_ = std::move(advice.error());
      co_return;
    }
    take(index, *whose, advice);
  }
}

void Batch::take(std::size_t index, const sizing::Wearer& wearer,
                 const Result<sizing::SizeAdvice>& advice) {
  if (advice) {
    ++sized_;
  } else {
    ++reasons_[advice.error().code];
  }
  waiting_.emplace(index, csv_row(photos_[index].string(), wearer, advice) + "\n");
  while (!waiting_.empty() && waiting_.begin()->first == written_) {
    write(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    ++written_;
  }
  progress_->advance(written_);
}

// Row by row, so that an interrupted run leaves what it has found.
void Batch::write(const std::string& row) {
  if (failure_) return;
  const bool whole = std::fwrite(row.data(), 1, row.size(), output_) == row.size();
  if (whole && std::fflush(output_) == 0) return;
  failure_ = fail(ErrorKind::unavailable, "size.output", "the CSV cannot be written any further",
                  "see that the disk has room")
                 .error();
}

void Batch::tell() const {
  std::string line = fmt::format("{} of {} photos have a size", sized_, photos_.size());
  for (const auto& [code, count] : reasons_) {
    line += fmt::format("{} {} {}", &code == &reasons_.begin()->first ? ";" : ",", count,
                        code.substr(code.find('.') + 1));
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

Task<Result<int>> Batch::run() {
  CO_TRY(pool_.wait_until_ready());  // nothing else is on this loop yet
  write(csv_header() + "\n");
  {
    TaskGroup lanes;
    for (std::size_t i = 0; i < 2 * pool_.workers(); ++i) lanes.spawn(lane(), "size_lane");
    co_await lanes.join();
    if (lanes.crashed() > 0 && !failure_) {
      failure_ = fail(ErrorKind::internal, "size.crashed", "a photo broke the program; see the log")
                     .error();
    }
  }
  progress_.reset();
  if (failure_) co_return fail(*failure_);
  tell();
  co_return sized_ == photos_.size() ? 0 : 1;
}

}  // namespace

Result<std::vector<fs::path>> find_photos(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                         error);
  while (!error && entry != fs::recursive_directory_iterator()) {
    const fs::path name = entry->path().filename();
    std::error_code ignored;  // what cannot be looked at is no photo
    if (name.string().starts_with('.')) {
      if (entry->is_directory(ignored)) entry.disable_recursion_pending();
    } else if (entry->is_regular_file(ignored) && is_picture(entry->path())) {
      found.push_back(entry->path().lexically_relative(folder));
    }
    entry.increment(error);
  }
  if (error) {
    return fail(ErrorKind::invalid, "size.file",
                fmt::format("the folder {} cannot be read: {}", in_quotes(folder.string(), 200),
                            error.message()));
  }
  std::ranges::sort(found);
  return found;
}

Result<int> size_folder(const Question& question) {
  People people;
  if (!question.heights.empty()) {
    people = TRY(parse_heights(TRY(read_whole(question.heights, kMostHeightsBytes))));
  }
  auto photos = TRY(find_photos(question.photos));
  if (photos.empty()) {
    return fail(ErrorKind::invalid, "size.no_photos",
                fmt::format("there is no picture in {}", in_quotes(question.photos.string(), 200)),
                "JPEG, PNG and WebP files are read, in folders below it, too");
  }
  TRY(sizing::PoseModels::load(question.models));  // or the output would be emptied for nothing
  const File output = TRY(open_output(question.output));
  net::Loop loop;
  Batch batch(question, std::move(photos), std::move(people), output.get());
  return loop.run_until_done(batch.run());
}

}  // namespace selvage::app::size
