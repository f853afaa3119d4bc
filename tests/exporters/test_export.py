"""What an export makes, what it refuses and why, and where the files go."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.exporters import (
    Artefact,
    Capabilities,
    Direction,
    ExportError,
    Job,
    Loss,
    Options,
    Query,
    Refused,
    Style,
    Target,
    assess,
    export,
    header,
    loss_lines,
    plan,
    write,
)
from cloudcascade.tests.support.cascades import DELETE_USER, Document, cascade
from cloudcascade.tests.support.golden import make_options

USER = "requestParameters.userName"
EFFECT: Document = {
    "action": "iam:DeleteAccessKey",
    "keys": {"user": USER},
    "join": ["user"],
    "within": {"before": "60m", "after": "2m"},
}
ORIGIN: Document = {"action": "iam:DeleteUser", "keys": {"user": USER}}
LABELS = cascade(cascade_id="aws.test.labels", origin=ORIGIN, effects=[EFFECT], policy="annotate")
NEVER = cascade(cascade_id="aws.test.never", origin=ORIGIN, effects=[EFFECT], policy="never")


def one_line_each(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
    for job in jobs:
        yield Artefact(PurePosixPath("rules", f"{job.query.cascade}.txt"), job.query.title + "\n")


STYLE = Style(
    name="rule",
    summary="a rule",
    kind="query",
    capabilities=Capabilities(actor="initial-principal"),
    render=one_line_each,
)
TARGET = Target(
    name="paper",
    title="Paper",
    styles=(STYLE, replace(STYLE, name="other")),
    verification="unverified",
    verified_by="nobody",
)


def run(
    *cascades: Cascade, style: Style = STYLE, leave: bool = False
) -> tuple[list[str], list[str]]:
    made = export(
        cascades,
        [DELETE_USER],
        TARGET,
        style,
        make_options(),
        allow_fail_closed=leave,
    )
    return [str(each.path) for each in made.artefacts], [each.reason for each in made.omitted]


def test_an_export_renders_all_jobs() -> None:
    assert run(DELETE_USER) == (["rules/aws.iam.delete-user.txt"], [])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (LABELS, "its policy is annotate: nothing of it may be silenced, and 'rule' cannot label"),
        (NEVER, "its policy is never: None."),
    ],
    ids=["annotate", "never"],
)
def test_what_may_not_be_silenced_is_left_out(given: Cascade, reason: str) -> None:
    assert run(DELETE_USER, given) == (["rules/aws.iam.delete-user.txt"], [reason])


def test_a_style_that_labels_does_what_it_says() -> None:
    labels = replace(STYLE, purposes=frozenset({"enrich"}))
    paths, reasons = run(DELETE_USER, LABELS, style=labels)
    assert paths == ["rules/aws.test.labels.txt"]
    assert reasons == ["its policy is suppress, and 'rule' only labels"]


CLOSED = replace(STYLE, capabilities=Capabilities(actor="none"))


def test_what_fails_closed_is_refused_without_leave() -> None:
    paths, (reason,) = run(DELETE_USER, style=CLOSED)
    assert paths == []
    assert reason.startswith("fails closed: actors are not compared: anybody's origin explains")
    assert "--allow-fail-closed" in reason
    assert run(DELETE_USER, style=CLOSED, leave=True) == (["rules/aws.iam.delete-user.txt"], [])


def test_a_loss_that_only_the_target_knows_counts_like_any_other() -> None:
    def blind(query: Query, options: Options) -> Iterable[Loss]:
        yield Loss(Direction.CLOSED, f"{query.cascade} is not seen by {options.owner}")

    paths, (reason,) = run(DELETE_USER, style=replace(STYLE, losses=blind))
    assert paths == []
    assert "aws.iam.delete-user is not seen by detection@example.com" in reason


def test_what_nothing_is_left_of_is_refused_with_the_losses() -> None:
    asking = {**EFFECT, "where": {"requestParameters.items[].flag": "on"}}
    each = cascade(cascade_id="aws.test.each", origin=ORIGIN, effects=[asking])
    with pytest.raises(
        Refused, match=r"nothing of it .* iam:DeleteAccessKey: the condition 'for every element'"
    ):
        plan(each, [], STYLE, make_options())
    assert assess(each, [], STYLE, make_options()).query is None


def test_the_window_and_the_lateness_reach_the_query() -> None:
    query = plan(DELETE_USER, [], STYLE, make_options(lateness=5), window=60).query
    assert query.lateness == 5
    assert {node.edge.before for node in query.nodes} == {60}


def test_no_job_no_rendering() -> None:
    def never(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
        raise AssertionError("nothing to render")

    assert run(LABELS, style=replace(STYLE, render=never))[0] == []


def test_two_artefacts_of_one_path_are_refused() -> None:
    def twins(jobs: Sequence[Job], options: Options) -> Iterable[Artefact]:
        return [Artefact(PurePosixPath("a.txt"), "1\n"), Artefact(PurePosixPath("a.txt"), "2\n")]

    with pytest.raises(ExportError, match=r"two artefacts are called a\.txt"):
        run(DELETE_USER, style=replace(STYLE, render=twins))


def test_files_are_written_as_they_are(tmp_path: Path) -> None:
    artefact = Artefact(PurePosixPath("rules/a.txt"), "Ä\r\nb\n")
    assert write([artefact], tmp_path / "new") == (tmp_path / "new" / "rules" / "a.txt",)
    assert (tmp_path / "new" / "rules" / "a.txt").read_bytes() == "Ä\r\nb\n".encode()


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.txt", "rules/../../a.txt", "."])
def test_nothing_is_written_outside_the_folder(path: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with pytest.raises(ExportError, match="may not lie at"):
        write([Artefact(PurePosixPath(path), "x\n")], folder)
    assert list(tmp_path.rglob("*")) == []


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("in the way")
    with pytest.raises(ExportError, match=r"a\.txt: .*exists"):
        write([Artefact(PurePosixPath("rules/a.txt"), "x\n")], tmp_path)


def test_a_target_knows_its_styles() -> None:
    assert TARGET.style(None) is TARGET.styles[0]
    assert TARGET.style("other") is TARGET.styles[1]
    with pytest.raises(KeyError):
        TARGET.style("third")


def test_the_header_says_what_is_lost_and_who_answers_for_it() -> None:
    job = plan(DELETE_USER, [], CLOSED, make_options(), allow_fail_closed=True)
    lines = header(job, TARGET, CLOSED, make_options())
    assert lines[0] == "aws.iam.delete-user: Deleting an IAM user removes its credentials first"
    assert "owner: detection@example.com; expires 2027-05-20" in lines
    assert "explained by: iam:DeleteUser" in lines
    assert "waits 122m for the window and 20m for late events" in lines
    assert "loss, fails closed: actors are not compared: anybody's origin explains" in lines
    whole = plan(DELETE_USER, [], STYLE, make_options())
    assert header(whole, TARGET, STYLE, make_options(owner=None))[-1] == "losses: none"
    assert any(
        "nobody yet" in each for each in header(whole, TARGET, STYLE, make_options(owner=None))
    )


def test_no_header_line_breaks_out_of_its_comment() -> None:
    hostile = "a\nb\r\x1b[2J\u202e\u2028c\x00"
    job = plan(DELETE_USER, [], STYLE, make_options())
    job = replace(job, query=replace(job.query, title=hostile, residual_risk=hostile * 400))
    for line in header(job, TARGET, STYLE, make_options(owner=hostile)):
        assert line.isprintable()
        assert len(line) <= 600
    (line,) = loss_lines([Loss(Direction.OPEN, hostile)])
    assert line.isprintable()
