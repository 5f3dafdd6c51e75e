"""The OpenAPI document against the real routes and their real answers."""

import re
import unittest

from platform_process import Platform

PATH_VALUES = {"/v1/jobs/{id}": "no-such-job", "/files/{path}": "no/such", "/console/{path}": "no-such-file",
               "/v1/console/dead/{id}/revive": "no-such-task"}


def check(schema, value, schemas, where):
    """The part of JSON Schema that the document uses; a list of what is wrong."""
    if "$ref" in schema:
        return check(schemas[schema["$ref"].rsplit("/", 1)[1]], value, schemas, where)
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
    allowed = schema.get("type", [])
    allowed = [allowed] if isinstance(allowed, str) else allowed
    fits = [k for k in allowed if isinstance(value, kinds[k]) and not (isinstance(value, bool) and k in ("integer", "number"))]
    if allowed and not fits:
        return [f"{where}: {value!r} is no {allowed}"]
    wrong = []
    if "enum" in schema and value is not None and value not in schema["enum"]:
        wrong.append(f"{where}: {value!r} is not in {schema['enum']}")
    if isinstance(value, dict):
        wrong += [f"{where}: {name} is missing" for name in schema.get("required", []) if name not in value]
        known = schema.get("properties", {})
        for name, member in value.items():
            if name in known:
                wrong += check(known[name], member, schemas, f"{where}.{name}")
            elif isinstance(schema.get("additionalProperties"), dict):
                wrong += check(schema["additionalProperties"], member, schemas, f"{where}.{name}")
            elif known:
                wrong.append(f"{where}: {name} is not in the document")
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            wrong += check(schema["items"], item, schemas, f"{where}[{number}]")
    return wrong


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform()
        cls.document = cls.platform.get("/openapi.json").json
        cls.schemas = cls.document["components"]["schemas"]
        cls.key = cls.platform.key()
        cls.admin = cls.platform.admin_key()
        cls.job = cls.platform.wait_job(cls.key, cls.platform.submit(cls.key).json["id"])

    @classmethod
    def tearDownClass(cls):
        cls.platform.close()

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield path, method.upper(), operation

    def test_every_documented_route_exists_and_answers_a_documented_status(self):
        for path, method, operation in self.operations():
            if operation["operationId"] in ("watchAll", "watchJob"):
                continue  # streams; tested with the main job
            real = re.sub(r"\{[^}]+\}", PATH_VALUES.get(path, "no-such"), path)
            for key in (self.admin, None):
                headers = {"Authorization": f"Bearer {key}"} if key else {}
                with self.subTest(method=method, path=path, key=bool(key)):
                    answer = self.platform.request(method, real, b"{}" if method == "POST" else None,
                                                   {**headers, "Content-Type": "application/json"})
                    self.assertNotIn(answer.status, (405, 500), answer)
                    self.assertIn(str(answer.status), {*operation["responses"], "404"}, answer)
                    if answer.status == 404:
                        self.assertNotEqual(answer.json["code"], "http.not_found", "the route does not exist")

    def test_what_is_not_documented_does_not_exist(self):
        for path in ("/v1", "/v1/keys", "/admin", "/debug", "/metrics/x", "/v1/jobs/x/y", "/openapi.yaml"):
            self.assertEqual(self.platform.get(path, self.admin).status, 404, path)
        for path, methods in self.document["paths"].items():
            real = re.sub(r"\{[^}]+\}", "x", path)
            for method in {"PUT", "PATCH", "DELETE"} - {m.upper() for m in methods}:
                self.assertEqual(self.platform.request(method, real).status, 405, f"{method} {path}")

    def test_real_answers_fit_their_schemas(self):
        cases = [("/health", None, "Health"), ("/ready", None, "Readiness"), ("/workers", None, "Workers"), ("/queues", None, "Queues"),
                 (f"/v1/jobs/{self.job['id']}", self.key, "Job"), (f"/v1/jobs/{self.job['id']}", self.admin, "Job"),
                 ("/v1/jobs", self.key, "JobPage"), ("/v1/credits", self.key, "Balance"), ("/v1/console/credits", self.admin, "Balances"),
                 ("/v1/console/session", self.admin, "ConsoleSession"), ("/v1/console/overview", self.admin, "Overview"),
                 ("/v1/console/timeline", self.admin, "Timeline"), ("/v1/console/dead", self.admin, "DeadLetters"),
                 ("/v1/jobs/none", self.key, "Problem"), ("/v1/jobs?limit=x", self.key, "Problem")]
        for path, key, name in cases:
            with self.subTest(path=path):
                self.assertEqual(check({"$ref": f"#/x/{name}"}, self.platform.get(path, key).json, self.schemas, name), [])

    def test_every_reference_resolves_and_ids_are_unique(self):
        def references(node):
            if isinstance(node, dict):
                for name, value in node.items():
                    yield from [value] if name == "$ref" else references(value)
            elif isinstance(node, list):
                for value in node:
                    yield from references(value)
        for reference in references(self.document):
            self.assertIn(reference.rsplit("/", 1)[1], self.schemas)
        ids = [operation["operationId"] for _, _, operation in self.operations()]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertTrue(self.document["openapi"].startswith("3.1"))


if __name__ == "__main__":
    unittest.main()
