// What lies on a queue's list is anybody's; whatever is read must be whole, and what is made of it
// again must be read as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "celery/make_message.hpp"
#include "celery/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace selvage::celery;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  (void)salvage_message(input);
  const auto message = parse_message(input);
  if (!message) return 0;
  SELVAGE_CHECK(!message->id.empty() && !message->task.empty());
  SELVAGE_CHECK(message->priority >= 0 && message->priority <= 9);
  const auto again =
      make_message(message->task, message->args, message->kwargs,
                   {.id = message->id, .retries = message->retries, .then = message->then});
  if (!again) return 0;  // a text that is no UTF-8 or too long
  const auto back = parse_message(again->text);
  SELVAGE_CHECK(back.has_value());
  SELVAGE_CHECK(back->args == message->args && back->kwargs == message->kwargs);
  SELVAGE_CHECK(back->then.chain == message->then.chain);
  return 0;
}
