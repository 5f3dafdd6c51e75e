// Queue messages and job requests are the fuzzer's; whatever is accepted must keep its promises.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tryon/acceptance.hpp"
#include "tryon/generation_task.hpp"
#include "tryon/pipeline.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace selvage::tryon;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  (void)salvage(input);
  if (const auto request = parse_job_request(input)) {
    SELVAGE_CHECK(request->credits.value >= 1 && request->credits.value <= kMaxCredits);
    SELVAGE_CHECK(!request->garment_image_urls.empty());
  }
  const auto task = GenerationTask::parse(input);
  if (!task) return 0;
  const auto again = GenerationTask::parse(task->to_json());
  SELVAGE_CHECK(again.has_value());
  SELVAGE_CHECK(again->to_json() == task->to_json());
  SELVAGE_CHECK(salvage(input).session_id == task->session_id);
  for (const char* extension : {"jpg", "webp"}) {
    const auto key = result_key(task->owner, task->session_id, extension);
    SELVAGE_CHECK(selvage::data::check_key(key).has_value());
  }
  SELVAGE_CHECK(selvage::data::check_key(inputs_prefix(task->session_id) + "x").has_value());
  return 0;
}
