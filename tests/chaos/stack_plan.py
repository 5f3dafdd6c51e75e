"""The tasks of a run on the real back ends: what each asks for, and how it must end whatever happens meanwhile.

A plan is made of a seed alone, so a run can be repeated. What the provider does with a task is told by words in the
task's prompt (tests/standins/openai.py), so that it holds for each try of it.
"""

import collections
import dataclasses
import json
import uuid


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    share: float  # of a hundred
    prompt: str  # what the provider is told to do
    ending: str
    error: str | None  # of a failed one
    calls: int  # of the provider, when no crash disturbs it


KINDS = {kind.name: kind for kind in (
    Kind("fine", 79, "", "completed", None, 1),
    Kind("missing", 4, "", "failed", "input_unreachable", 0),
    Kind("moderated", 3, "standin:moderation", "failed", "moderation_blocked", 1),
    Kind("no_quota", 2, "standin:billing", "failed", "provider_billing", 1),
    Kind("busy_once", 3, "standin:rate_limit=1 standin:after=1", "completed", None, 2),
    Kind("busy_once_untold", 1.5, "standin:slow_down=1", "completed", None, 2),
    Kind("busy", 1, "standin:rate_limit standin:after=1", "failed", "provider_rate_limited", 2),
    Kind("error_once", 2.5, "standin:server_error=1", "completed", None, 2),
    Kind("error", 0.5, "standin:server_error=99", "failed", "provider_unavailable", 3),
    Kind("cut_once", 2.5, "standin:cut=1", "completed", None, 2),
    Kind("cut", 0.5, "standin:cut=99", "failed", "provider_unavailable", 3),
    Kind("hang", 0.5, "standin:hang", "failed", "provider_timeout", 1),
)}

# Those that need no time-out and no wait for a busy provider.
QUICK = tuple(kind for name, kind in KINDS.items() if not name.startswith(("hang", "busy")))

OWNERS = (("b2c", "user-1"), ("b2c", "user-2"), ("b2b", "store-1"), ("b2b", "store-2"), ("b2b", "store-3"))
GRANT = 1_000_000
POOR, POOR_GRANT, POOR_TASKS = ("b2b", "poor-store"), 7, 25  # pushes more tasks than it can pay


@dataclasses.dataclass
class Intent:
    """A task that a client wants done once, and what the client knows of it."""
    number: int
    job_id: str  # session id; the client chooses it, so that sending twice is the same
    owner: tuple
    kind: Kind
    via: str  # http or push
    uploads: bool  # its pictures come with it, else by URL
    answers: list = dataclasses.field(default_factory=list)  # (status or "pushed", job id or problem code)
    accepted_at: float | None = None  # monotonic

    @property
    def request_id(self):
        return f"chaos-{self.number}"

    @property
    def key(self):
        return f"order-{self.number}"


def make_plan(random, tasks, pushed=0.7, kinds=tuple(KINDS.values()), poor=True, first=0):
    def one(number, owner, kind, via):
        return Intent(number, str(uuid.UUID(int=random.getrandbits(128), version=4)), owner, kind, via,
                      via == "http" and kind.name != "missing" and random.random() < 0.3)
    plan = []
    quick = [kind for kind in kinds if kind.name != "hang"]  # so that a run does not end with waiting
    for number in range(first, first + tasks):
        some = kinds if number < first + tasks * 3 // 4 else quick
        kind = random.choices(some, [k.share for k in some])[0]
        plan.append(one(number, random.choice(OWNERS), kind, "push" if random.random() < pushed else "http"))
    if poor:
        for number in range(first + tasks, first + tasks + POOR_TASKS):
            plan.insert(random.randrange(len(plan)), one(number, POOR, KINDS["fine"], "push"))
    return plan


def message(intent, shop_url):
    """GenerationTask v1 as any producer writes it."""
    channel, owner = intent.owner
    person = "missing.png" if intent.kind.name == "missing" else "person.png"
    task = {"version": 1, "task_id": f"task-{intent.job_id}", "session_id": intent.job_id,
            "request_id": intent.request_id, "channel": channel,
            "store_id" if channel == "b2b" else "user_id": owner,
            "person_image_url": f"{shop_url}/{person}", "garment_image_urls": [f"{shop_url}/shirt.png"],
            "credits": 1, "created_at": "2026-01-01T00:00:00Z", "from": "another producer"}
    if intent.kind.prompt:
        task["prompt"] = intent.kind.prompt
    return json.dumps(task).encode()


def describe(plan):
    counts = collections.Counter(intent.via for intent in plan)
    return f"{len(plan)} tasks ({counts['push']} by LPUSH, {counts['http']} by HTTP)"
