"""The whole platform on PostgreSQL: commands, jobs, a server that restarts, errors that help."""

import signal
import tempfile
import unittest

import running_postgres
from platform_process import Platform
from test_command_line import selvage


@unittest.skipUnless(running_postgres.available(), "PostgreSQL 15 is not installed")
class OnPostgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = running_postgres.RunningPostgres()
        cls.postgres.sql("CREATE DATABASE empty")
        cls.postgres.sql("CREATE ROLE app LOGIN PASSWORD 'not-shown-22'")

    @classmethod
    def tearDownClass(cls):
        cls.postgres.close()

    def command(self, *words):
        return selvage(*words, "--data", self.folder(), env={"DATABASE_URL": self.postgres.url()})

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="selvage-cli-")
        self.addCleanup(folder.cleanup)
        return folder.name

    def test_commands_keep_everything_in_the_database(self):
        code, out, err = self.command("migrate", "--dry-run")
        self.assertEqual(code, 1, err)
        self.assertIn("would apply tryon/0001-sessions", out)
        code, out, err = self.command("migrate")
        self.assertEqual(code, 0, err)
        self.assertIn("applied tryon/0001-sessions", out)
        code, out, err = self.command("migrate")
        self.assertTrue(out.startswith("0 applied"), out + err)
        code, out, err = self.command("keys", "create", "--channel", "b2b", "--owner", "shop-1", "--credits", "50", "--quiet")
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"^sk_\S+$")
        self.assertEqual(self.command("credits", "grant", "b2b", "shop-1", "7", "--reference", "r1")[1], "b2b shop-1 has 57 credits\n")
        self.assertEqual(self.command("credits", "grant", "b2b", "shop-1", "7", "--reference", "r1")[1], "b2b shop-1 has 57 credits\n")
        self.assertIn("shop-1", self.command("keys", "ls")[1])
        self.assertIn("57", self.command("credits", "ls")[1])
        self.assertEqual(self.command("credits", "verify")[:2], (0, "the ledger is exact\n"))
        self.assertEqual(self.postgres.sql("SELECT balance FROM credit_balances WHERE owner = 'shop-1'"), "57")
        self.assertEqual(self.postgres.sql("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND NOT relrowsecurity "
                                           "AND relnamespace = 'public'::regnamespace"), "0")

    def test_what_keeps_it_from_starting_is_said_without_the_password(self):
        for url, code, says in (
                (self.postgres.url(database="nowhere"), 3, 'database "nowhere" does not exist'),
                ("postgres://app:not-shown-22@127.0.0.1:1/x", 3, "refused"),
                ("postgres://app:not-shown@22@127.0.0.1/x", 2, "percent-encode"),
                (self.postgres.url("app:not-shown-22", "empty"), 3, "may not create tables in the schema public")):
            with self.subTest(says=says):
                exit_code, out, err = selvage("migrate", "--data", self.folder(),
                                              env={"DATABASE_URL": url, "DATABASE_PATIENCE": "200ms"})
                self.assertEqual(exit_code, code, err)
                self.assertRegex(err, says)
                self.assertIn("hint: ", err)
                self.assertNotIn("not-shown", out + err)
        code, out, err = selvage("settings", "--changed", env={"DATABASE_URL": "postgres://app:not-shown-22@h/x?password=not-shown"})
        self.assertIn("postgres://app:***@h/x?password=***", out)
        self.assertNotIn("not-shown", out + err)

    def test_jobs_survive_a_server_that_restarts_under_them(self):
        with Platform(settings={"DATABASE_URL": self.postgres.url(), "DATABASE_PATIENCE": "60s"}) as platform:
            key = platform.key(credits=100)
            jobs = []
            for how in (signal.SIGINT, signal.SIGQUIT):
                jobs += [platform.submit(key).json["id"] for _ in range(4)]
                self.postgres.restart(how)
                jobs += [platform.submit(key).json["id"] for _ in range(4)]
            for job in jobs:
                self.assertEqual(platform.wait_job(key, job)["status"], "completed")
            self.assertEqual(platform.command("credits", "verify")[1], "the ledger is exact\n")
            self.assertEqual(platform.get("/v1/credits", key).json["balance"], 100 - len(jobs))
            self.assertEqual(platform.stop(), 0)
        self.assertEqual(self.postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'selvage'"), "0")


if __name__ == "__main__":
    unittest.main()
