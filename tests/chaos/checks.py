"""What must hold when all is quiet again, whatever happened before. Each check names what is wrong.

The ledger is checked twice: by `selvage credits verify`, and here from the raw tables and from what the clients
were told, so that a mistake in one is not hidden by the other.
"""

import collections
import concurrent.futures
import json
import pathlib
import struct
import threading
import time

import figures
from load import EXPECTED, GRANT, KEEPS_INPUTS, OWNERS, POOR, POOR_GRANT, POOR_JOBS, Client
from watch import SESSIONS, reading


def jpeg_size(data):
    """(width, height) of a whole JPEG file; None when it is not one."""
    if not (data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9")):
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if marker in (0xC0, 0xC1, 0xC2):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + length
    return None


PICTURE_SIZE = struct.unpack_from(">II", figures.person(), 16)


def files_under(root):
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def tell(problems, most=20):
    more = f"\n  and {len(problems) - most} more" if len(problems) > most else ""
    assert not problems, f"{len(problems)} problems:\n  " + "\n  ".join(map(str, problems[:most])) + more


def check_answers(load):
    """Each intended job was accepted exactly once; the poor owner's exactly as often as it could pay."""
    problems = list(load.problems)
    paid = 0
    for intent in load.intents:
        accepted = {what for status, what in intent.answers if status in (200, 202)}
        others = [answer for answer in intent.answers if answer[0] not in (200, 202)]
        if intent.owner == POOR:
            paid += len(accepted)
            others = [answer for answer in others if answer != (402, "credits.insufficient")]
        elif len(accepted) != 1:
            problems.append(f"job {intent.number} ({intent.kind}) was accepted as {sorted(accepted)}")
        if others or not intent.answers:
            problems.append(f"job {intent.number} ({intent.kind}) was answered {intent.answers}")
        if not load.patient and sum(status == 202 for status, _ in intent.answers) > 1:
            problems.append(f"job {intent.number} was accepted anew twice: {intent.answers}")
    if paid != min(POOR_GRANT, POOR_JOBS):
        problems.append(f"the poor owner has {POOR_GRANT} credits and got {paid} jobs")
    tell(problems)


def check_sessions(data, load):
    """The sessions are those that the clients were told of, no more, no fewer, each ended as its kind must."""
    with reading(data) as database:
        rows = {row["id"]: row for row in database.execute(f"SELECT * FROM {SESSIONS}")}
        errors = dict(database.execute("SELECT id, error_code FROM generation_sessions UNION ALL "
                                       "SELECT id, error_code FROM store_generation_sessions"))
    told = {intent.job_id: intent for intent in load.intents if intent.job_id}
    problems = [f"session {i} exists, but no client was told of it" for i in rows.keys() - told.keys()]
    problems += [f"a client was told of job {i}, which does not exist" for i in told.keys() - rows.keys()]
    for job_id in rows.keys() & told.keys():
        row, intent = rows[job_id], told[job_id]
        if row["status"] != EXPECTED[intent.kind]:
            problems.append(f"{job_id} ({intent.kind}) is {row['status']} ({errors[job_id]})")
        if (row["channel"], row["owner"]) != intent.owner:
            problems.append(f"{job_id} belongs to {row['channel']} {row['owner']}, was sent by {intent.owner}")
    tell(problems)
    return rows


def check_ledger(platform, rows):
    platform.ledger_is_exact()
    with reading(platform.data) as database:
        entries = database.execute("SELECT * FROM credit_ledger").fetchall()
        balances = {(r["channel"], r["owner"]): r for r in database.execute("SELECT * FROM credit_balances")}
    charges, refunds, sums = collections.defaultdict(list), collections.defaultdict(list), collections.Counter()
    granted = collections.Counter()
    for entry in entries:
        owner = (entry["channel"], entry["owner"])
        sums[owner] += entry["amount"]
        if entry["kind"] == "grant":
            granted[owner] += entry["amount"]
        else:
            (charges if entry["kind"] == "charge" else refunds)[entry["session_id"]].append((owner, entry["amount"]))
    problems = []
    for job_id, row in rows.items():
        owner, price = (row["channel"], row["owner"]), row["credits"]
        if charges[job_id] != [(owner, -price)]:
            problems.append(f"{job_id}: charges are {charges[job_id]}, the price is {price}")
        wanted = [(owner, price)] if row["status"] == "failed" else []
        if refunds[job_id] != wanted:
            problems.append(f"{job_id} is {row['status']}: refunds are {refunds[job_id]}")
    problems += [f"entries of {i}, which does not exist" for i in (charges.keys() | refunds.keys()) - rows.keys()]
    for owner in (*OWNERS, POOR):
        grant = POOR_GRANT if owner == POOR else GRANT
        made = sum(r["credits"] for r in rows.values()
                   if (r["channel"], r["owner"]) == owner and r["status"] == "completed")
        balance = balances[owner]["balance"] if owner in balances else None
        if not granted[owner] == grant or not balance == sums[owner] == grant - made:
            problems.append(f"{owner}: granted {granted[owner]} of {grant}, completed jobs cost {made}, "
                            f"entries sum to {sums[owner]}, the balance is {balance}")
    tell(problems)


def check_queue(platform):
    with reading(platform.data) as database:
        left = database.execute("SELECT id, state, reason FROM tasks").fetchall()
    tell([f"task {row['id']} is left, {row['state']}: {row['reason']}" for row in left])
    queues = platform.get("/queues").json["queues"]
    tell([f"/queues says {queue}" for queue in queues if any(queue.get(k) for k in ("ready", "delayed", "leased", "dead"))])


def misplaced_files(data, rows, load):
    """(files that must not be there or are missing, pictures of requests that died before their job existed)."""
    keeps = {intent.job_id for intent in load.intents if intent.kind in KEEPS_INPUTS}
    objects = pathlib.Path(data) / "objects"
    stored = files_under(objects)
    inputs = [f for f in stored if f.startswith("inputs/")]
    results = {f for f in stored if f.startswith("results/")}
    wrong = [f"unexpected file {f}" for f in stored if not f.startswith(("inputs/", "results/"))]
    orphans = []
    for name in inputs:
        job_id = name.split("/")[1]
        if job_id not in rows:
            orphans.append(name)
        elif job_id not in keeps:
            wrong.append(f"{name} is left of a {rows[job_id]['status']} job")
    for job_id in keeps & rows.keys():
        if not any(name.split("/")[1] == job_id for name in inputs):
            wrong.append(f"the inputs of the failed job {job_id} are gone")
    wanted = {row["result_key"] for row in rows.values() if row["status"] == "completed"}
    wrong += [f"{name} belongs to no completed job" for name in results - wanted]
    wrong += [f"{name} is missing" for name in wanted - results]
    known = {"selvage.db", "selvage.db-wal", "selvage.db-shm", "objects", "secrets", "test.log", "test.out"}
    wrong += [f"unexpected {p.name} in the data directory" for p in pathlib.Path(data).iterdir() if p.name not in known]
    return wrong, orphans


def check_files(data, rows, load):
    """No file is left behind; inputs go a moment after their job ended. Returns the orphans."""
    end = time.monotonic() + 20
    while True:
        wrong, orphans = misplaced_files(data, rows, load)
        if not wrong or time.monotonic() > end:
            tell(wrong)
            return orphans
        time.sleep(0.2)


def check_empty_directories(data):
    inputs = pathlib.Path(data) / "objects/inputs"
    tell([f"the empty directory {p.name} is left" for p in inputs.iterdir() if not any(p.iterdir())]
         if inputs.exists() else [])


def check_pictures(platform, load, size):
    """Through the API, as the owner: each job is as its kind must be, each picture is a whole JPEG."""
    clients = {}

    def look(intent):
        client = clients.setdefault(threading.get_ident(), Client(platform.port))
        _, _, data = client.request("GET", f"/v1/jobs/{intent.job_id}",
                                    headers={"Authorization": f"Bearer {load.api_keys[intent.owner]}"})
        job = json.loads(data)
        if job.get("status") != EXPECTED[intent.kind]:
            return f"{intent.job_id}: the API says {job}"
        if job["status"] == "failed":
            return None if job["error"]["code"] and job["error"]["message"] else f"{job['id']} failed without a reason"
        status, _, picture = client.request("GET", job["result_url"])
        if status != 200 or jpeg_size(picture) != size:
            return f"{intent.job_id}: its picture is {status}, {len(picture)} bytes, {jpeg_size(picture)}"
        return None

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        problems = [p for p in pool.map(look, [i for i in load.intents if i.job_id]) if p]
    tell(problems)


def check_integrity(data):
    with reading(data) as database:
        said = database.execute("PRAGMA integrity_check").fetchone()[0]
    assert said == "ok", said


def check_all(platform, load, watch, picture_size=PICTURE_SIZE):
    """`platform` serves the API and nothing is open any more. Returns the orphaned inputs."""
    check_answers(load)
    rows = check_sessions(platform.data, load)
    tell(watch.stop())
    check_ledger(platform, rows)
    check_queue(platform)
    orphans = check_files(platform.data, rows, load)
    check_pictures(platform, load, picture_size)
    check_integrity(platform.data)
    return orphans
