"""The checks themselves: data is spoiled in one way at a time, and the check meant for it must say so."""

import contextlib
import pathlib
import random
import shutil
import sqlite3
import tempfile
import unittest
import unittest.mock

import checks
from load import PERSON, SHIRT, Load
from picture_shop import PictureShop
from platform_process import Platform
from watch import SESSIONS, TerminalWatch, reading, wait_until_done

A_COMPLETED = "(SELECT id FROM generation_sessions WHERE status = 'completed' ORDER BY id LIMIT 1)"
APPEND_ONLY_NO_MORE = "DROP TRIGGER credit_ledger_no_update; DROP TRIGGER credit_ledger_no_delete;"

SPOILED_LEDGERS = {
    "a refund is missing": APPEND_ONLY_NO_MORE + "DELETE FROM credit_ledger WHERE id = "
                           "(SELECT MIN(id) FROM credit_ledger WHERE kind = 'refund')",
    "a charge is missing": APPEND_ONLY_NO_MORE + "DELETE FROM credit_ledger WHERE id = "
                           "(SELECT MIN(id) FROM credit_ledger WHERE kind = 'charge')",
    "a session is charged twice": "DROP INDEX credit_ledger_one_charge; INSERT INTO credit_ledger (kind, channel, owner, amount,"
                                  " session_id, reason, created_at) SELECT kind, channel, owner, amount, session_id, reason,"
                                  " created_at FROM credit_ledger WHERE kind = 'charge' LIMIT 1",
    "a completed session is refunded": "INSERT INTO credit_ledger (kind, channel, owner, amount, session_id, reason, created_at)"
                                       " SELECT 'refund', channel, owner, -amount, session_id, reason, created_at"
                                       f" FROM credit_ledger WHERE kind = 'charge' AND session_id = {A_COMPLETED}",
    "a balance is one too high": "UPDATE credit_balances SET balance = balance + 1 WHERE owner = 'user-1'",
    "a charge is another owner's": APPEND_ONLY_NO_MORE + "UPDATE credit_ledger SET owner = 'user-9' WHERE kind = 'charge'"
                                   f" AND session_id = {A_COMPLETED}",
}
SPOILED_SESSIONS = {
    "a session is lost": f"DELETE FROM generation_sessions WHERE id = {A_COMPLETED}",
    "a session never ended": f"UPDATE generation_sessions SET status = 'processing' WHERE id = {A_COMPLETED}",
    "a good job failed": f"UPDATE generation_sessions SET status = 'failed', error_code = 'x' WHERE id = {A_COMPLETED}",
    "a job nobody sent": f"CREATE TEMP TABLE one AS SELECT * FROM generation_sessions WHERE id = {A_COMPLETED};"
                         " UPDATE one SET id = 'stranger'; INSERT INTO generation_sessions SELECT * FROM one",
}


class ChecksNotice(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shop = PictureShop({"person.png": PERSON, "shirt.png": SHIRT})
        cls.addClassCleanup(shop.close)
        cls.platform = Platform(settings={"EGRESS_ALLOW": "127.0.0.0/8"})
        cls.addClassCleanup(cls.platform.close)
        cls.load = Load(cls.platform, random.Random(7), 60, shop.url, all_keyed=True, patient=False)
        watch = TerminalWatch(cls.platform.data)
        cls.load.start()
        cls.load.allow_all()
        cls.load.join()
        wait_until_done(cls.platform.data, lambda: True)
        checks.check_all(cls.platform, cls.load, watch)  # nothing is spoiled yet
        cls.platform.stop()
        cls.good = cls.platform.data

    def tearDown(self):
        self.platform.data = self.good

    @contextlib.contextmanager
    def spoiled(self, sql=""):
        """A copy of the data, changed; the platform's commands run on it."""
        with tempfile.TemporaryDirectory(prefix="selvage-spoiled-") as place:
            data = pathlib.Path(place) / "data"
            shutil.copytree(self.good, data)
            database = sqlite3.connect(data / "selvage.db")
            database.executescript(sql)
            database.close()
            self.platform.data = data
            yield data

    def rows(self, data):
        with reading(data) as database:
            return {row["id"]: row for row in database.execute(f"SELECT * FROM {SESSIONS}")}

    def test_a_wrong_ledger_is_noticed_by_both_who_check_it(self):
        for what, sql in SPOILED_LEDGERS.items():
            with self.subTest(what), self.spoiled(sql) as data:
                with self.assertRaisesRegex(AssertionError, "the ledger is wrong"):
                    self.platform.ledger_is_exact()
                believing = type("Believing", (), {"data": data, "ledger_is_exact": lambda self: None})()
                with self.assertRaisesRegex(AssertionError, "problems"):
                    checks.check_ledger(believing, self.rows(data))

    def test_wrong_sessions_are_noticed(self):
        for what, sql in SPOILED_SESSIONS.items():
            with self.subTest(what), self.spoiled(sql) as data, self.assertRaises(AssertionError):
                checks.check_sessions(data, self.load)

    def test_a_task_that_is_left_is_noticed(self):
        with self.spoiled("INSERT INTO tasks (queue, id, priority, state, run_at, enqueued_at, payload)"
                          " VALUES ('q', 't', 5, 'dead', 0, 0, '')"), self.assertRaisesRegex(AssertionError, "task t is left"):
            checks.check_queue(self.platform)

    def test_each_misplaced_file_is_noticed(self):
        def result(data):
            return next((data / "objects/results").rglob("*.jpg"))

        def leave(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        completed = next(i.job_id for i in self.load.intents if i.kind == "upload" and i.job_id)
        spoil = {
            "a picture is missing": lambda data: result(data).unlink(),
            "a picture too many": lambda data: shutil.copy(result(data), result(data).with_name("stranger.jpg")),
            "a staged file": lambda data: leave(data / "objects/.tmp/staged"),
            "an input of a completed job": lambda data: leave(data / f"objects/inputs/{completed}/1-x-person.png"),
            "inputs of a failed job are gone": lambda data: shutil.rmtree(data / "objects/inputs"),
            "a stray file": lambda data: leave(data / "core"),
        }
        for what, change in spoil.items():
            with self.subTest(what), self.spoiled() as data:
                change(data)
                self.assertEqual(len(checks.misplaced_files(data, self.rows(data), self.load)[0]) > 0, True)
        with self.spoiled() as data:
            leave(data / "objects/inputs/stranger/1-x-person.png")
            self.assertEqual(checks.misplaced_files(data, self.rows(data), self.load),
                             ([], ["inputs/stranger/1-x-person.png"]))

    def test_an_end_that_changes_is_noticed(self):
        with self.spoiled() as data:
            watch = TerminalWatch(data)
            watch.look()
            database = sqlite3.connect(data / "selvage.db")
            database.executescript(f"UPDATE generation_sessions SET finished_at = finished_at + 1 WHERE id = {A_COMPLETED}")
            database.close()
            self.assertEqual(len(set(watch.stop())), 1)

    def test_a_lost_or_doubled_job_is_noticed(self):
        intent = next(i for i in self.load.intents if i.job_id)
        for answers in ([], intent.answers + [(202, "another")], [(409, "conflict")]):
            with self.subTest(answers), unittest.mock.patch.object(intent, "answers", answers), \
                    self.assertRaises(AssertionError):
                checks.check_answers(self.load)

    def test_a_cut_picture_is_noticed(self):
        picture = next((self.good / "objects/results").rglob("*.jpg")).read_bytes()
        self.assertEqual(checks.jpeg_size(picture), checks.PICTURE_SIZE)
        for bad in (picture[:-2], picture[:100], b"", b"x" + picture):
            self.assertIsNone(checks.jpeg_size(bad))


if __name__ == "__main__":
    unittest.main()
