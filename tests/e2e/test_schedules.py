"""Schedules as an operator meets them: the file, the command line, the API, health; and a second opinion on cron."""

import datetime
import json
import random
import sqlite3
import unittest

from platform_process import Platform

FILE = """{
  "schedules": [
    {"name": "nightly", "cron": "0 3 * * *", "timezone": "Europe/Berlin", "task": "shop.report"},
    {"name": "often", "every": "1s", "task": "shop.sync", "kwargs": {"full": true}, "queue": "sync"}
  ]
}
"""


def queued(platform, queue="celery"):
    with sqlite3.connect(platform.data / "selvage.db") as database:
        return sorted(row[0] for row in database.execute("SELECT id FROM tasks WHERE queue = ?", (queue,)))


class Schedules(unittest.TestCase):
    def test_a_file_is_taken_over_and_followed(self):
        with Platform("worker") as platform:
            platform.stop()
            file = platform.data / "schedules.json"
            file.write_text(FILE)
            platform.settings["SCHEDULE_FILE"] = str(file)
            platform.role = "up"
            platform.start()
            platform.wait_until(lambda: len(queued(platform, "sync")) >= 2, "the file's entry fires")
            file.write_text(FILE.replace("often", "other"))
            platform.wait_until(lambda: any(i.startswith("other@") for i in queued(platform, "sync")),
                                "the changed file is followed")
            names = [line.split()[0] for line in platform.command("schedule", "list")[1].splitlines()]
            self.assertEqual(names, ["NAME", "nightly", "other"])
            code, _, err = platform.command("schedule", "add", "nightly", "--every", "1m", "--task", "t", check=False)
            self.assertEqual(code, 1)
            self.assertIn("SCHEDULE_FILE", err)

    def test_a_wrong_file_is_refused_with_its_lines(self):
        with Platform("worker") as platform:
            platform.stop()
            file = platform.data / "schedules.json"
            file.write_text(FILE.replace("0 3 * *", "0 25 * *").replace('"1s"', '"soon"'))
            for role in ("beat", "up"):
                code, _, err = platform.command(role, "--set", f"SCHEDULE_FILE={file}", check=False)
                self.assertEqual(code, 2, err)
                self.assertIn("schedules.json:3: nightly.cron: the hour must be 0 to 23, is 25", err)
                self.assertIn("schedules.json:4: often.every: must be 1s", err)
            code, _, err = platform.command("beat", "--file", str(platform.data / "none.json"), check=False)
            self.assertEqual(code, 3, err)
            self.assertIn("none.json", err)

    def test_people_add_switch_fire_and_remove_entries(self):
        with Platform("beat") as platform:
            platform.command("schedule", "add", "tick", "--every", "1s", "--task", "shop.sync", "--args", "[1]")
            platform.wait_until(lambda: len(queued(platform)) >= 2, "it fires")
            platform.command("schedule", "disable", "tick")
            before = queued(platform)
            self.assertRegex(platform.command("schedule", "list")[1], r"tick +every 1s +off")
            by_hand = platform.command("schedule", "run", "tick")[1].strip()
            self.assertEqual(sorted(set(queued(platform)) - set(before)), [by_hand])
            platform.command("schedule", "enable", "tick")
            platform.wait_until(lambda: len(queued(platform)) >= len(before) + 2, "it fires again")
            platform.command("schedule", "remove", "tick")
            self.assertEqual(platform.command("schedule", "list")[1].count("\n"), 1)
            code, _, err = platform.command("schedule", "enable", "tick", check=False)
            self.assertEqual(code, 1)
            self.assertIn("there is no schedule", err)
            self.assertEqual(platform.stop(), 0)

    def test_wrong_entries_say_what_is_wrong(self):
        with Platform("beat") as platform:
            for words, why in ((["x", "--cron", "* * * *"], "has 4 fields"), (["x", "--every", "1m"], "task: is required"),
                               (["x", "--every", "1m", "--task", "t", "--args", "{}"], "args: must be an array"),
                               (["x", "--every", "1m", "--task", "t", "--kwargs", "{"], "--kwargs"),
                               (["x", "--every", "1m", "--task", "t", "--queue", "wearon:tasks:generation"], "Celery"),
                               (["x", "--every", "1m", "--task", "t", "--priority", "ten"], "--priority"),
                               ([], "needs one schedule's name")):
                with self.subTest(words=words):
                    code, _, err = platform.command("schedule", "add", *words, check=False)
                    self.assertEqual(code, 2, err)
                    self.assertIn(why, err)

    def test_the_api_does_the_same_for_admins_alone(self):
        with Platform() as platform:
            key = platform.admin_key()
            entry = {"cron": "*/5 * * * *", "task": "shop.sync", "expires": "10m", "catch_up": "all"}

            def call(method, path, body=None):
                return platform.request(method, path, json.dumps(body) if body is not None else None,
                                        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})

            self.assertEqual(platform.get("/schedules").status, 401)
            self.assertEqual(platform.get("/schedules", platform.key()).status, 403)
            saved = call("PUT", "/schedules/five", entry)
            self.assertEqual(saved.status, 200, saved)
            self.assertEqual((saved.json["timezone"], saved.json["catch_up_max"]), ("UTC", 100))
            self.assertEqual([e["name"] for e in call("GET", "/schedules").json["schedules"]], ["five"])
            run = call("POST", "/schedules/five/run")
            self.assertEqual(run.status, 202)
            shown = call("GET", "/schedules/five").json
            self.assertEqual([fire["task_id"] for fire in shown["last_fires"]], [run.json["task_id"]])
            self.assertEqual(call("POST", "/schedules/five/disable").status, 204)
            self.assertFalse(call("GET", "/schedules/five").json["enabled"])
            self.assertEqual(call("POST", "/schedules/five/enable").status, 204)
            wrong = call("PUT", "/schedules/five", {"every": "x", "task": "", "when": 1})
            self.assertEqual(wrong.status, 400)
            for part in ("every", "task", "when"):
                self.assertIn(part, wrong.json["detail"])
            self.assertEqual(call("DELETE", "/schedules/five").status, 204)
            self.assertEqual(call("DELETE", "/schedules/five").status, 404)
            self.assertEqual(call("GET", "/schedules/five").status, 404)

    def test_health_and_metrics_tell_whether_anybody_fires(self):
        with Platform("api") as api:
            def component():
                return api.get("/health").json["components"]["schedule"]

            api.wait_until(lambda: component()["status"] == "ok", "no entries, no need")
            api.command("schedule", "add", "tick", "--every", "1s", "--task", "t")
            api.wait_until(lambda: component()["status"] == "degraded", "nobody leads")
            self.assertIn("no process fires them", component()["error"])
            self.assertEqual(api.command("healthcheck", check=False)[0], 1)
            with Platform("beat", data=api.data) as beat:
                api.wait_until(lambda: component()["status"] == "ok", "a beat leads")
                beat.stop()
        with Platform() as platform:
            platform.command("schedule", "add", "tick", "--every", "1s", "--task", "t")
            platform.wait_until(lambda: 'schedule_fires_total{name="tick",outcome="fired"}' in platform.get("/metrics").body.decode(),
                                "fires are counted")
            metrics = platform.get("/metrics").body.decode()
            self.assertRegex(metrics, r"(?m)^schedule_leader 1$")
            self.assertRegex(metrics, r"(?m)^schedule_lag_seconds \d")

    def test_croniter_reads_crontab_lines_the_same(self):
        try:
            from croniter import croniter
        except ImportError:
            self.skipTest("python3-croniter is not installed")
        chosen = random.Random(20261121)

        def field(low, high, star, steps=True):
            if chosen.random() < star:
                return "*"
            first = chosen.randint(low, high)
            last = chosen.randint(first, high)
            # croniter takes a range that covers everything for a star in one way, we in another: none is made
            span = f"{first}-{last}" if (first, last) != (low, high) else str(first)
            return chosen.choice([str(first), span, f"{first},{last}", f"*/{chosen.randint(2, 6)}" if steps else span])

        with Platform("beat") as platform:
            for _ in range(60):
                # no steps of days: croniter 1.3 slips over the end of February with them
                line = f"{field(0, 59, .3)} {field(0, 23, .4)} {field(1, 28, .6, steps=False)} {field(1, 12, .7)} {field(0, 6, .6)}"
                start = datetime.datetime(2026, chosen.randint(1, 12), chosen.randint(1, 28), chosen.randint(0, 23), 17)
                with self.subTest(line=line, start=start):
                    theirs = croniter(line, start)
                    expected = [theirs.get_next(datetime.datetime).strftime("%Y-%m-%dT%H:%M:%SZ") for _ in range(20)]
                    ours = platform.command("schedule", "next", "--cron", line, "--after", f"{start.isoformat()}Z",
                                            "--count", "20")[1].split()
                    self.assertEqual(ours, expected)


if __name__ == "__main__":
    unittest.main()
