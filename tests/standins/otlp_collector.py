#!/usr/bin/env python3
"""A stand-in for an OpenTelemetry collector: OTLP over HTTP in JSON. Python 3.11, standard library only.

    otlp_collector.py [--port N] [--path /v1/traces] [--with-parent]

Every request is checked against the specification's JSON mapping (ids in lower-case hex, times and integers as text,
kinds as numbers, attributes as typed values) and refused with 400 and the reason when it is wrong. GET /_standin/spans
gives all spans with their resource's attributes, as plain values; GET /_standin/problems what was refused. Faults: see
http_service.py, and "reject=N" for a partial success.
"""
import json
import re

import http_service

KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}


class Wrong(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Wrong(what)


def only(thing, where, required, optional=()):
    need(isinstance(thing, dict), f"{where} is no object")
    missing, unknown = set(required) - set(thing), set(thing) - set(required) - set(optional)
    need(not missing, f"{where} lacks {sorted(missing)}")
    need(not unknown, f"{where} has the unknown {sorted(unknown)}")


def plain(attributes, where):
    need(isinstance(attributes, list), f"{where} is no list")
    values = {}
    for entry in attributes:
        only(entry, where, ("key", "value"))
        need(isinstance(entry["key"], str) and entry["key"] and entry["key"] not in values, f"{where} has a bad key")
        need(isinstance(entry["value"], dict) and len(entry["value"]) == 1, f"{entry['key']} has no one value")
        (kind, value), = entry["value"].items()
        good = {"stringValue": isinstance(value, str), "boolValue": isinstance(value, bool),
                "intValue": isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value) is not None,
                "doubleValue": isinstance(value, (int, float)) and not isinstance(value, bool)}
        need(good.get(kind), f"{entry['key']} has the bad value {entry['value']}")
        values[entry["key"]] = int(value) if kind == "intValue" else value
    return values


def read_span(span, resource):
    only(span, "a span", ("traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano"),
         ("parentSpanId", "traceState", "flags", "attributes", "droppedAttributesCount", "status", "links", "events"))
    need(re.fullmatch(r"[0-9a-f]{32}", span["traceId"]) and set(span["traceId"]) != {"0"}, "traceId is wrong")
    for name in ("spanId", "parentSpanId"):
        if name in span:
            need(re.fullmatch(r"[0-9a-f]{16}", span[name]) and set(span[name]) != {"0"}, f"{name} is wrong")
    need(isinstance(span["name"], str) and span["name"], "a span has no name")
    need(span["kind"] in KINDS, "kind is no number from 1 to 5")
    for name in ("startTimeUnixNano", "endTimeUnixNano"):
        need(isinstance(span[name], str) and re.fullmatch(r"\d{19}", span[name]), f"{name} is no text of nanoseconds")
    need(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]), "a span ends before it starts")
    status = span.get("status", {})
    only(status, "status", (), ("code", "message"))
    need(status.get("code", 0) in (0, 1, 2), "the status code is wrong")
    return {"trace_id": span["traceId"], "span_id": span["spanId"], "parent_id": span.get("parentSpanId", ""),
            "trace_state": span.get("traceState", ""), "name": span["name"], "kind": KINDS[span["kind"]],
            "start": int(span["startTimeUnixNano"]), "end": int(span["endTimeUnixNano"]),
            "failed": status.get("code") == 2, "message": status.get("message", ""),
            "attributes": plain(span.get("attributes", []), "attributes"), "resource": resource}


class Collector:
    def __init__(self, options):
        self.path = options.path
        self.spans, self.problems, self.reject = [], [], 0

    def fault(self, name):
        kind, _, value = name.partition("=")
        if kind == "reject":
            body = {"partialSuccess": {"rejectedSpans": value, "errorMessage": "too old"}}
            return http_service.Refusal(200, json.dumps(body).encode(), {"Content-Type": "application/json"})
        status, _, wait = value.partition(";")
        return http_service.Refusal(int(status), b"busy", {"Retry-After": wait} if wait else {})

    def control(self, name):
        return self.problems if name == "problems" else self.spans

    def __call__(self, handler):
        if handler.command != "POST" or handler.raw_path != self.path:
            return 404, {}, b"no such path"
        try:
            need(handler.headers.get("Content-Type") == "application/json", "Content-Type is not application/json")
            request = json.loads(handler.body)
            only(request, "the request", ("resourceSpans",))
            spans = []
            for part in request["resourceSpans"]:
                only(part, "resourceSpans", ("resource", "scopeSpans"))
                resource = plain(part["resource"]["attributes"], "resource attributes")
                need("service.name" in resource, "the resource has no service.name")
                for scope in part["scopeSpans"]:
                    only(scope, "scopeSpans", ("scope", "spans"))
                    only(scope["scope"], "scope", ("name",), ("version",))
                    spans += [read_span(span, resource) for span in scope["spans"]]
            known = {span["span_id"] for span in self.spans}
            need(not known & {span["span_id"] for span in spans}, "a span came twice")
            self.spans += spans
        except (Wrong, ValueError, KeyError, TypeError) as problem:
            self.problems.append(str(problem))
            return 400, {}, str(problem).encode()
        return 200, {"Content-Type": "application/json"}, b'{"partialSuccess":{}}'


def main():
    parser = http_service.arguments(__doc__)
    parser.add_argument("--path", default="/v1/traces")
    options = parser.parse_args()
    http_service.run(Collector(options), options)


if __name__ == "__main__":
    main()
