"""Runs the test_*.py of a folder and ends with "N passed, N failed, N skipped"."""

import pathlib
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


if __name__ == "__main__":
    sys.exit(run(HERE, sys.argv[1:]))
