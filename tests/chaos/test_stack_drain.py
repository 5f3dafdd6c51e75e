"""SIGTERM of a worker on Redis: it takes no more, hands back what it cannot finish, and nothing waits for a lease to
lapse: the lease time is ten minutes here, so a task that was not handed back would be noticed."""

import time
import unittest

from killer import restart
from producers import Producers
from settings import seeded
from stack import Stack, missing_parts
from stack_checks import check_facts
from stack_facts import gather
from stack_plan import KINDS, describe, make_plan

MARGIN = 20  # seconds a loaded machine may add to what is promised


@unittest.skipIf(missing_parts(), missing_parts())
class StackDrain(unittest.TestCase):
    def test_rolling_restarts_under_load_hand_back_and_lose_nothing(self):
        random = seeded("stack_drain")
        stack = Stack("everysec", workers=2, apis=1, settings={"LEASE_TIME": "10m", "DRAIN_GRACE": "1s"}, provider_delay=2)
        self.addCleanup(stack.close)
        plan = make_plan(random, 250, kinds=(KINDS["fine"], KINDS["missing"]), poor=False)
        producers = Producers(plan, [stack.apis[0].port], stack.api_keys, stack.redis.port, stack.shop.url, random)
        producers.start()
        slowest, drains = 0.0, 5
        for _ in range(drains):
            producers.release(len(plan) // drains)
            time.sleep(random.uniform(0.5, 1.5))
            worker = random.choice(stack.workers)
            begun = time.monotonic()
            self.assertEqual(worker.stop(1 + MARGIN), 0)
            slowest = max(slowest, time.monotonic() - begun)
            restart(worker)
        producers.join()
        stack.wait_until_quiet(len(plan))
        self.assertEqual(producers.problems, [])
        facts = gather(stack, plan)
        check_facts(facts)
        back = sum(run == "job_handed_back" for runs in facts.runs.values() for run in runs)
        self.assertGreater(back, 0, "no worker ever had to hand a task back")
        print(f"        {describe(plan)}, {drains} drains: the slowest took {slowest:.1f} s (grace 1 s), {back} tasks were "
              "handed back and taken again at once", flush=True)


if __name__ == "__main__":
    unittest.main()
