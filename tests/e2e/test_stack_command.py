"""selvage stack show: the resolved model, where values come from, and what bad stacks get."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from platform_process import BINARY

STACK = """services:
  api:
    image: "api:${TAG:?set TAG}"
    ports: ["8080:80"]
    environment: {DB_PASSWORD: hunter2hunter2, PRICE: "5$$"}
  debug: {image: d, profiles: [dev]}
"""


class StackCommand(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="selvage-stack-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve() / "shop"
        self.folder.mkdir()
        self.write("compose.yaml", STACK)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def show(self, *words, env=None):
        done = subprocess.run([BINARY, "stack", "show", *words], cwd=self.folder, capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], **(env or {})})
        return done.returncode, done.stdout, done.stderr

    def test_the_model_is_printed_as_json_and_yaml_without_secrets(self):
        self.write(".env", "TAG=7\n")
        code, out, _ = self.show("--format", "json")
        self.assertEqual(code, 0)
        model = json.loads(out)
        self.assertEqual(model["name"], "shop")
        self.assertEqual(model["services"]["api"]["image"], "api:7")
        self.assertEqual(model["services"]["api"]["environment"], {"DB_PASSWORD": "(redacted)", "PRICE": "5$$"})
        self.assertEqual(model["services"]["api"]["ports"],
                         [{"mode": "ingress", "protocol": "tcp", "published": "8080", "target": 80}])
        self.assertNotIn("debug", model["services"])
        code, out, _ = self.show("--profile", "dev", "--reveal")
        self.assertEqual(code, 0)
        self.assertIn("DB_PASSWORD: hunter2hunter2", out)
        self.assertIn("debug:", out)

    def test_why_names_file_line_and_variable(self):
        self.write(".env", "# x\nTAG=7\n")
        self.write("compose.override.yaml", "services:\n  api:\n    ports:\n      - 81:81\n")
        code, out, _ = self.show("--why", "services.api.image", "--why", "services.api.ports[1]")
        self.assertEqual(code, 0)
        self.assertIn('services.api.image = "api:7"\n  said at compose.yaml:3:12\n', out)
        self.assertIn("variable TAG comes from .env:2\n", out)
        self.assertIn("said at compose.override.yaml:4:9\n", out)
        code, _, error = self.show("--why", "services.api.prots")
        self.assertEqual(code, 1)
        self.assertIn("services.api exists", error)

    def test_without_the_env_file_it_says_what_is_missing(self):
        code, out, error = self.show()
        self.assertEqual((code, out), (2, ""))
        self.assertIn("compose.yaml:3:12: services.api.image: the required variable TAG is missing a value: set TAG", error)
        code, out, error = self.show("--placeholders")
        self.assertEqual(code, 0)
        self.assertIn("api:selvage-placeholder", out)
        self.assertIn("compose.yaml:3:12: TAG is missing", error)

    def test_several_files_and_an_env_file_elsewhere(self):
        self.write("prod.env", "TAG=9\n")
        self.write("prod.yaml", "services:\n  api: {command: run, ports: !reset []}\n")
        code, out, _ = self.show("--file", "compose.yaml", "--file", "prod.yaml", "--stack-env", "prod.env", "--format", "json")
        self.assertEqual(code, 0)
        api = json.loads(out)["services"]["api"]
        self.assertEqual((api["image"], api["command"]), ("api:9", ["run"]))
        self.assertNotIn("ports", api)

    def test_bad_stacks_and_bad_words(self):
        self.write("compose.yaml", "services:\n  api:\n    imgae: x\n")
        code, _, error = self.show()
        self.assertEqual(code, 2)
        self.assertIn('compose.yaml:3:5: services.api: "imgae" is no key of a service', error)
        self.assertIn("do you mean `image`?", error)
        code, _, error = self.show("--format", "toml")
        self.assertEqual(code, 2)
        self.assertIn("--format must be yaml or json", error)
        code, _, error = self.show("--file", "nowhere.yaml")
        self.assertEqual(code, 2)
        self.assertIn("nowhere.yaml: No such file", error)


if __name__ == "__main__":
    unittest.main()
