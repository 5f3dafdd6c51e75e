"""Runs the chaos tests and ends with "N passed, N failed, N skipped".

    run.py [--jobs N] [--kills N] [--tasks N] [--minutes M] [--long] [--keep]
           [--seed S] [--hours H] [TEST...]

--tasks and --minutes are of the storm over the whole stack (Redis, PostgreSQL, several workers). --hours repeats all
tests, with new seeds, until the time is over; the first failure ends it.
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
    options.add_argument("--tasks", type=int, default=SIZE.tasks, help="tasks of the storm over the whole stack")
    options.add_argument("--minutes", type=float, default=SIZE.minutes, help="how long that storm lasts at least")
    options.add_argument("--long", action="store_true", help="also what takes minutes by its nature")
    options.add_argument("--keep", action="store_true", help="leave the files of each stack, to look at")
    options.add_argument("--seed", type=int, default=0, help="repeat the choices of an earlier run")
    options.add_argument("--hours", type=float, default=0, help="repeat everything for so long")
    options.add_argument("tests", nargs="*", help="test modules, classes or methods; default: all")
    given = options.parse_args()
    for name in ("jobs", "kills", "tasks", "minutes", "long", "keep", "seed"):
        setattr(SIZE, name, getattr(given, name))
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
