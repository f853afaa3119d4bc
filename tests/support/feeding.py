"""Verdicts, and one run of a feed with them."""

from collections.abc import Mapping, Sequence
from contextlib import closing

from cloudcascade.feeds import (
    Opening,
    Patience,
    Report,
    Row,
    Statement,
    Wanted,
    fill,
    find_feed,
    open_client,
)
from cloudcascade.tests.support.siem_apis import SECRETS, Kibana
from cloudcascade.tests.support.siem_server import Platform

NOW = 1_773_792_000  # 2026-03-18T00:00:00Z
HOUR, DAY = 3_600, 86_400


def row(event_id: str, *, age: float = HOUR, cascade: str = "aws.iam.delete-user") -> Row:
    return Row(
        event_id, int(NOW - age), "iam:DeactivateMFADevice", cascade, "precondition", "root-1"
    )


def silenced(event_id: str, *, age: float = HOUR, named: str | None = None) -> Statement:
    return Statement(event_id, row(event_id, age=age), id=named)


def spoken(event_id: str, *, named: str | None = None, instead_of: str | None = None) -> Statement:
    """A final verdict that does not silence."""
    return Statement(event_id, None, id=named, supersedes=instead_of)


def run_feed(
    target: str,
    platform: Platform,
    statements: Sequence[Statement],
    *,
    now: float = NOW,
    keep: int = 30 * DAY,
    dry_run: bool = False,
    secrets: Mapping[str, str] = SECRETS,
    said: list[tuple[str, str]] | None = None,
) -> Report:
    """What became of the platform's table. Nothing waits between attempts."""
    if isinstance(platform, Kibana):
        platform.clock = now
    feed = find_feed(target)
    patience = Patience(attempts=3, first_wait=0.0)
    with (
        closing(open_client(feed, platform.url, secrets, timeout=10, patience=patience)) as client,
        closing(Wanted()) as wanted,
        closing(feed.open(Opening(client, keep, now))) as table,
    ):
        wanted.add(statements)

        def say(what: str, event_id: str, cascade: str) -> None:
            if said is not None:
                said.append((what, event_id))

        return fill(table, wanted, keep=keep, now=now, dry_run=dry_run, say=say)
