"""Reports of verdicts that are made up, hostile ones among them."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from cloudcascade.cli.report_html import write_html
from cloudcascade.cli.tally import LogFacts, Tally
from cloudcascade.matcher import NearMiss, Verdict

EVIL = "</script><img src=x onerror=\"document.title='owned'\">\u202e\x1b[2J'\"&<!--"
FACTS = LogFacts(("log.json",), 3, 0, 0, 0, 549)


def orphan(number: int = 1, **members: Any) -> Verdict:
    given: dict[str, Any] = {
        "event_id": f"event-{number}", "event_time": f"2026-03-17T10:00:{number % 60:02}Z", "action": "iam:DeleteUser",
        "account": "111122223333", "region": "us-east-1", "actor": "AIDAEXAMPLE", "verdict": "orphan", "failed": False,
        "actor_arn": "arn:aws:iam::111122223333:user/dana",
    }  # fmt: skip
    return Verdict(**(given | members))


def hostile() -> list[Verdict]:
    """An orphan, an origin and an effect whose every text closes the script and opens an image."""
    texts = {
        "action": EVIL, "account": EVIL, "region": EVIL, "actor": EVIL, "actor_arn": EVIL, "error": EVIL,
        "controller": EVIL, "caveats": (EVIL,), "techniques": (EVIL,), "target": {EVIL: EVIL}, "source_ip": EVIL,
        "user_agent": EVIL, "tool": EVIL, "initial_principal": EVIL, "session": EVIL, "file": EVIL, "next": EVIL,
        "failed": True,
    }  # fmt: skip
    misses = (NearMiss(EVIL, EVIL, EVIL), NearMiss(EVIL, None, EVIL))
    return [
        orphan(1, **texts | {"event_id": EVIL, "near_misses": misses}),
        orphan(2, **texts | {"verdict": "origin", "cascade": EVIL, "instance": "event-2"}),
        orphan(3, **texts | {"verdict": "effect", "policy": "annotate", "cascade": EVIL, "instance": "event-2",
                             "relation": EVIL, "path": ("event-3", EVIL, "event-2")}),
    ]  # fmt: skip


def page_of(
    verdicts: Iterable[Verdict],
    facts: LogFacts = FACTS,
    record_of: Callable[[str], tuple[bytes | None, int]] | None = None,
) -> str:
    out = io.BytesIO()
    tally = Tally(facts)
    write_html(out, tally.count(verdicts), tally, record_of)
    return out.getvalue().decode()
