"""Whatever an artefact leaves out of a cascade stands in its losses: the whole catalogue, every style of every target.

An effect that may be silenced or labelled is one that the artefact judges, or its action is named by a loss. Nothing
is left out in silence.
"""

import re
import sys
from dataclasses import replace
from functools import cache

import pytest

from cloudcascade.catalog import Cascade, Controller
from cloudcascade.exporters.capabilities import Direction, Loss
from cloudcascade.exporters.errors import Refused
from cloudcascade.exporters.export import plan
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.registry import find_target, target_names
from cloudcascade.exporters.target import Job, Options
from cloudcascade.exporters.targets.sentinel import _labelled_text, _rule_text
from cloudcascade.exporters.targets.sentinel import _settle_jobs as settle_jobs
from cloudcascade.tests.support.golden import CATALOG, make_options

STYLES = [(target, style.name) for target in target_names() for style in find_target(target).styles]
OPTIONS: Options = make_options(
    controllers=(Controller(name="pipeline", arn="arn:aws:iam::111111111111:role/deploy"),)
)
# An absence needs a later version of Sigma than the rules are written in.
NEWER: Options = replace(OPTIONS, sigma_version="2.2")


@cache
def whole(cascade: str) -> Query:
    return lower(CATALOG.get(cascade), CATALOG.cascades)


def names(losses: tuple[Loss, ...], action: str) -> bool:
    """Whether some loss says what becomes of the action."""
    word = re.compile(rf"(?<![\w:]){re.escape(action)}(?!\w)")
    return any(
        word.search(loss.text)
        for loss in losses
        if loss.direction in (Direction.UNCOVERED, Direction.OPEN)
    )


def unsaid(cascade: Cascade, job: Job) -> set[str]:
    """The cascade's effects that the job neither judges nor names among what it loses."""
    query = whole(cascade.id)
    kept = {node.name for node in job.query.subjects}
    left_out = [node for node in query.nodes if node.name not in kept]
    said = {node.name for node in left_out if names(job.losses, node.pattern.action)}
    covered = {node.name for node in left_out if node.pattern.action in job.query.actions}
    found = {node.name for node in left_out} - said - covered
    if query.root_policy is not None and not job.query.root_is_subject:
        action = query.root.action
        if action not in job.query.actions and not names(job.losses, action):
            found.add(action)
    return found


@pytest.fixture(autouse=True)
def _lowered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The styles differ in what they make of a query, not in the query."""
    monkeypatch.setattr(
        sys.modules[plan.__module__], "lower", lambda cascade, catalog, **how: whole(cascade.id)
    )


@pytest.mark.parametrize(("target", "style"), STYLES)
def test_every_effect_is_judged_or_named(target: str, style: str) -> None:
    chosen = find_target(target).style(style)
    options = NEWER if style == "absence" else OPTIONS
    made = 0
    for cascade in CATALOG.cascades:
        try:
            job = plan(cascade, CATALOG.cascades, chosen, options, allow_fail_closed=True)
        except Refused:
            continue
        made += 1
        if target == "sentinel" and style != "verdict":
            # It cuts a query once more, to the columns of its table and the room of a rule; verdicts ask neither.
            text = _labelled_text if style == "automation" else _rule_text
            (job,) = settle_jobs([job], OPTIONS if style in ("rule", "automation") else None, text)
        assert (cascade.id, unsaid(cascade, job)) == (cascade.id, set())
    assert made


def test_an_effect_that_is_dropped_without_a_word_is_found() -> None:
    """Without this the comparison above could agree on nothing at all."""
    cascade = CATALOG.get("aws.iam.delete-user")
    chosen = find_target("duckdb").style("whole")
    job = plan(cascade, CATALOG.cascades, chosen, OPTIONS)
    assert unsaid(cascade, job) == set()
    silent = Job(job.query, ())
    assert "iam:DeleteUserPolicy" in unsaid(cascade, silent)
