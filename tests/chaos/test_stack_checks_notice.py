"""The checks of the stack themselves: facts of a good run are made up, spoiled in one way at a time, and the check that
is meant for it must say so."""

import copy
import random
import unittest

import stack_checks
from celery_tasks import check_celery
from history import Event
from openai_stand_in import PICTURE_SIZE
from stack_facts import Facts
from stack_plan import GRANT, OWNERS, POOR, POOR_GRANT, make_plan

TASKS = 400


def good_facts():
    """What a run leaves behind in which each task did what it must."""
    plan = make_plan(random.Random(3), TASKS)
    facts = Facts(plan=plan, grants={**{owner: GRANT for owner in OWNERS}, POOR: POOR_GRANT}, sessions={}, entries=[],
                  balances={}, history={}, calls={}, runs={}, bugs=[], results={}, inputs=[], strays=[],
                  queues=[{"queue": "q", "ready": 0, "delayed": 0, "leased": 0, "dead": 2}], leftovers=[], audit="",
                  garbage=2, api_died=False)
    balance = dict(facts.grants)
    paid = 0
    for number, intent in enumerate(plan):
        job_id, (channel, owner) = intent.job_id, intent.owner
        intent.answers = [("pushed" if intent.via == "push" else 202, job_id)]
        row = {"id": job_id, "channel": channel, "owner": owner, "status": intent.kind.ending, "credits": 1,
               "result_key": None, "error_code": intent.kind.error}
        facts.sessions[job_id] = row
        tx = 100 + 10 * number
        if intent.owner == POOR and paid == POOR_GRANT:
            row |= {"status": "failed", "error_code": "insufficient_credits"}
            facts.history[job_id] = [Event(tx, "queued", 0), Event(tx, "failed", 0)]
            continue
        paid += intent.owner == POOR
        facts.calls[intent.request_id] = intent.kind.calls
        facts.runs[job_id] = ["job_" + row["status"]]
        facts.entries.append({"kind": "charge", "channel": channel, "owner": owner, "amount": -1, "session_id": job_id})
        facts.history[job_id] = [Event(tx, "queued", 0), Event(tx, "charge", None), Event(tx + 1, "processing", 7),
                                 Event(tx + 2, row["status"], 7)]
        if row["status"] == "completed":
            row["result_key"] = f"results/{job_id}.jpg"
            facts.results[row["result_key"]] = PICTURE_SIZE
            balance[intent.owner] -= 1
        else:
            facts.entries.append({"kind": "refund", "channel": channel, "owner": owner, "amount": 1, "session_id": job_id})
            facts.history[job_id].append(Event(tx + 2, "refund", None))
            if intent.uploads:
                facts.inputs.append(f"inputs/{job_id}/1-x-person.png")
    for (channel, owner), granted in facts.grants.items():
        facts.entries.append({"kind": "grant", "channel": channel, "owner": owner, "amount": granted, "session_id": None})
        facts.balances[channel, owner] = {"balance": balance[channel, owner]}
    return facts


def first(facts, status, kind=None, uploads=None):
    return next(i for i in facts.plan if facts.sessions[i.job_id]["status"] == status and i.owner != POOR
                and kind in (None, i.kind.name) and uploads in (None, i.uploads))


def remove_entry(facts, kind):
    facts.entries.remove(next(e for e in facts.entries if e["kind"] == kind))


def repeat_entry(facts, kind):
    facts.entries.append(next(e for e in facts.entries if e["kind"] == kind))


def refund_early(facts):
    """While the second try of a busy provider is still to come."""
    events = facts.history[first(facts, "failed", "busy").job_id]
    refund = events.pop()
    events.insert(3, Event(events[2].tx, refund.what, None))


def stale_holder(facts):
    facts.history[first(facts, "completed").job_id][2].token = 9


def end_twice(facts):
    events = facts.history[first(facts, "completed").job_id]
    events.append(Event(events[-1].tx + 5, "failed", 7))


def lose(facts, job_id):
    del facts.sessions[job_id]


SPOIL = {
    "check_answers": {
        "a client was told another id": lambda f: f.plan[0].answers.__setitem__(0, (202, "stranger")),
        "a client was refused": lambda f: f.plan[0].answers.__setitem__(0, (500, "internal")),
        "a client was never answered": lambda f: f.plan[0].answers.clear(),
        "a client was accepted twice": lambda f: f.plan[0].answers.append((202, "another")),
    },
    "check_sessions": {
        "an accepted task is lost": lambda f: lose(f, first(f, "completed").job_id),
        "a session nobody asked for": lambda f: f.sessions.update(stranger=f.sessions[f.plan[0].job_id]),
        "a session never ended": lambda f: f.sessions[f.plan[0].job_id].update(status="processing"),
        "a good task failed": lambda f: f.sessions[first(f, "completed").job_id].update(status="failed", error_code="internal"),
        "a task failed for another reason": lambda f: f.sessions[first(f, "failed").job_id].update(error_code="abandoned"),
        "a session is another owner's": lambda f: f.sessions[f.plan[0].job_id].update(owner="user-9"),
        "the poor owner got one more": lambda f: next(
            f.sessions[i.job_id] for i in f.plan if f.sessions[i.job_id]["error_code"] == "insufficient_credits"
        ).update(status="completed", error_code=None),
    },
    "check_history": {
        "a refund while a retry is pending": refund_early,
        "a stale holder ended a session": stale_holder,
        "a session ended twice": end_twice,
        "a session was deleted": lambda f: f.history[f.plan[0].job_id].append(Event(1, "deleted", None)),
        "a charge came later": lambda f: setattr(f.history[f.plan[0].job_id][1], "tx", 1),
        "a refund of a completed session": lambda f: f.history[first(f, "completed").job_id].append(Event(1, "refund", None)),
        "a failure without its refund": lambda f: f.history[first(f, "failed").job_id].pop(),
        "no history at all": lambda f: f.history.pop(first(f, "completed").job_id),
    },
    "check_ledger": {
        "a refund is missing": lambda f: remove_entry(f, "refund"),
        "a refund is doubled": lambda f: repeat_entry(f, "refund"),
        "a charge is missing": lambda f: remove_entry(f, "charge"),
        "a charge is doubled": lambda f: repeat_entry(f, "charge"),
        "a grant is doubled": lambda f: repeat_entry(f, "grant"),
        "a balance is one too high": lambda f: f.balances[OWNERS[0]].update(balance=f.balances[OWNERS[0]]["balance"] + 1),
        "an entry of nobody": lambda f: f.entries.append({**f.entries[0], "session_id": "stranger"}),
        "the platform's own audit complains": lambda f: setattr(f, "audit", "1 discrepancy"),
    },
    "check_calls": {
        "a picture was paid twice": lambda f: f.calls.update({first(f, "completed").request_id: 9}),
        "one call too many": lambda f: f.calls.update({first(f, "completed", "fine").request_id: 2}),
        "a disturbed task called without end": lambda f: (
            f.runs.update({first(f, "completed", "fine").job_id: ["died", "job_completed"]}),
            f.calls.update({first(f, "completed", "fine").request_id: 3})),
        "a picture without a call": lambda f: f.calls.pop(first(f, "completed").request_id),
        "a call of a task that cannot pay": lambda f: f.calls.update({next(
            i.request_id for i in f.plan if f.sessions[i.job_id]["error_code"] == "insufficient_credits"): 1}),
        "a call for nobody": lambda f: f.calls.update({"chaos-999999": 1}),
        "a run that no one ended": lambda f: f.runs[first(f, "completed").job_id].append("unknown"),
        "a handler crashed": lambda f: f.bugs.append("job_crashed"),
    },
    "check_pictures": {
        "a picture is missing": lambda f: f.results.pop(next(iter(f.results))),
        "a picture without a session": lambda f: f.results.update({"results/stranger.jpg": PICTURE_SIZE}),
        "a picture is cut": lambda f: f.results.update({next(iter(f.results)): None}),
        "a staged file": lambda f: f.strays.append(".tmp/x"),
        "inputs of a completed task": lambda f: f.inputs.append(f"inputs/{first(f, 'completed').job_id}/1-x-person.png"),
        "inputs of nobody": lambda f: f.inputs.append("inputs/stranger/1-x-person.png"),
        "the inputs of a failed task are gone": lambda f: f.inputs.clear(),
    },
    "check_queues": {
        "a task waits": lambda f: f.queues[0].update(ready=1),
        "a task is delayed": lambda f: f.queues[0].update(delayed=1),
        "a task is held": lambda f: f.queues[0].update(leased=1),
        "a dead letter too many": lambda f: f.queues[0].update(dead=3),
        "a good task is dead": lambda f: f.dead.append(("poison", "{}")),
        "a dead letter is gone": lambda f: f.queues[0].update(dead=1),
        "Redis holds a forgotten task": lambda f: f.leftovers.append("1 payload"),
    },
}


class StackChecksNotice(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.good = good_facts()

    def test_a_good_run_passes(self):
        stack_checks.check_facts(self.good)

    def test_each_check_is_proven(self):
        self.assertEqual({check.__name__ for check in stack_checks.CHECKS}, SPOIL.keys())

    def test_each_spoiled_fact_is_noticed_by_the_check_meant_for_it(self):
        for name, ways in SPOIL.items():
            for what, spoil in ways.items():
                with self.subTest(what):
                    facts = copy.deepcopy(self.good)
                    spoil(facts)
                    with self.assertRaises(AssertionError):
                        getattr(stack_checks, name)(facts)

    def test_only_what_may_be_lost_may_be(self):
        facts = copy.deepcopy(self.good)
        lost = first(facts, "completed")
        lose(facts, lost.job_id)
        facts.may_be_lost = {lost.job_id: "acknowledged 0.4 s before Redis died"}
        stack_checks.check_sessions(facts)
        facts.may_be_lost = {"another": ""}
        self.assertRaises(AssertionError, stack_checks.check_sessions, facts)

    def test_a_crash_excuses_one_more_call_and_no_more(self):
        facts = copy.deepcopy(self.good)
        intent = first(facts, "completed", "fine")
        facts.calls[intent.request_id] = 2
        for runs, good in ((["died", "job_completed"], True), (["job_retried", "job_completed"], False),
                           (["waited", "job_completed"], False)):
            facts.runs[intent.job_id] = runs
            with self.subTest(runs):
                self.assertEqual(self.passes(stack_checks.check_calls, facts), good)

    def test_a_wrong_end_of_a_celery_task_is_noticed(self):
        tasks, results, done = {"a": 1, "b": 2}, {"a": ("SUCCESS", 1), "b": ("SUCCESS", 2)}, {"a": 1, "b": 3}
        check_celery(tasks, results, done)
        for what, spoiled in {
            "never done": (tasks, results, {"a": 1}),
            "no result": (tasks, {**results, "b": None}, done),
            "another result": (tasks, {**results, "b": ("SUCCESS", 1)}, done),
            "failed": (tasks, {**results, "b": ("FAILURE", 2)}, done),
            "sent by nobody": (tasks, results, {**done, "c": 1}),
        }.items():
            with self.subTest(what), self.assertRaises(AssertionError):
                check_celery(*spoiled)

    @staticmethod
    def passes(check, facts):
        try:
            check(facts)
        except AssertionError:
            return False
        return True


if __name__ == "__main__":
    unittest.main()
