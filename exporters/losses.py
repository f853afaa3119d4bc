"""What is lost of a query that a target can say, by the finer points that it does not keep."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..catalog.failed_parts import failed_parts
from ..catalog.terms import format_duration
from .capabilities import Capabilities, Direction, Loss
from .query import SAME_TOOL, Key, KeyPair, Query, Spoiler

# What stands for SAME_TOOL where userAgents are compared as they stand.
SAME_AGENT = KeyPair(replace(SAME_TOOL.own, tool=False), replace(SAME_TOOL.parent, tool=False))

# What stands for SAME_CREDENTIAL where a key cannot be read from the first of several fields.
_ACCESS_KEY = Key("access_key_id", ("userIdentity.accessKeyId",))
SAME_ACCESS_KEY = KeyPair(_ACCESS_KEY, _ACCESS_KEY)


def reasons(spoilers: Iterable[Spoiler]) -> str:
    """Why the spoilers void, each reason once."""
    return ", ".join(dict.fromkeys(spoiler.reason for spoiler in spoilers))


def losses_of_spoilers(query: Query, can: Capabilities) -> Iterable[Loss]:
    """What a target misses of the spoilers that it looks for: a spoiler missed silences more."""
    widest = can.max_window
    missed: list[tuple[str, Callable[[Spoiler], bool]]] = []
    if not can.hold:
        missed.append(("judges on arrival: unnoticed if later", lambda each: each.after > 0))
    if not can.sliding:
        missed.append(
            (
                "fixed buckets of time: unnoticed across an edge",
                lambda each: each.before > 0 or each.after > 0,
            )
        )
    if widest is not None:
        missed.append(
            (
                f"unnoticed after {format_duration(widest)}",
                lambda each: max(each.before, each.after) > widest,
            )
        )
    if not can.case_fold:
        missed.append(
            (
                "names compare with case: unnoticed if spelt otherwise",
                lambda each: _folds(each.join),
            )
        )
    if not can.any_account:
        missed.append(("unnoticed in another account", lambda each: not each.same_account))
    if not can.unreadable_spoilers:
        missed.append(("unnoticed without an account", lambda each: each.same_account))
    if not can.log_ends:
        missed.append(
            ("the log may begin too late or end too soon to show", lambda each: not each.between)
        )
    for cause, misses in missed:
        unnoticed = [spoiler for spoiler in query.spoilers if misses(spoiler)]
        if unnoticed:
            yield Loss(Direction.CLOSED, f"{cause}: {reasons(unnoticed)}")


def _folds(pairs: Iterable[KeyPair]) -> bool:
    return any(pair.own.fold or pair.parent.fold for pair in pairs)


def losses_of_vetoes(vetoes: Iterable[Query], can: Capabilities) -> Iterable[Loss]:
    """What a target misses of the vetoes that it asks: one missed silences more."""
    missed: list[tuple[str, Callable[[Query], bool]]] = []
    if not can.hold:
        missed.append(("judges on arrival: unnoticed if later", lambda each: each.reach_after > 0))
    if not can.sliding:
        missed.append(("fixed buckets of time: unnoticed across an edge", lambda each: True))
    if not can.same_second:
        missed.append(("unnoticed in the very second", lambda each: True))
    if not can.any_account:
        missed.append(
            (
                "unnoticed in another account",
                lambda each: any(not node.edge.same_account for node in each.nodes),
            )
        )
    for cause, misses in missed:
        unnoticed = [veto.cascade for veto in vetoes if misses(veto)]
        if unnoticed:
            yield Loss(
                Direction.CLOSED, f"{cause}: what {', '.join(unnoticed)} explain more strictly"
            )


def losses_of_detail(query: Query, can: Capabilities) -> Iterable[Loss]:
    edges = [node.edge for node in query.nodes]
    waits = any(edge.before for edge in edges)
    if not can.hold and waits:
        yield Loss(
            Direction.OPEN,
            "judges on arrival: an origin that comes after its effect comes too late",
        )
    partly = dict.fromkeys(
        pattern.action
        for pattern in (query.root, *(node.pattern for node in query.nodes))
        if pattern.action in failed_parts() and not pattern.may_fail
    )
    if partly:
        yield Loss(
            Direction.OPEN,
            f"{', '.join(partly)}: a call some of whose parts failed explains nothing and is not explained",
        )
    if not can.same_second:
        yield Loss(Direction.OPEN, "an origin in the very second of its effect is not seen")
    if not can.sliding:
        yield Loss(Direction.OPEN, "fixed buckets of time: a cascade across an edge still alerts")
    if not can.case_fold and any(_folds(edge.join) for edge in edges):
        yield Loss(Direction.OPEN, "names compare with case: Alice and alice are two")
    if not can.case_fold and any(_folds(edge.distinct) for edge in edges):
        yield Loss(
            Direction.CLOSED,
            "names compare with case: one name in two spellings counts as two that differ",
        )
    if any(edge.actor in ("same", "same-role") for edge in edges):
        if can.actor == "session":
            yield Loss(
                Direction.OPEN,
                "credentials are not followed through AssumeRole: two sessions of one person are two actors",
            )
        elif can.actor == "none":
            yield Loss(Direction.CLOSED, "actors are not compared: anybody's origin explains")
    if any(SAME_AGENT in edge.join for edge in edges):
        yield Loss(
            Direction.OPEN,
            "user agents are compared as they stand: two versions or subcommands are two tools",
        )
    if not can.same_role and any(edge.actor == "same-role" for edge in edges):
        yield Loss(Direction.OPEN, "two sessions of one role are two actors")
    if not can.error_message:
        yield Loss(
            Direction.CLOSED,
            "a failed call that has a message and no code counts as successful",
        )
    if not can.any_account and any(not edge.same_account for edge in edges):
        yield Loss(Direction.OPEN, "an origin in another account is not seen")
    if query.purpose == "alert" and not can.copies:
        yield Loss(
            Direction.UNCOVERED,
            "records that share an eventID and differ, which CloudTrail does not write: one of them is seen",
        )
    if query.purpose == "alert" and not can.undated:
        yield Loss(
            Direction.UNCOVERED,
            "records without a readable eventTime, which CloudTrail does not write: they count when they arrive, "
            "or not at all",
        )
    if not can.any_window and len({(edge.before, edge.after) for edge in edges}) > 1:
        yield Loss(
            Direction.CLOSED,
            "one window, the widest, for all effects: narrower ones are overstepped",
        )
