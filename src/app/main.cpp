#include <string>
#include <vector>

#include "app/command.hpp"

int main(int count, char** words) {
  return selvage::app::run_program(std::vector<std::string>(words + 1, words + count));
}
