// What the operating system knows about this process, under the names that every Prometheus client
// uses.
#pragma once

#include <string>

namespace selvage::detail {

// Appends the process_* families in the text format. A value that /proc does not give is left out.
void append_process_metrics(std::string& out);

}  // namespace selvage::detail
