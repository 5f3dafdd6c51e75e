"""How big a run is: set by run.py from its options, read by the tests."""

import dataclasses
import random


@dataclasses.dataclass
class Size:
    jobs: int = 1000
    kills: int = 50
    seed: int = 0  # 0: a new one each run
    tasks: int = 20_000  # of the storm over the whole stack
    minutes: float = 0  # that the storm lasts at least
    long: bool = False  # also what takes minutes by its nature
    keep: bool = False  # the files of each stack, to look at


SIZE = Size()


def seeded(test_name):
    """Random numbers of one test. The seed is printed; `run.py --seed` repeats its choices."""
    seed = SIZE.seed or random.SystemRandom().randrange(1, 1_000_000)
    print(f"        seed {seed}  {test_name}", flush=True)
    return random.Random(f"{test_name} {seed}")
