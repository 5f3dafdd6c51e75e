"""Runs the chaos tests and ends with "N passed, N failed, N skipped".

    run.py [--jobs N] [--kills N] [--seed S] [--hours H] [TEST...]

--hours repeats all of them, with new seeds, until the time is over; the first failure ends it.
"""

import argparse
import importlib.util
import pathlib
import sys
import time

from settings import SIZE

HERE = pathlib.Path(__file__).resolve().parent


def end_to_end_runner():
    """tests/e2e/run.py, under another name than this file's."""
    spec = importlib.util.spec_from_file_location("end_to_end_runner", HERE.parent / "e2e" / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.insert(1, str(HERE.parent / "e2e"))
    return module


def main():
    options = argparse.ArgumentParser(description="Chaos tests on the real binary")
    options.add_argument("--jobs", type=int, default=SIZE.jobs, help="jobs of each big run")
    options.add_argument("--kills", type=int, default=SIZE.kills, help="kill -9 in each run that has any")
    options.add_argument("--seed", type=int, default=0, help="repeat the choices of an earlier run")
    options.add_argument("--hours", type=float, default=0, help="repeat everything for so long")
    options.add_argument("tests", nargs="*", help="test modules, classes or methods; default: all")
    given = options.parse_args()
    SIZE.jobs, SIZE.kills, SIZE.seed = given.jobs, given.kills, given.seed
    runner, end, rounds = end_to_end_runner(), time.monotonic() + given.hours * 3600, 0
    while True:
        rounds += 1
        if given.hours:
            print(f"round {rounds}", flush=True)
        failed = runner.run(HERE, given.tests)
        if failed or time.monotonic() >= end:
            return failed


if __name__ == "__main__":
    sys.exit(main())
