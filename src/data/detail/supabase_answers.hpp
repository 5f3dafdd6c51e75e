// The answers of Supabase Storage and of the gateway in front of it.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "data/detail/storage_answers.hpp"
#include "net/http_client.hpp"

namespace selvage::data {

// Why the answer is not what was asked for; nullopt when its status is 2xx.
[[nodiscard]] std::optional<Refusal> judge_supabase(const net::ClientResponse& response,
                                                    const Secret& key);

inline constexpr std::string_view kSupabase = "Supabase Storage";

}  // namespace selvage::data
