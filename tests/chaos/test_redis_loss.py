"""What Redis may lose when it dies, exactly, and that nothing else is lost.

                           appendfsync everysec                        appendfsync always
    kill -9 of Redis       nothing that was written; a write may be    nothing
                           put off for 2 s while a sync runs
    its power is cut       what was pushed since the last sync began,  nothing
                           about a second
    a task by HTTP         never: PostgreSQL has it, and it is sent    never
                           to Redis again

Power is cut by taking from the log what no fsync had covered (synced.c); the workers are asleep before each death, so
that the latest tasks are really in Redis alone.
"""

import signal
import time
import unittest

import preload
from producers import Producers
from settings import seeded
from stack import Stack, missing_parts
from stack_checks import check_facts
from stack_facts import gather
from stack_plan import KINDS, describe, make_plan

TASKS = 800
DEATHS = 4
PUT_OFF = 2.0  # seconds that Redis may put off a write while a sync is under way (its own limit)


@unittest.skipIf(missing_parts(), missing_parts())
@unittest.skipUnless(preload.COMPILER, "there is no C compiler to build synced.c with")
class RedisLoss(unittest.TestCase):
    def test_everysec_loses_the_last_second_of_pushes_and_nothing_else(self):
        facts, lost, deaths = self.run_with("everysec")
        pushed = sum(intent.via == "push" for intent in facts.plan)
        ages = [deaths_age(intent, deaths) for intent in lost]
        self.assertEqual([i.via for i in lost], ["push"] * len(lost))
        self.assertGreater(len(lost), 0, "no power cut took anything: this test shows nothing")
        print(f"        {describe(facts.plan)}, Redis died {DEATHS} times: of {pushed} pushed {len(lost)} were lost, all of "
              f"them answered at most {max(ages):.2f} s before a power cut; by HTTP none", flush=True)

    def test_always_loses_nothing(self):
        facts, lost, _ = self.run_with("always")
        self.assertEqual(lost, [])
        print(f"        {describe(facts.plan)}, Redis died {DEATHS} times: none was lost", flush=True)

    def run_with(self, fsync):
        random = seeded(f"redis_loss_{fsync}")
        stack = Stack(fsync, workers=2, apis=1, power=True)
        self.addCleanup(stack.close)
        plan = make_plan(random, TASKS, pushed=0.6, kinds=(KINDS["fine"], KINDS["missing"]), poor=False)
        producers = Producers(plan, [stack.apis[0].port], stack.api_keys, stack.redis.port, stack.shop.url, random)
        producers.start()
        deaths = []  # (since when nothing is safe, when it died)
        for number in range(DEATHS):
            producers.release(TASKS // DEATHS // 2)
            time.sleep(random.uniform(0, 1))
            for worker in stack.workers:
                worker.process.send_signal(signal.SIGSTOP)
            producers.release(TASKS // DEATHS // 2)
            time.sleep(random.uniform(0.1, 1.2))
            if number % 2:
                died = stack.redis.kill()
                unsafe = died - PUT_OFF
            else:
                unsafe, _ = stack.redis.cut_power()
                died = time.monotonic()
            if fsync == "everysec":
                deaths.append((unsafe, died))
            for worker in stack.workers:
                worker.process.send_signal(signal.SIGCONT)
            stack.redis.restart()
        producers.join()
        stack.wait_until_quiet()
        self.assertEqual(producers.problems, [])
        may_be_lost = {i.job_id: "pushed shortly before Redis died" for i in plan
                       if i.via == "push" and any(unsafe <= i.accepted_at <= died for unsafe, died in deaths)}
        facts = gather(stack, plan, may_be_lost=may_be_lost)
        check_facts(facts)
        return facts, [i for i in plan if i.job_id not in facts.sessions], deaths


def deaths_age(intent, deaths):
    """How long before the next death it was answered, in seconds."""
    return min(died - intent.accepted_at for _, died in deaths if died >= intent.accepted_at)


if __name__ == "__main__":
    unittest.main()
