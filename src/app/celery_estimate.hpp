// The task `estimate_body` for Celery's clients: estimate_body(image_url, height_cm, sex=None,
// fit=None, chart=None, include=None, store_id=None, user_id=None), by position or by name.
//
// Its result is what POST /estimate-body answers. Bad arguments are a ValueError; a photo that
// cannot be sized is the exception selvage.SizingFailed(code, message, hint). A photo's host that
// is away, and a process that has too much to do, are asked again.
#pragma once

#include "celery/function.hpp"
#include "sizing/sizer.hpp"

namespace selvage::app {

// The sizer outlives the function.
[[nodiscard]] celery::Function estimate_function(sizing::Sizer& sizer);

}  // namespace selvage::app
