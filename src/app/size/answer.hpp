// The answers of `selvage size` as people, programs and spreadsheets read them.
#pragma once

#include <string>
#include <string_view>

#include "sizing/size_advice.hpp"

namespace selvage::app::size {

// Lines of at most 80 columns.
[[nodiscard]] std::string answer_text(const sizing::SizeAdvice& advice,
                                      const sizing::Wearer& wearer, std::string_view photo);

// Of a refusal: {code, detail, hint}, the members of the API's; one line without its end.
[[nodiscard]] std::string refusal_json(const Error& error);

// One line of CSV (RFC 4180, line feeds) without its end, for a photo that has an answer and for
// one that has not. Every row has the columns of csv_header().
[[nodiscard]] std::string csv_header();
[[nodiscard]] std::string csv_row(std::string_view photo, const sizing::Wearer& wearer,
                                  const Result<sizing::SizeAdvice>& advice);

}  // namespace selvage::app::size
