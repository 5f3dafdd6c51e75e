#include "app/audit_mend.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/printable.hpp"
#include "base/text.hpp"
#include "stack/replace_file.hpp"

namespace selvage::app {

namespace {

std::uint32_t permissions_of(const std::filesystem::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0644U;
}

Result<void> replace(const audit::MendedFile& file, std::string_view expected,
                     std::string_view bytes) {
  const auto there = TRY(stack::Text::read(file.path));
  if (there->bytes() != expected) {
    return fail(ErrorKind::conflict, "audit.changed",
                fmt::format("{} is not what was audited", file.name), "run the audit again");
  }
  return stack::replace_file(file.path, bytes, permissions_of(file.path));
}

// Line by line, so that control characters of a file do not reach the terminal.
std::string shown(const std::string& diff) {
  std::string out;
  for (const std::string_view line : split(diff, '\n')) out += printable(line) + "\n";
  out.pop_back();
  return out;
}

}  // namespace

std::string show_mending(const audit::Mending& mending) {
  std::string out;
  for (const audit::MendedFile& file : mending.files) out += shown(audit::unified_diff(file));
  for (const auto& refusal : mending.refused) {
    out += printable(fmt::format("not mended: {} at {}:{}: {}", refusal.finding->rule->id,
                                 refusal.finding->place.file, refusal.finding->place.line,
                                 refusal.reason)) +
           "\n";
  }
  return out;
}

Result<void> write_mending(const audit::Mending& mending) {
  audit::Mending written;
  for (const audit::MendedFile& file : mending.files) {
    auto done = replace(file, file.before, file.after);
    if (!done) {
      TRY(undo_mending(written));
      return done;
    }
    written.files.push_back(file);
  }
  return {};
}

Result<void> undo_mending(const audit::Mending& mending) {
  std::vector<std::string> problems;
  for (const audit::MendedFile& file : mending.files) {
    if (const auto undone = replace(file, file.after, file.before); !undone) {
      problems.push_back(undone.error().describe());
    }
  }
  if (problems.empty()) return {};
  return fail(ErrorKind::unavailable, "stack.write",
              "not everything could be put back: " + join(problems, "; "),
              "look at what git diff shows");
}

std::vector<const audit::Finding*> made_worse(const audit::Report& before,
                                              const audit::Report& after) {
  std::set<std::string_view> known;
  const auto know = [&](const audit::Finding& finding) {
    known.insert(finding.fingerprint);
    for (const audit::Finding& twin : finding.twins) known.insert(twin.fingerprint);
  };
  std::ranges::for_each(before.findings, know);
  for (const audit::SetAside& aside : before.set_aside) know(aside.finding);
  std::vector<const audit::Finding*> worse;
  for (const audit::Finding& finding : after.findings) {
    // a variable that is demanded from now on has to be set: that is what the edit is for
    if (finding.rule->id == "env-file-missing" || finding.rule->id == "env-required-unset")
      continue;
    if (finding.severity >= audit::Severity::high && !known.contains(finding.fingerprint)) {
      worse.push_back(&finding);
    }
  }
  return worse;
}

}  // namespace selvage::app
