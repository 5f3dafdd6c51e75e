"""What must hold after any run on the stack. Each check names what is wrong; test_stack_checks_notice.py spoils the
facts in one way at a time and sees that the check meant for it says so.

The numbers are those of the invariants in docs/design.md's terms: 1 one end for each accepted task, 2 the ledger,
3 fencing, 4 clean-up, 5 limits (test_rate_limit.py), 6 drain (test_drain.py and the storm), 7 memory.
"""

import collections

from checks import tell
from openai_stand_in import PICTURE_SIZE
from stack_plan import POOR, POOR_GRANT

ENDED = {"completed", "failed"}
# A run that ended so may have left a call of the provider behind whose picture nobody got.
DISTURBED = {"died", "job_lease_lost", "job_handed_back"}
# What the provider failed may be asked for again when the run is put off because something of ours is away.
ASKS_AGAIN = DISTURBED | {"waited"}


def unpaid(facts):
    """Tasks of the poor owner that could not be paid: any of them, so long as the number is right."""
    return {intent.job_id for intent in facts.plan if intent.owner == POOR
            and facts.sessions.get(intent.job_id, {}).get("error_code") == "insufficient_credits"}


def check_answers(facts):
    """Each client got one answer, and it was that its task is accepted, under the id it had chosen."""
    tell([f"task {i.number} ({i.via}, {i.kind.name}) was answered {i.answers}" for i in facts.plan
          if [what for status, what in i.answers if status in (200, 202, "pushed")] != [i.job_id] or len(i.answers) != 1])


def check_sessions(facts):
    """Invariant 1: the accepted tasks have a session each, no other session exists, each ended as its kind must."""
    wanted = {intent.job_id: intent for intent in facts.plan}
    poor = unpaid(facts)
    problems = [f"session {i} exists, but nobody asked for it" for i in facts.sessions.keys() - wanted.keys()]
    for job_id, intent in wanted.items():
        row = facts.sessions.get(job_id)
        if row is None:
            if job_id not in facts.may_be_lost:
                problems.append(f"task {intent.number} ({intent.via}, {intent.kind.name}) was accepted and is lost")
            continue
        ending = ("failed", "insufficient_credits") if job_id in poor else (intent.kind.ending, intent.kind.error)
        if (row["status"], row["error_code"]) != ending:
            problems.append(f"{job_id} ({intent.via}, {intent.kind.name}) is {row['status']} {row['error_code']}, "
                            f"its runs: {facts.runs.get(job_id)}")
        if (row["channel"], row["owner"]) != intent.owner:
            problems.append(f"{job_id} belongs to {row['channel']} {row['owner']}, was sent by {intent.owner}")
    asked = [i for i in facts.plan if i.owner == POOR]
    if asked and len(asked) - len(poor) != min(POOR_GRANT, len(asked)):
        problems.append(f"the poor owner can pay {POOR_GRANT} tasks, and {len(asked) - len(poor)} were done")
    tell(problems)


def check_history(facts):
    """Invariants 1, 2 and 3, from what PostgreSQL wrote down of every change: one end, which stays; a refund only in
    the transaction that failed the session; the charge in the one that made it; the token of the latest holder."""
    problems = []
    poor = unpaid(facts)
    for job_id, row in facts.sessions.items():
        events = facts.history.get(job_id, [])
        states = [e for e in events if e.what in ("queued", "processing", *ENDED)]
        ends = [e for e in states if e.what in ENDED]
        money = {kind: [e for e in events if e.what == kind] for kind in ("charge", "refund")}
        told = " ".join(f"{e.what}/{e.token}@{e.tx}" if e.token is not None else f"{e.what}@{e.tx}" for e in events)
        if any(e.what == "deleted" for e in events):
            problems.append(f"{job_id} was deleted: {told}")
        if len(ends) != 1 or states[-1].what not in ENDED:
            problems.append(f"{job_id} ended {len(ends)} times: {told}")
            continue
        tokens = [e.token for e in states]
        if tokens != sorted(tokens):
            problems.append(f"{job_id}: a stale holder changed it: {told}")
        if [e.tx for e in money["refund"]] != ([ends[0].tx] if ends[0].what == "failed" and job_id not in poor else []):
            problems.append(f"{job_id}: a refund that is not its failure's: {told}")
        if [e.tx for e in money["charge"]] != ([] if job_id in poor else [states[0].tx]):
            problems.append(f"{job_id}: not charged when it was accepted: {told}")
        if row["status"] != ends[0].what:
            problems.append(f"{job_id} is {row['status']}, its history says {told}")
    tell(problems)


def check_ledger(facts):
    """Invariant 2: one charge a task, one refund if and only if it failed, and balances that add up."""
    problems = [f"selvage credits verify: {facts.audit}"] if facts.audit else []
    poor, sums = unpaid(facts), collections.Counter()
    charges, refunds = collections.defaultdict(list), collections.defaultdict(list)
    for entry in facts.entries:
        owner = (entry["channel"], entry["owner"])
        sums[owner] += entry["amount"]
        if entry["kind"] != "grant":
            (charges if entry["kind"] == "charge" else refunds)[entry["session_id"]].append((owner, entry["amount"]))
    spent = collections.Counter()
    for job_id, row in facts.sessions.items():
        owner, price = (row["channel"], row["owner"]), row["credits"]
        spent[owner] += price if row["status"] == "completed" else 0
        if charges.get(job_id, []) != ([] if job_id in poor else [(owner, -price)]):
            problems.append(f"{job_id}: charges are {charges[job_id]}, the price is {price}")
        if refunds.get(job_id, []) != ([(owner, price)] if row["status"] == "failed" and job_id not in poor else []):
            problems.append(f"{job_id} is {row['status']}: refunds are {refunds[job_id]}")
    problems += [f"entries of {i}, which does not exist" for i in (charges.keys() | refunds.keys()) - facts.sessions.keys()]
    for owner, granted in facts.grants.items():
        balance = facts.balances[owner]["balance"] if owner in facts.balances else None
        if not balance == sums[owner] == granted - spent[owner]:
            problems.append(f"{owner}: granted {granted}, completed tasks cost {spent[owner]}, entries sum to "
                            f"{sums[owner]}, the balance is {balance}")
    tell(problems)


def check_calls(facts):
    """No task that nothing disturbed cost more calls than it needed: one, where nothing went wrong outside either.

    Disturbed is a task whose worker was killed, lost the lease, or handed it back while running.
    """
    problems, poor = list(facts.bugs), unpaid(facts)
    for intent in facts.plan:
        made, runs = facts.calls.get(intent.request_id, 0), facts.runs.get(intent.job_id, [])
        if intent.job_id not in facts.sessions or intent.job_id in poor:
            most = least = 0
        else:
            again = ASKS_AGAIN if intent.kind.calls > 1 else DISTURBED
            least = 0 if DISTURBED & set(runs) else intent.kind.calls
            most = intent.kind.calls * (1 + sum(run in again for run in runs))
        if not least <= made <= most:
            problems.append(f"task {intent.number} ({intent.kind.name}) cost {made} calls, needs {intent.kind.calls}; "
                            f"its runs: {runs}")
        if "unknown" in runs:
            problems.append(f"task {intent.number}: a worker that lives never said how its run ended: {runs}")
    known = {intent.request_id for intent in facts.plan}
    problems += [f"the provider was asked for {request}, which nobody wanted" for request in facts.calls if request not in known]
    tell(problems)


def check_pictures(facts):
    """No picture without a session and no completed session without its whole picture; inputs stay while of use."""
    wanted = {row["result_key"] for row in facts.sessions.values() if row["status"] == "completed"}
    keeps = {i.job_id for i in facts.plan if i.uploads and facts.sessions.get(i.job_id, {}).get("status") == "failed"}
    problems = [f"unexpected file {name}" for name in facts.strays]
    problems += [f"{name} belongs to no completed session" for name in facts.results.keys() - wanted]
    problems += [f"{name} is missing" for name in wanted - facts.results.keys()]
    problems += [f"{name} is {size}, not a whole picture" for name, size in facts.results.items() if size != PICTURE_SIZE]
    held = {name.split("/")[1] for name in facts.inputs}
    for job_id in held:
        if job_id not in facts.sessions and not facts.api_died:
            problems.append(f"inputs of {job_id}, which does not exist")
        elif job_id in facts.sessions and job_id not in keeps:
            problems.append(f"inputs of {job_id} are left, it is {facts.sessions[job_id]['status']}")
    problems += [f"the inputs of the failed {job_id} are gone" for job_id in keeps - held]
    tell(problems)


def check_queues(facts):
    """Nothing waits, nothing is held; the dead letters are exactly the messages that were no tasks."""
    problems = [f"/queues says {q}" for q in facts.queues if any(q.get(s) for s in ("ready", "delayed", "leased"))]
    dead = sum(queue.get("dead", 0) for queue in facts.queues)
    if dead != facts.garbage:
        problems.append(f"{dead} dead letters, but {facts.garbage} messages were no tasks")
    problems += [f"dead letter: {why}: {payload[:300]}" for why, payload in facts.dead if not why.startswith("task.malformed")]
    tell(problems + [f"Redis still holds {what}" for what in facts.leftovers])


CHECKS = (check_answers, check_sessions, check_history, check_ledger, check_calls, check_pictures, check_queues)


def check_facts(facts):
    """All checks; all that is wrong is told together."""
    wrong = []
    for check in CHECKS:
        try:
            check(facts)
        except AssertionError as problem:
            wrong.append(f"{check.__name__}: {problem}")
    assert not wrong, "\n".join(wrong)
