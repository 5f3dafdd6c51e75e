// What a command does to the variables and options of the script that it stands in.
#pragma once

#include <string_view>
#include <vector>

#include "stack/shell.hpp"

namespace selvage::stack::detail {

// NAME=value, NAME+=value, NAME[i]=value; false, and nothing done, for any other word.
bool take_assignment(ShellScript& script, std::vector<ShellAssignment>& assignments,
                     const ShellWord& word, bool exported);
void note_effects(ShellScript& script, ShellCommand& command);
// "#!/usr/bin/env bash", "#!/bin/bash -eu".
void read_first_line(ShellScript& script, std::string_view line);

}  // namespace selvage::stack::detail
