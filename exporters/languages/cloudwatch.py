"""What CloudWatch and EventBridge take beside SQL: cron in AWS's six fields, event patterns, YAML for the AWS CLI."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from ..schedule import cron
from ..verdict import EXPLAINED, SILENT, SOURCE, UNEXPLAINED

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html : the size of an event pattern, in characters.
LONGEST_PATTERN = 2_048


def aws_cron(every: int, minute: int = 0) -> str:
    """The schedule in AWS's form, whose fifth field `?` leaves the day of the week open:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html

    >>> aws_cron(900, 4), aws_cron(7200, 7), aws_cron(60)
    ('cron(4/15 * * * ? *)', 'cron(7 0/2 * * ? *)', 'cron(* * * * ? *)')

    Raises:
        ExportError: cron cannot say it; the nearest that it can.
    """
    minutes, hours = (_field(each) for each in cron(every, minute).split()[:2])
    return f"cron({minutes} {hours} * * ? *)"


def _field(written: str) -> str:
    start, slash, step = written.partition("/")
    if not slash:
        return written
    return f"{'0' if start == '*' else start.partition('-')[0]}/{step}"


def event_patterns(actions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Patterns, together, for the final verdicts on the actions, but for those that may be silenced:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"""
    group: list[str] = []
    for action in actions:
        if group and len(compact(_pattern([*group, action]))) > LONGEST_PATTERN:
            yield _pattern(group)
            group = []
        group.append(action)
    if group:
        yield _pattern(group)


def _pattern(actions: Sequence[str]) -> dict[str, Any]:
    return {
        "source": [SOURCE],
        "detail": {
            "final": [True],
            "action": list(actions),
            "$or": [
                {"verdict": list(UNEXPLAINED)},
                {"verdict": [EXPLAINED], "policy": [{"anything-but": [SILENT]}]},
            ],
        },
    }


def compact(value: Mapping[str, Any]) -> str:
    """JSON without a space, as its size is counted."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _block)


def cli_yaml(head: Sequence[str], written: Mapping[str, Any]) -> str:
    """What `aws ... --cli-input-yaml` reads, behind lines of visible characters."""
    comment = "".join(f"# {line}\n" for line in head)
    text: str = yaml.dump(dict(written), Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return comment + text
