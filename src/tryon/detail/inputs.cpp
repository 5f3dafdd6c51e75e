#include "tryon/detail/inputs.hpp"

#include <algorithm>

#include "base/task_group.hpp"
#include "image/decode.hpp"
#include "image/encode.hpp"
#include "tryon/detail/object_keys.hpp"

namespace selvage::tryon::detail {
namespace {

constexpr int kInputQuality =
    90;  // of a JPEG; below that, artefacts show in what a model makes of it

// What the loaders of one job share; all on one loop.
struct Loading {
  InputSources sources;
  std::vector<std::string> urls;
  std::vector<InputImage> images;
  std::size_t next = 0;
  std::optional<InputProblem> problem;
  CancelSource stop_all;
};

Result<InputImage> shrink_and_encode(const std::string& bytes) {
  image::DecodeLimits limits;
  limits.max_side = kInputSide;
  const image::Picture picture = TRY(image::decode(bytes, limits));
  const image::Format format = picture.has_alpha() ? image::Format::png : image::Format::jpeg;
  InputImage input;
  input.bytes = TRY(image::encode(picture, format, {.quality = kInputQuality}));
  input.media_type = image::media_type(format);
  return input;
}

Task<Result<std::string>> read_bytes(InputSources sources, std::string url, CancelToken stop) {
  if (url.starts_with(kObjectScheme)) {
    co_return CO_TRY(co_await sources.storage.get(url.substr(kObjectScheme.size()))).bytes;
  }
  co_return CO_TRY(co_await sources.guard.fetch_image(std::move(url), std::move(stop))).bytes;
}

Task<Result<InputImage>> load_one(InputSources sources, std::string url, CancelToken stop) {
  const std::string bytes = CO_TRY(co_await read_bytes(sources, std::move(url), stop));
  if (stop.cancelled()) co_return fail(cancelled_error("loading the pictures"));
  co_return co_await sources.pool.run([&bytes] { return shrink_and_encode(bytes); });
}

// `loading` outlives it: load_inputs() waits for every loader.
Task<void> load_next_ones(Loading& loading) {
  while (!loading.problem && loading.next < loading.urls.size()) {
    const std::size_t index = loading.next++;
    Result<InputImage> image =
        co_await load_one(loading.sources, loading.urls[index], loading.stop_all.token());
    if (image) {
      loading.images[index] = std::move(*image);
    } else if (!loading.problem) {
      loading.problem = InputProblem{index, std::move(image.error())};
      loading.stop_all.cancel();
    }
  }
}

}  // namespace

Task<std::expected<std::vector<InputImage>, InputProblem>> load_inputs(
    InputSources sources, std::vector<std::string> urls, CancelToken stop) {
  Loading loading{sources, std::move(urls), {}, 0, std::nullopt, {}};
  loading.images.resize(loading.urls.size());
  const CancelToken::Registration chained =
      stop.on_cancel([&loading] { loading.stop_all.cancel(); });
  TaskGroup loaders;
  const std::size_t count = std::min(kConcurrentInputs, loading.urls.size());
  for (std::size_t i = 0; i < count; ++i) loaders.spawn(load_next_ones(loading), "load_input");
  co_await loaders.join();
  if (loading.problem) co_return std::unexpected(std::move(*loading.problem));
  if (stop.cancelled()) {
    co_return std::unexpected(InputProblem{0, cancelled_error("loading the pictures")});
  }
  co_return std::move(loading.images);
}

}  // namespace selvage::tryon::detail
