// The edits of `selvage audit --fix`: shown, and with --write made.
#pragma once

#include "audit/mend.hpp"
#include "audit/report.hpp"

namespace selvage::app {

// Diffs, then what was refused and why; text for standard output.
[[nodiscard]] std::string show_mending(const audit::Mending& mending);

// Replaces each file at once and whole. Errors: audit.changed (conflict: a file is not what was
// read), stack.write; what was replaced before the error is put back.
[[nodiscard]] Result<void> write_mending(const audit::Mending& mending);
// Puts back what write_mending() replaced. Errors: stack.write, naming each file that could not be.
[[nodiscard]] Result<void> undo_mending(const audit::Mending& mending);

// Findings of `after` that `before` has not, high or critical: what the edits broke. Not those
// about variables that nobody sets, which edits may rightly demand.
[[nodiscard]] std::vector<const audit::Finding*> made_worse(const audit::Report& before,
                                                            const audit::Report& after);

}  // namespace selvage::app
