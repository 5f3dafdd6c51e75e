// The provider that needs nobody: composes the garments onto the person on this machine.
#include "image/decode.hpp"
#include "image/encode.hpp"
#include "tryon/compose/compose.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon {
namespace {

constexpr int kQuality = 92;

Result<std::string> make_picture(const ProviderRequest& request) {
  const image::Picture person = TRY(image::decode(request.person.bytes));
  std::vector<image::Picture> garments;
  garments.reserve(request.garments.size());
  for (const InputImage& garment : request.garments) {
    garments.push_back(TRY(image::decode(garment.bytes)));
  }
  const image::Picture dressed = TRY(compose(person, garments));
  return image::encode(dressed, image::Format::jpeg, {.quality = kQuality});
}

class LocalProvider final : public Provider {
 public:
  explicit LocalProvider(net::BlockingPool& pool) : pool_(pool) {}

  Task<std::expected<GeneratedImage, ProviderError>> generate(ProviderRequest request) override {
    const Result<std::string> picture =
        co_await pool_.run([&request] { return make_picture(request); });
    if (picture) {
      co_return GeneratedImage{*picture, std::string(image::media_type(image::Format::jpeg)), {}};
    }
    const Error& error = picture.error();
    const ProviderFailure failure = error.kind == ErrorKind::unavailable
                                        ? ProviderFailure::overloaded
                                        : ProviderFailure::bad_input;
    co_return std::unexpected(ProviderError{failure, error.describe(), std::nullopt, {}});
  }

  std::string name() const override { return "local"; }
  std::int64_t call_cost(std::size_t) const override { return 0; }
  Task<void> check_at_start() override { co_return; }

 private:
  net::BlockingPool& pool_;
};

}  // namespace

std::unique_ptr<Provider> make_local_provider(ProviderResources resources) {
  return std::make_unique<LocalProvider>(resources.image_pool);
}

}  // namespace selvage::tryon
