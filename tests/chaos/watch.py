"""What can be seen of the platform's data from outside, with SQLite's own reader."""

import contextlib
import sqlite3
import threading
import time

SESSIONS = """(SELECT id, 'b2c' AS channel, user_id AS owner, status, credits, result_key, finished_at, person_image_url
                 FROM generation_sessions
               UNION ALL
               SELECT id, 'b2b', store_id, status, credits, result_key, finished_at, person_image_url
                 FROM store_generation_sessions)"""


@contextlib.contextmanager
def reading(data):
    """Read-only, and closed at once: a reader that stayed would spare a killed process its recovery."""
    database = sqlite3.connect(f"file:{data}/selvage.db?mode=ro", uri=True, timeout=20)
    database.row_factory = sqlite3.Row
    try:
        yield database
    finally:
        database.close()


def count(data, query, *values):
    with reading(data) as database:
        return database.execute(query, values).fetchone()[0]


def open_work(data):
    """Sessions that have not ended and tasks that wait or are held."""
    with reading(data) as database:
        sessions = database.execute(f"SELECT COUNT(*) FROM {SESSIONS} WHERE status IN ('queued', 'processing')")
        tasks = database.execute("SELECT COUNT(*) FROM tasks WHERE state <> 'dead'")
        return sessions.fetchone()[0], tasks.fetchone()[0]


def wait_until_done(data, alive, patience=120):
    """Until nothing is open. Slow is fine; no change at all for `patience` seconds is not."""
    last, since = None, time.monotonic()
    while True:
        left = open_work(data)
        if left == (0, 0):
            return
        if left != last:
            last, since = left, time.monotonic()
        assert alive(), f"the process ended while (sessions, tasks) {left} were open"
        assert time.monotonic() - since < patience, f"(sessions, tasks) {left} stayed open for {patience} s"
        time.sleep(0.1)


class TerminalWatch:
    """Looks at the sessions all the while: one that has ended must stay as it is for ever."""

    def __init__(self, data, beat=0.25):
        self.data, self.beat = data, beat
        self.ended = {}  # id -> (status, finished_at, result_key)
        self.changes = []
        self.looks = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopped.wait(self.beat):
            try:
                self.look()
            except sqlite3.OperationalError:
                pass  # between the death of a process and the recovery by the next one

    def look(self):
        with reading(self.data) as database:
            rows = database.execute(f"SELECT id, status, finished_at, result_key FROM {SESSIONS} "
                                    "WHERE status IN ('completed', 'failed')").fetchall()
        now = {row["id"]: tuple(row)[1:] for row in rows}
        for job_id, state in self.ended.items():
            if now.get(job_id) != state:
                self.changes.append(f"{job_id} had ended as {state}, later it was {now.get(job_id)}")
        self.ended = {**now, **self.ended}
        self.looks += 1

    def stop(self):
        self.stopped.set()
        self.thread.join()
        self.look()
        return self.changes
