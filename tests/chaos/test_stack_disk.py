"""The disk under Redis, PostgreSQL and the pictures fills up and heals in the middle of a run. Whoever asks meanwhile is
told to come later; what was accepted only waits. A server that gives up is started again when there is room, as its
supervisor would do it."""

import time
import unittest

from producers import Producers
from settings import seeded
from small_disk import SmallDisk
from stack import Stack, missing_parts
from stack_checks import check_facts
from stack_facts import gather
from stack_plan import QUICK, describe, make_plan

TIMES = 2


@unittest.skipIf(missing_parts(), missing_parts())
class StackDisk(unittest.TestCase):
    def setUp(self):
        self.disk = SmallDisk(400)
        self.addCleanup(self.disk.close)
        if not self.disk.mounted:
            self.skipTest("mounting a small tmpfs needs root and the right to mount")

    def test_a_disk_that_fills_and_heals(self):
        random = seeded("stack_disk")
        stack = Stack("everysec", workers=2, apis=1, servers=self.disk.place)
        self.addCleanup(stack.close)
        plan = make_plan(random, 800, kinds=QUICK)
        producers = Producers(plan, [stack.apis[0].port], stack.api_keys, stack.redis.port, stack.shop.url, random)
        producers.start()
        gave_up = []
        for _ in range(TIMES):
            producers.release(len(plan) // TIMES // 2)
            time.sleep(random.uniform(0, 1))
            before = producers.refused + producers.busy
            self.disk.fill()
            producers.release(len(plan) // TIMES // 2)
            self.until(lambda: producers.refused + producers.busy > before or self.dead(stack), "a producer notices")
            time.sleep(random.uniform(0, 3))
            self.disk.empty()
            gave_up += self.revive(stack)
        producers.join()
        stack.wait_until_quiet(len(plan))
        self.assertEqual(producers.problems, [])
        check_facts(gather(stack, plan))
        print(f"        {describe(plan)}, the disk was full {TIMES} times: {producers.busy} requests were told to come later, "
              f"{producers.refused} pushes were refused; gave up and were started again: {', '.join(gave_up) or 'none'}",
              flush=True)

    def dead(self, stack):
        return [name for name in ("redis", "postgres") if not getattr(stack, name).alive()]

    def revive(self, stack):
        names = self.dead(stack)
        for name in names:
            getattr(stack, name).restart()
        stack.postgres.wait_ready()
        return names

    def until(self, condition, what, limit=120):
        end = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < end, f"not within {limit} s: {what}"
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
