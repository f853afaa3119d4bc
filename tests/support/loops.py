"""Logs of somebody who goes round in a loop on one entity: every event might belong to every other."""

from collections.abc import Callable

from .cloudtrail import ALICE, Event, call

DEVICE = "arn:aws:iam::111111111111:mfa/x"
POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
HOUR = 3_600
AGENTS = ("aws-cli/2.15.30", "Boto3/1.34.0")

# The actions of one round, and whether they all happen within one second.
_ROUNDS: dict[str, tuple[tuple[str, ...], bool]] = {
    "two tools and their keys": (("iam:CreateAccessKey", "iam:DeleteAccessKey"), False),
    "keys within a second": (("iam:CreateAccessKey", "iam:DeleteAccessKey"), True),
    "deletions and what they need": (("iam:DetachUserPolicy", "iam:DeleteUser"), False),
    "devices, and a user who comes back": (
        (
            "iam:DeactivateMFADevice",
            "iam:DeleteVirtualMFADevice",
            "iam:DeleteUser",
            "iam:CreateUser",
        ),
        False,
    ),
    "the same within a second": (
        (
            "iam:DeactivateMFADevice",
            "iam:DeleteVirtualMFADevice",
            "iam:DeleteUser",
            "iam:CreateUser",
        ),
        True,
    ),
}


def _loop(actions: tuple[str, ...], events: int, *, at_once: bool) -> list[Event]:
    made = []
    for number in range(events):
        turn, place = divmod(number, len(actions))
        made.append(
            call(
                actions[place],
                f"event-{number:06}",
                5 if at_once else number * HOUR // events,
                {
                    "userName": "x",
                    "accessKeyId": f"AKIA{turn:012}",
                    "serialNumber": DEVICE,
                    "policyArn": POLICY,
                },
                by=ALICE,
                userAgent=AGENTS[turn % 2],
            )
        )
    return made


def _of(name: str) -> Callable[[int], list[Event]]:
    actions, at_once = _ROUNDS[name]
    return lambda events: _loop(actions, events, at_once=at_once)


LOOPS: dict[str, Callable[[int], list[Event]]] = {name: _of(name) for name in _ROUNDS}
"""By name: a function that makes a log of so many events, an hour long or a second."""
