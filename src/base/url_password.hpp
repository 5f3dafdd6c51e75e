// Where a URL keeps its password.
#pragma once

#include <string_view>

namespace selvage {

// The password in scheme://user:PASSWORD@host as it is written (a view of `url`); empty when there
// is none. Also finds passwords whose '/', '?' or '#' someone forgot to percent-encode, because
// those leak just as well.
[[nodiscard]] std::string_view url_password(std::string_view url);

}  // namespace selvage
