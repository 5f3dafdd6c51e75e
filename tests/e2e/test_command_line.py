"""Every command as a person types it: help, errors with hints, exit codes."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from platform_process import BINARY, Platform


def selvage(*words, env=None, cwd=None):
    environment = {"PATH": os.environ["PATH"], **(env or {})}
    done = subprocess.run([BINARY, *words], env=environment, cwd=cwd, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def commands():
    _, out, _ = selvage("--help")
    return re.findall(r"^  ([a-z-]+) ", out.split("Commands:")[1].split("Flags of every")[0], re.M)


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="selvage-cli-")
        self.addCleanup(folder.cleanup)
        self.data = folder.name

    def test_help_fits_80_columns_and_knows_every_command(self):
        self.assertTrue({"up", "worker", "api", "version", "settings", "migrate", "queue", "healthcheck", "keys", "credits"} <= set(commands()))
        for words in ([], *[[name] for name in commands()]):
            code, out, err = selvage(*words, "--help")
            self.assertEqual((code, err), (0, ""))
            for line in out.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_wrong_usage_exits_2_and_says_what_was_meant(self):
        for words, hint in ((["wroker"], "worker"), (["queue", "lss"], "ls"), (["up", "--prot", "1"], "--port"), (["queue"], "ls"),
                            (["version", "x"], "--help"), (["up", "--port"], "--help"), (["up", "--port", "x"], ""),
                            (["up", "--set", "X"], "--set"), (["keys", "create", "--rights", "root"], "admin"), (["keys", "create"], "--channel"),
                            (["credits", "grant", "b2b", "s", "-4"], "100")):
            with self.subTest(words=words):
                code, out, err = selvage(*words, "--data", self.data) if words[-1] != "--port" else selvage(*words)
                self.assertEqual(code, 2, err)
                self.assertIn("error: ", err)
                self.assertIn(hint, err)

    def test_settings_problems_come_all_at_once_and_without_secrets(self):
        code, _, err = selvage("up", "--data", self.data, env={"WORKER_CONCURRENCY": "0", "HTTP_PORT": "http", "LOG_LEVEL": "loud",
                                                               "STORAGE_SIGNING_KEY": "changeme", "OPENAI_API_KEY": "your-key-here",
                                                               "QUEUE_URL": "kafka://x"})
        self.assertEqual(code, 2)
        for name in ("WORKER_CONCURRENCY", "HTTP_PORT", "LOG_LEVEL", "STORAGE_SIGNING_KEY", "OPENAI_API_KEY"):
            self.assertIn(name, err)
        self.assertNotIn("changeme", err)
        self.assertNotIn("your-key-here", err)

    def test_secrets_come_from_files_and_are_never_shown(self):
        secret = pathlib.Path(self.data, "key")
        secret.write_text("correct-horse-battery-staple-42\n")
        code, out, _ = selvage("settings", "--data", self.data, env={"OPENAI_API_KEY_FILE": str(secret)})
        self.assertEqual(code, 0)
        self.assertNotIn("correct-horse", out)
        self.assertRegex(out, r"OPENAI_API_KEY +\(set\)")

    def test_the_template_is_a_valid_env_file_with_every_setting(self):
        code, out, _ = selvage("settings", "--template")
        self.assertEqual(code, 0)
        template = pathlib.Path(self.data, ".env")
        template.write_text(re.sub(r"^# ?([A-Z_]+=)", r"\1", out, flags=re.M))
        code, _, err = selvage("settings", "--env-file", str(template), "--data", self.data)
        self.assertEqual(code, 0, err)
        names = set(re.findall(r"^([A-Z_]+)=", template.read_text(), re.M))
        self.assertTrue({"WORKER_CONCURRENCY", "EGRESS_ALLOW", "PROVIDER", "DATA_DIR"} <= names)

    def test_check_calls_an_opened_egress_guard_unsafe(self):
        self.assertEqual(selvage("settings", "--check", "--data", self.data)[0], 0)
        code, out, _ = selvage("settings", "--check", "--data", self.data, env={"EGRESS_ALLOW": "127.0.0.0/8"})
        self.assertEqual(code, 1)
        self.assertIn("EGRESS_ALLOW", out)

    def test_the_completion_completes(self):
        _, script, _ = selvage("completion")
        ask = script + '\nCOMP_WORDS=(selvage qu); COMP_CWORD=1; _selvage; echo "${COMPREPLY[@]}"\n' \
                       'COMP_WORDS=(selvage queue re); COMP_CWORD=2; _selvage; echo "${COMPREPLY[@]}"\n'
        done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True)
        self.assertEqual(done.stdout.split(), ["queue", "retry", "resume"], done.stderr)

    def test_migrate_says_what_it_would_do_then_does_it_once(self):
        self.assertEqual(selvage("migrate", "--dry-run", "--data", self.data)[0], 1)
        self.assertEqual(selvage("migrate", "--data", self.data)[0], 0)
        code, out, _ = selvage("migrate", "--data", self.data)
        self.assertEqual(code, 0)
        self.assertIn("0 applied", out)
        self.assertEqual(selvage("migrate", "--dry-run", "--data", self.data)[0], 0)

    def test_healthcheck_tells_up_from_down(self):
        with Platform() as platform:
            self.assertEqual(platform.command("healthcheck", check=False)[0], 0)
            self.assertEqual(platform.command("healthcheck", "--ready", check=False)[0], 0)
            platform.stop()
            code, _, err = platform.command("healthcheck", check=False)
            self.assertEqual(code, 3)
            self.assertIn("hint:", err)

    def test_a_port_in_use_is_said(self):
        with Platform() as platform:
            code, _, err = selvage("up", "--data", self.data, "--port", str(platform.port))
            self.assertEqual(code, 3)
            self.assertIn(str(platform.port), err)

    def test_grants_with_a_reference_count_once(self):
        for _ in range(2):
            self.assertEqual(selvage("credits", "grant", "b2b", "store-9", "50", "--reference", "invoice-1", "--data", self.data)[0], 0)
        _, out, _ = selvage("credits", "ls", "--data", self.data)
        self.assertRegex(out, r"b2b +store-9 +50 ")
        self.assertIn("exact", selvage("credits", "verify", "--data", self.data)[1])


if __name__ == "__main__":
    unittest.main()
