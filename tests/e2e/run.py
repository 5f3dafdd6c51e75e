"""Runs the test_*.py of this folder and ends with "N passed, N failed, N skipped".

    run.py [--jobs N] [TEST...]    modules, classes or methods; default: all

With --jobs each module runs in a process of its own, N at a time.
"""

import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class OneLine(unittest.TextTestResult):
    def startTest(self, test):
        self.begun = time.monotonic()
        unittest.TestResult.startTest(self, test)

    def say(self, verdict, test, note=""):
        self.stream.writeln(f"{verdict:7} {time.monotonic() - self.begun:6.1f} s  {test.id()}{note}")
        self.stream.flush()

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.say("ok", test)

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self.say("FAIL", test)

    def addError(self, test, err):
        unittest.TestResult.addError(self, test, err)
        self.say("ERROR", test)

    def addSkip(self, test, reason):
        unittest.TestResult.addSkip(self, test, reason)
        self.begun = time.monotonic()
        self.say("skipped", test, f": {reason}")

    def addSubTest(self, test, subtest, err):
        unittest.TestResult.addSubTest(self, test, subtest, err)
        if err is not None:
            self.say("FAIL", subtest)


def run(folder, names):
    sys.path[:0] = [str(folder), str(HERE)]
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(folder))
    result = unittest.TextTestRunner(sys.stdout, resultclass=OneLine, verbosity=0).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{max(result.testsRun - failed - skipped, 0)} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def run_side_by_side(folder, jobs):
    """Every module, those with most tests first; what a module says is printed whole when it has ended."""
    tests_of = {path.stem: len(re.findall(r"^    def test_", path.read_text(), re.MULTILINE)) for path in folder.glob("test_*.py")}
    begin = lambda name: subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    sums = dict.fromkeys(("passed", "failed", "skipped"), 0)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = [pool.submit(begin, name) for name in sorted(tests_of, key=tests_of.get, reverse=True)]
        for done in concurrent.futures.as_completed(runs):
            *said, last = done.result().stdout.rstrip().split("\n")
            print("\n".join(said), flush=True)
            found = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
            if not found:
                print(last, "the module ended without a summary", sep="\n", flush=True)
            for name, number in zip(sums, found.groups() if found else (0, 1, 0)):
                sums[name] += int(number)
    print(", ".join(f"{number} {name}" for name, number in sums.items()))
    return 1 if sums["failed"] else 0


def main():
    options = argparse.ArgumentParser(description="End-to-end tests on the real binary")
    options.add_argument("--jobs", type=int, default=1, help="modules that run side by side")
    options.add_argument("tests", nargs="*", help="test modules, classes or methods; default: all")
    given = options.parse_args()
    if given.jobs > 1 and not given.tests:
        return run_side_by_side(HERE, given.jobs)
    return run(HERE, given.tests)


if __name__ == "__main__":
    sys.exit(main())
