// A provider that does what a test says, one step a call; the last step repeats.
#pragma once

#include <deque>
#include <functional>
#include <variant>

#include "image/encode.hpp"
#include "net/loop.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon {

inline std::string encoded_picture(int width = 64, int height = 96,
                                   image::Format format = image::Format::jpeg) {
  return image::encode(image::Picture::filled(width, height, 3, 90), format).value();
}

class ScriptedProvider final : public Provider {
 public:
  struct Answer {};   // a picture
  struct Hang {};     // until cancelled
  struct Garbage {};  // bytes that are no picture
  struct Held {       // a picture, once `until` is cancelled
    CancelToken until;
  };
  struct SecondTry {};  // the first try meets an overloaded server, the second makes the picture
  using Step = std::variant<Answer, Hang, Garbage, Held, SecondTry, ProviderError>;

  void script(std::deque<Step> steps) { steps_ = std::move(steps); }

  Task<std::expected<GeneratedImage, ProviderError>> generate(ProviderRequest request) override {
    ++calls;
    last_request = request;
    const Step step = steps_.empty() ? Step(Answer{}) : steps_.front();
    if (steps_.size() > 1) steps_.pop_front();
    if (std::holds_alternative<Hang>(step)) {
      ++hanging;
      while (!request.cancel.cancelled()) co_await net::sleep_for(seconds(60), request.cancel);
      --hanging;
      co_return std::unexpected(
          ProviderError{ProviderFailure::cancelled, "told to stop", std::nullopt, ""});
    }
    if (const auto* held = std::get_if<Held>(&step)) {
      while (!held->until.cancelled()) co_await net::sleep_for(seconds(60), held->until);
    }
    if (std::holds_alternative<SecondTry>(step)) {
      const Result<void> turn = co_await request.before_retry();
      if (!turn) {
        co_return std::unexpected(
            ProviderError{ProviderFailure::overloaded, "as scripted", std::nullopt, ""});
      }
    }
    if (const auto* error = std::get_if<ProviderError>(&step)) co_return std::unexpected(*error);
    if (std::holds_alternative<Garbage>(step)) {
      co_return GeneratedImage{"<html>oops</html>", "image/jpeg", "req-garbage"};
    }
    co_return GeneratedImage{encoded_picture(), "image/jpeg", "req-scripted"};
  }
  std::string name() const override { return "scripted"; }
  std::int64_t call_cost(std::size_t) const override {
    if (before_call) before_call();
    return cost;
  }
  Task<void> check_at_start() override { co_return; }

  int calls = 0;
  int hanging = 0;
  std::int64_t cost = 1;
  std::function<void()> before_call;  // when the job is about to ask for its turn
  std::optional<ProviderRequest> last_request;

 private:
  std::deque<Step> steps_;
};

inline ProviderError provider_error(ProviderFailure failure,
                                    std::optional<milliseconds> retry_after = std::nullopt) {
  return {failure, "as scripted", retry_after, "req-failed"};
}

}  // namespace selvage::tryon
