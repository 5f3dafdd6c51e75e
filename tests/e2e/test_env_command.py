"""selvage env on a stack as people have it: from nothing to a file that passes, and no value told."""

import json
import os
import pathlib
import re
import stat
import tempfile
import unittest

from test_command_line import selvage

COMPOSE = """services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it}
      POSTGRES_DB: ${POSTGRES_DB:-shop}
  api:
    image: api:1
    environment:
      OPENAI_API_KEY: ${OPENAI_API_KEY:?from the provider}
      SESSION_SECRET: ${SESSION_SECRET:-changeme}
    ports: ["127.0.0.1:${API_PORT}:8000"]
"""


class EnvCommand(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="selvage-env-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.env = self.folder / ".env"
        (self.folder / "compose.yaml").write_text(COMPOSE)

    def run_env(self, action, *words, code=0, folder=True):
        got, out, err = selvage("env", action, *([str(self.folder)] if folder else []), *words)
        self.assertEqual(got, code, out + err)
        for line in out.splitlines():
            if str(self.folder) not in line:
                self.assertLessEqual(len(line), 80, line)
        return out + err

    def values(self):
        return dict(re.findall(r"^(\w+)=(.*)$", self.env.read_text(), re.M))

    def test_from_nothing_to_a_file_that_passes(self):
        out = self.run_env("check", code=1)
        for name in ("POSTGRES_PASSWORD", "OPENAI_API_KEY", "API_PORT", "SESSION_SECRET", "does not exist"):
            self.assertIn(name, out)
        self.assertNotIn("POSTGRES_DB", out)

        self.run_env("template")
        template = (self.folder / ".env.example").read_text()
        self.assertIn("# compose.yaml:5 services.db.environment.POSTGRES_PASSWORD", template)
        self.assertIn("#POSTGRES_DB=shop", template)
        self.assertNotIn("changeme", template)
        self.assertIn("every variable", self.run_env("template"))

        out = self.run_env("generate", "--dry-run")
        self.assertFalse(self.env.exists())
        out = self.run_env("generate")
        self.assertEqual(stat.S_IMODE(self.env.stat().st_mode), 0o600)
        made = self.values()
        self.assertEqual(len(made["POSTGRES_PASSWORD"]), 43)
        self.assertEqual(len(made["SESSION_SECRET"]), 43)
        self.assertNotIn(made["POSTGRES_PASSWORD"], out)
        self.assertRegex(out, r"(?s)left for you.*OPENAI_API_KEY")

        text = self.env.read_text().replace("OPENAI_API_KEY=", "OPENAI_API_KEY=sk-1234567890abcdefXYZ # mine")
        self.env.write_text(text.replace("API_PORT=", "API_PORT=8000"))
        self.assertIn("insecure-default", self.run_env("check"))
        self.run_env("check", "--strict", code=1)
        before = self.env.read_text()
        self.assertIn("has all its secrets", self.run_env("generate"))
        self.assertEqual(self.env.read_text(), before)

    def test_no_output_tells_a_value(self):
        self.env.write_text("POSTGRES_PASSWORD=hunter2hunter2\nSESSION_SECRET=hunter2hunter2\nOPENAI_API_KEY='hunter2' hunter2\n"
                            "API_PORT=#hunter2\nURL=redis://:hunter2@redis/0\nBROKEN?=hunter2\n")
        other = self.folder / "other.env"
        other.write_text("POSTGRES_PASSWORD=hunter2\nAPI_PORT=hunter2\n")
        for words, code in ((["check"], 1), (["check", "--format", "json"], 1), (["generate"], 2), (["template"], 2)):
            self.assertNotIn("hunter2", self.run_env(*words, code=code))
        self.env.write_text(self.env.read_text().replace("BROKEN?", "MENDED"))
        out = self.run_env("check", code=1)
        self.assertNotIn("hunter2", out)
        self.assertIn("services.api.ports[0]", out)
        self.assertNotIn("hunter2", self.run_env("generate"))
        for words in (["--format", "json"], []):
            self.assertNotIn("hunter2", self.run_env("diff", str(self.env), str(other), *words, code=1, folder=False))

    def test_findings_as_json_have_their_places(self):
        self.env.write_text("POSTGRES_PASSWORD=postgres\nOPENAI_API_KEY=your-key-here\nAPI_PORT=1\nOLD=1\n")
        self.env.chmod(0o644)
        report = json.loads(self.run_env("check", "--format", "json", code=1))
        kinds = {(finding["kind"], finding["variable"]) for finding in report["findings"]}
        self.assertTrue({("insecure", "POSTGRES_PASSWORD"), ("placeholder", "OPENAI_API_KEY"), ("unused", "OLD"),
                         ("permissions", ""), ("insecure-default", "SESSION_SECRET")} <= kinds, kinds)
        for finding in report["findings"]:
            self.assertTrue(os.path.exists(finding["place"]["file"]), finding)
        self.assertEqual(report["errors"], sum(finding["level"] == "error" for finding in report["findings"]))

    def test_diff(self):
        (self.folder / "a.env").write_text("A=1\nB='x'\nC=3\n")
        (self.folder / "b.env").write_text("A=2\nB=\"x\"\nD=4\n")
        a, b = str(self.folder / "a.env"), str(self.folder / "b.env")
        out = json.loads(self.run_env("diff", a, b, "--format", "json", code=1, folder=False))
        self.assertEqual([(d["kind"], d["variable"]) for d in out["differences"]],
                         [("only-first", "C"), ("only-second", "D"), ("value", "A")])
        self.run_env("diff", a, a, folder=False)
        self.assertEqual(len(json.loads(self.run_env("diff", a, b, "--names-only", "--format", "json", code=1, folder=False))["differences"]), 2)

    def test_bad_input_has_an_answer(self):
        for words, code, hint in ((["check", str(self.folder / "none")], 2, "folder"), (["diff", "x"], 2, "two env files"),
                                  (["check", "--format", "xml"], 2, "json"), (["check", str(self.folder), "--env", "/none"], 2, "none"),
                                  (["generate", str(self.folder), "--name", "A B"], 2, "letters"),
                                  (["check", str(self.folder), "--file", "/none.yaml"], 2, "none.yaml")):
            with self.subTest(words=words):
                got, out, err = selvage("env", *words)
                self.assertEqual(got, code, out + err)
                self.assertIn("error: ", err)
                self.assertIn(hint, err)
        os.rename(self.folder / "compose.yaml", self.folder / "docker-compose.prod.yml")
        _, _, err = selvage("env", "check", str(self.folder))
        self.assertIn("docker-compose.prod.yml", err)


if __name__ == "__main__":
    unittest.main()
