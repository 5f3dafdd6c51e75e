"""selvage audit: a stack in, findings out, in every format; nothing else is needed and nothing is changed."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as xml

from platform_process import BINARY, ROOT

STACKS = ROOT / "tests/stacks/rules"
# Settings of servers that are not there: the command must not look at them.
ELSEWHERE = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "WORKER_CONCURRENCY": "nonsense"}

OPEN = """services:
  db:
    image: postgres:17.2
    environment:
      POSTGRES_PASSWORD: hunter2hunter2
    ports:
      - "5432:5432"
"""


def audit(*words, cwd=None, env=None):
    done = subprocess.run([BINARY, "audit", *map(str, words)], cwd=cwd, env={**ELSEWHERE, **(env or {})}, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Audit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="selvage-audit-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.write("compose.yaml", OPEN)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def findings(self, *words):
        code, out, err = audit(*words, "--format", "json", cwd=self.folder)
        self.assertIn(code, (0, 1), err)
        return json.loads(out)["findings"]

    def test_finds_by_file_and_line_and_says_what_to_do(self):
        code, out, err = audit(cwd=self.folder)
        self.assertEqual((code, err), (1, ""))
        for part in ("critical net-datastore-public", "compose.yaml:7:9", "why:", "mend:", "grade "):
            self.assertIn(part, out)
        self.assertNotIn("hunter2", out)
        self.assertNotIn("\033", out)
        self.assertEqual(sorted(self.folder.iterdir()), [self.folder / "compose.yaml"])

    def test_the_exit_code_follows_fail_on(self):
        self.assertEqual(audit("--only", "img-no-digest", "--fail-on", "high", cwd=self.folder)[0], 0)
        self.assertEqual(audit("--only", "img-no-digest", "--fail-on", "medium", cwd=self.folder)[0], 1)
        self.assertEqual(audit("--fail-on", "never", cwd=self.folder)[0], 0)
        self.assertEqual(audit("--only", "net-host-mode", cwd=self.folder)[0], 0)

    def test_wrong_usage_exits_2_and_says_what_to_do(self):
        self.write("bad.yaml", "audit: {rules: {net-flatt: off}}\n")
        self.write("other.json", "{}")
        for words, said in [(("--fail-on", "terrible"), "critical"), (("--format", "pdf"), "sarif"), (("--only", "net-flatt"), "net-flat"),
                            (("--explain", "net-flatt"), "did you mean net-flat?"), (("nowhere",), "nowhere"), ((".", "compose.yaml"), "folder"),
                            (("--policy", "bad.yaml"), "bad.yaml:1:17"), (("--baseline", "other.json"), "--write-baseline"),
                            (("--quiet", "--format", "json"), "--quiet")]:
            with self.subTest(words=words):
                code, out, err = audit(*words, cwd=self.folder)
                self.assertEqual((code, out), (2, ""), err)
                self.assertIn(said, err)

    def test_what_cannot_be_read_or_written_exits_3_or_says_where_to_look(self):
        code, _, err = audit("--output", "no/such/folder/report", cwd=self.folder)
        self.assertEqual(code, 3, err)
        (self.folder / "compose.yaml").unlink()
        code, out, err = audit(cwd=self.folder)
        self.assertIn(code, (2, 3))
        self.assertEqual(out, "")
        self.assertIn("compose.yaml", err)

    def test_a_stack_that_compose_refuses_is_a_finding(self):
        self.write("compose.yaml", "services:\n  api:\n    image: [\n")
        findings = self.findings()
        self.assertEqual([found["rule"] for found in findings], ["cmp-parse"])
        self.assertEqual(findings[0]["file"], "compose.yaml")

    def test_policy_comment_and_baseline_set_findings_aside(self):
        self.write(".selvage.yaml", "audit:\n  waivers:\n    - {rule: sec-literal-env, service: db, reason: a test, until: 2999-01-01}\n")
        self.write("compose.yaml", OPEN.replace('"5432:5432"', '"5432:5432"  # selvage: ignore net-datastore-public a test'))
        rules = {found["rule"] for found in self.findings()}
        self.assertNotIn("sec-literal-env", rules)
        self.assertNotIn("net-datastore-public", rules)
        self.assertIn("data-no-volume", rules)
        self.assertEqual(audit("--write-baseline", "known.json", cwd=self.folder)[0], 0)
        self.assertEqual(audit("--baseline", "known.json", cwd=self.folder)[0], 0)
        self.write("compose.yaml", "# moved\n" + (self.folder / "compose.yaml").read_text() + "    privileged: true\n")
        self.assertEqual([found["rule"] for found in self.findings("--baseline", "known.json")], ["hard-privileged"])

    def test_sarif_names_rules_places_and_fingerprints(self):
        code, out, _ = audit("--format", "sarif", cwd=self.folder)
        self.assertEqual(code, 1)
        log = json.loads(out)
        self.assertEqual(log["version"], "2.1.0")
        run = log["runs"][0]
        rules = run["tool"]["driver"]["rules"]
        self.assertEqual(len({rule["id"] for rule in rules}), len(rules))
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            self.assertIn(result["level"], ("error", "warning", "note"))
            place = result["locations"][0]["physicalLocation"]
            self.assertEqual(place["artifactLocation"]["uri"], "compose.yaml")
            self.assertGreaterEqual(place["region"]["startLine"], 1)
            self.assertTrue(result["partialFingerprints"])
        fix = next(result for result in run["results"] if result["ruleId"] == "net-datastore-public")["fixes"][0]
        change = fix["artifactChanges"][0]["replacements"][0]
        lines = OPEN.splitlines(keepends=True)
        region = change["deletedRegion"]
        self.assertEqual(region["startLine"], region["endLine"])
        line = lines[region["startLine"] - 1]
        mended = line[:region["startColumn"] - 1] + change["insertedContent"]["text"] + line[region["endColumn"] - 1:]
        self.assertEqual(mended, '      - "127.0.0.1:5432:5432"\n')

    def test_junit_html_markdown_and_github_are_well_formed(self):
        code, out, _ = audit("--format", "junit", cwd=self.folder)
        suites = xml.fromstring(out)
        failed = [case.get("name") for case in suites.iter("testcase") if case.find("failure") is not None]
        self.assertEqual(int(suites.get("failures")), len(failed))
        self.assertIn("net-datastore-public", failed)
        code, out, _ = audit("--format", "html", "--output", "report.html", cwd=self.folder)
        self.assertEqual((code, out.count("\n")), (1, 1))
        page = (self.folder / "report.html").read_text()
        self.assertIn("net-datastore-public", page)
        for word in ("<script", "src=", "href=", "http:", "https:"):
            self.assertNotIn(word, page)
        _, out, _ = audit("--format", "markdown", cwd=self.folder)
        self.assertTrue(out.startswith("# Audit of "))
        _, out, _ = audit("--format", "github", cwd=self.folder)
        self.assertTrue(all(line.startswith(("::error ", "::warning ", "::notice ")) for line in out.splitlines()))

    def test_named_files_profiles_and_env_files_are_those_of_the_command_line(self):
        self.write("more.yaml", "services:\n  tool:\n    image: acme/tool:${TOOL_VERSION}\n    privileged: true\n    profiles: [tools]\n")
        self.write("tool.env", "TOOL_VERSION=1.4\n")
        words = ("compose.yaml", "more.yaml", "--only", "hard-privileged", "--only", "env")
        self.assertEqual(["env-file-missing"], [row["rule"] for row in self.findings(*words)])
        found = self.findings(*words, "--profile", "tools")
        self.assertEqual([row["rule"] for row in found], ["hard-privileged", "env-file-missing"])
        self.assertEqual(found[0]["file"], "more.yaml")
        found = self.findings(*words, "--profile", "tools", "--env-file", "tool.env")
        self.assertEqual([row["rule"] for row in found], ["hard-privileged"])

    def test_fix_shows_writes_and_finds_nothing_to_do_the_second_time(self):
        before = (self.folder / "compose.yaml").read_text()
        code, out, _ = audit("--fix", "safe", cwd=self.folder)
        self.assertEqual(code, 1)
        self.assertIn("+    restart: unless-stopped", out)
        self.assertIn("--write makes these edits", out)
        self.assertEqual((self.folder / "compose.yaml").read_text(), before)
        (self.folder / "compose.yaml").chmod(0o640)
        code, out, err = audit("--fix", "safe", "--write", cwd=self.folder)
        self.assertEqual((code, err), (1, ""))
        after = (self.folder / "compose.yaml").read_text()
        for line in ("restart: unless-stopped", "db-data:/var/lib/postgresql/data", "no-new-privileges:true", "max-size: 10m"):
            self.assertIn(line, after)
        self.assertIn('- "5432:5432"', after)
        self.assertEqual((self.folder / "compose.yaml").stat().st_mode & 0o777, 0o640)
        self.assertEqual(list(self.folder.iterdir()), [self.folder / "compose.yaml"])
        self.assertIn("nothing to mend", audit("--fix", "safe", "--write", cwd=self.folder)[1])
        audit("--fix", "behaviour", "--write", cwd=self.folder)
        self.assertIn('- "127.0.0.1:5432:5432"', (self.folder / "compose.yaml").read_text())
        rules = {found["rule"] for found in self.findings()}
        self.assertFalse(rules & {"net-datastore-public", "rel-restart", "log-rotation", "data-no-volume"})

    def test_edits_that_make_the_stack_worse_are_put_back(self):
        clash = "services:\n  a:\n    image: acme/a:1\n    ports: ['8000']\n  b:\n    image: acme/b:1\n    ports: ['127.0.0.1:8000:80']\n"
        self.write("compose.yaml", clash)
        code, _, err = audit("--fix", "behaviour", "--write", "--only", "net-random-port", cwd=self.folder)
        self.assertEqual(code, 1)
        self.assertIn("nothing was changed", err)
        self.assertIn("cmp-port-duplicate", err)
        self.assertEqual((self.folder / "compose.yaml").read_text(), clash)
        self.assertEqual(list(self.folder.iterdir()), [self.folder / "compose.yaml"])

    def test_a_secret_without_its_fallback_has_to_be_set_from_then_on(self):
        self.write("compose.yaml", "services:\n  a:\n    image: acme/a:1\n    environment:\n      JWT_SECRET: ${JWT_SECRET:-changeme}\n")
        code, out, err = audit("--fix", "behaviour", "--write", "--only", "env", cwd=self.folder)
        self.assertEqual((code, err), (1, ""), out)
        self.assertIn("JWT_SECRET: ${JWT_SECRET:?set it}\n", (self.folder / "compose.yaml").read_text())
        self.assertEqual([found["rule"] for found in self.findings("--only", "env")], ["env-file-missing"])

    def test_fix_is_refused_where_it_makes_no_sense(self):
        for words in (("--write",), ("--fix", "all"), ("--fix", "safe", "--format", "json"), ("--fix", "safe", "--write-baseline", "known.json")):
            with self.subTest(words=words):
                code, out, err = audit(*words, cwd=self.folder)
                self.assertEqual((code, out), (2, ""), err)
                self.assertIn("hint:", err)

    def test_rules_are_listed_and_explained(self):
        code, out, _ = audit("--list-rules")
        self.assertEqual(code, 0)
        for rule in sorted(folder.name for folder in STACKS.iterdir()):
            self.assertIn(rule, out)
        code, out, _ = audit("--explain", "net-flat")
        self.assertEqual(code, 0)
        self.assertIn("Not found in", out)
        self.assertLessEqual(max(map(len, out.splitlines())), 110)


if __name__ == "__main__":
    unittest.main()
