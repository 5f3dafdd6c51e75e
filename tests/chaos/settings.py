"""How big a run is: set by run.py from its options, read by the tests."""

import dataclasses
import random


@dataclasses.dataclass
class Size:
    jobs: int = 1000
    kills: int = 50
    seed: int = 0  # 0: a new one each run


SIZE = Size()


def seeded(test_name):
    """Random numbers of one test. The seed is printed; `run.py --seed` repeats its choices."""
    seed = SIZE.seed or random.SystemRandom().randrange(1, 1_000_000)
    print(f"        seed {seed}  {test_name}", flush=True)
    return random.Random(f"{test_name} {seed}")
