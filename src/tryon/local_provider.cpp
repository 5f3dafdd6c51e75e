// The provider that needs nobody: composes the garments onto the person on this machine.
//
// The pose decides where the garment goes. A pose that cannot be had (no models, nobody found, too
// many waiting) never fails a job by itself: the picture is then made by silhouette, and the log
// says so.
#include <string>
#include <utility>

#include "base/log.hpp"
#include "image/decode.hpp"
#include "image/encode.hpp"
#include "tryon/compose/compose.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon {
namespace {

constexpr int kQuality = 92;
constexpr int kLongestSide = 1024;  // as the pipeline sends them; no larger ones are composed

struct Made {
  std::string bytes;
  bool by_body = false;
};

Result<image::Picture> decode_person(const ProviderRequest& request) {
  return image::flatten_on_white(
      TRY(image::decode(request.person.bytes, {.max_side = kLongestSide})));
}

Result<Made> make_picture(const ProviderRequest& request, const image::Picture& person,
                          const std::optional<Body>& body) {
  std::vector<image::Picture> garments;
  garments.reserve(request.garments.size());
  for (const InputImage& garment : request.garments) {
    garments.push_back(TRY(image::decode(garment.bytes, {.max_side = kLongestSide})));
  }
  const Dressed dressed = TRY(compose(person, garments, body));
  return Made{TRY(image::encode(dressed.picture, image::Format::jpeg, {.quality = kQuality})),
              dressed.by_body};
}

class LocalProvider final : public Provider {
 public:
  explicit LocalProvider(ProviderResources resources)
      : pool_(resources.image_pool), find_body_(std::move(resources.find_body)) {}

  Task<std::expected<GeneratedImage, ProviderError>> generate(ProviderRequest request) override {
    Result<image::Picture> person =
        co_await pool_.run([&request] { return decode_person(request); });
    if (!person) co_return std::unexpected(failure(person.error()));
    const std::optional<Body> body = co_await look_for_body(*person, request.log);
    const Result<Made> made =
        co_await pool_.run([&] { return make_picture(request, *person, body); });
    if (!made) co_return std::unexpected(failure(made.error()));
    request.log.debug("composed", {{"fitted_by", made->by_body ? "pose" : "silhouette"}});
    if (body && !made->by_body) say_without_pose("no torso that faces the camera", request.log);
    co_return GeneratedImage{made->bytes, std::string(image::media_type(image::Format::jpeg)), {}};
  }

  std::string name() const override { return "local"; }
  std::int64_t call_cost(std::size_t) const override { return 0; }
  Task<void> check_at_start() override { co_return; }

 private:
  static ProviderError failure(const Error& error) {
    const ProviderFailure kind = error.kind == ErrorKind::unavailable ? ProviderFailure::overloaded
                                                                      : ProviderFailure::bad_input;
    return {kind, error.describe(), std::nullopt, {}};
  }

  static void say_without_pose(const std::string& reason, const log::Context& context) {
    context.info("composed_without_pose", {{"reason", reason}});
  }

  Task<std::optional<Body>> look_for_body(image::Picture person, log::Context context) {
    if (!find_body_) co_return std::nullopt;
    Result<std::optional<Body>> found = co_await find_body_(std::move(person));
    if (!found) {
      say_without_pose(found.error().code + ": " + found.error().describe(), context);
      co_return std::nullopt;
    }
    if (!*found) say_without_pose("no person was found", context);
    co_return std::move(*found);
  }

  net::BlockingPool& pool_;
  BodyFinder find_body_;
};

}  // namespace

std::unique_ptr<Provider> make_local_provider(ProviderResources resources) {
  return std::make_unique<LocalProvider>(std::move(resources));
}

}  // namespace selvage::tryon
