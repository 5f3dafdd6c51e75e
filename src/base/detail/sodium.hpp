// libsodium must be initialised before its first use; every function that uses it says so.
#pragma once

namespace selvage::detail {

// Any thread, any number of times; aborts when the system has no source of randomness.
void ensure_sodium();

}  // namespace selvage::detail
