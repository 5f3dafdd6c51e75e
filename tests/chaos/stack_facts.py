"""All that can be known after a run on the stack, gathered once: what the clients were told, what PostgreSQL, Redis and
the object storage hold, what the provider was asked, what the workers logged.

The checks (stack_checks.py) read only this, so that a test can spoil one fact and see that its check notices.
"""

import collections
import dataclasses
import json
import time

from checks import files_under, jpeg_size
from history import read_history
from stack import SESSIONS

OURS = ("db.", "redis.", "storage.")  # why a run is put off when something of ours is away
ENDS = {"job_completed", "job_failed", "job_retried", "job_handed_back", "job_lease_lost"}


@dataclasses.dataclass
class Facts:
    plan: list
    grants: dict  # owner -> credits granted
    sessions: dict  # id -> row
    entries: list  # of the ledger
    balances: dict  # owner -> row
    history: dict  # session id -> events
    calls: dict  # request id -> how often the provider was asked
    runs: dict  # session id -> how each run of it ended, as logged: job_completed, ..., waited, died, unknown
    bugs: list  # log lines that must not be
    results: dict  # file name -> size of the whole picture, or None when it is broken
    inputs: list  # file names
    strays: list  # other files of the storage
    queues: list
    leftovers: list  # what Redis still holds of tasks
    audit: str  # what `selvage credits verify` complained of
    dead: list = dataclasses.field(default_factory=list)  # (why, payload) of dead letters
    garbage: int = 0  # messages that were no tasks
    api_died: bool = False
    may_be_lost: dict = dataclasses.field(default_factory=dict)  # job id -> why


def rows_of(postgres, query):
    connection = postgres.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor]
    finally:
        connection.close()


def read_calls(file):
    calls = collections.Counter()
    for line in file.read_text().splitlines():
        what, _, request_id, *_ = line.split(" ")
        calls[request_id] += what == "start"
    return calls


def read_runs(log, killed):
    """(session id -> how each run of it ended, lines that must not be). `killed`: pids that were killed."""
    runs, open_runs, session_of, bugs = collections.defaultdict(list), collections.Counter(), {}, []
    with open(log, errors="replace") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # torn by a kill
            event, worker, session = entry.get("event"), entry.get("worker"), entry.get("session_id")
            if event in ("job_crashed", "give_up_failed") or entry.get("failure") == "internal":
                bugs.append(line.strip())
            if event == "job_started" and session:
                open_runs[worker, session] += 1
                session_of[worker, entry["task_id"]] = session
            elif event == "job_lost":  # the engine's word for a run that found its session ended by the next holder
                session = session_of.get((worker, entry["task_id"]))
                if open_runs[worker, session] > 0:
                    open_runs[worker, session] -= 1
                    runs[session].append("job_lease_lost")
            elif event in ENDS and session:
                open_runs[worker, session] -= 1
                waits = event == "job_retried" and entry.get("reason", "").startswith(OURS)
                runs[session].append("waited" if waits else event)
    for (worker, session), left in open_runs.items():
        died = any(f"-{pid}-" in worker for pid in killed)
        runs[session] += ["died" if died else "unknown"] * max(left, 0)
    return runs, bugs


def gather(stack, plan, killed=(), garbage=0, api_died=False, may_be_lost=None):
    sessions = {row["id"]: row for row in rows_of(stack.postgres, f"SELECT * FROM {SESSIONS}")}
    entries = rows_of(stack.postgres, "SELECT kind, channel, owner, amount, session_id FROM credit_ledger ORDER BY id")
    balances = {(r["channel"], r["owner"]): r for r in rows_of(stack.postgres, "SELECT * FROM credit_balances")}
    runs, bugs = read_runs(stack.data / "test.log", killed)
    code, out, err = stack.apis[0].command("credits", "verify", check=False)
    grants = collections.Counter()
    for entry in entries:
        grants[entry["channel"], entry["owner"]] += entry["amount"] if entry["kind"] == "grant" else 0
    names = settled_files(stack.objects, sessions)
    results = [name for name in names if name.startswith("results/")]
    return Facts(
        plan=plan, grants=grants, sessions=sessions, entries=entries, balances=balances,
        history=read_history(stack.postgres), calls=read_calls(stack.calls_file), runs=runs, bugs=bugs,
        results={name: jpeg_size((stack.objects / name).read_bytes()) for name in results},
        inputs=[name for name in names if name.startswith("inputs/")],
        strays=[name for name in names if not name.startswith(("inputs/", "results/"))],
        queues=stack.queues(), leftovers=stack.leftovers(), audit=(out + err).strip() if code else "",
        dead=stack.dead_letters(), garbage=garbage, api_died=api_died, may_be_lost=may_be_lost or {})


def settled_files(objects, sessions, patience=30):
    """The names in the storage, when no input of a completed session is left: they go a moment after its end."""
    end = time.monotonic() + patience
    while True:
        names = files_under(objects) if objects.exists() else []
        left = [n for n in names if n.startswith("inputs/") and sessions.get(n.split("/")[1], {}).get("status") == "completed"]
        if not left or time.monotonic() > end:
            return names
        time.sleep(0.5)
