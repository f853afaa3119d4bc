"""A target is a file: nothing else is edited for it. Other distributions add theirs by an entry point."""

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from cloudcascade.exporters import ExportError, find_target, registry, target_names, targets

ONE_FILE = """\
from pathlib import PurePosixPath

from ..capabilities import Capabilities
from ..target import Artefact, Style, Target

TARGET = Target(
    name="paper-{kind}",
    title="Paper",
    verification="unverified",
    verified_by="nobody",
    styles=(
        Style(
            name="list",
            summary="one line a cascade",
            kind="list",
            capabilities=Capabilities(),
            render=lambda jobs, options: [
                Artefact(PurePosixPath("paper.txt"), "".join(job.query.cascade + "\\n" for job in jobs))
            ],
        ),
    ),
)
"""


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Find everything anew, and forget it afterwards."""
    target_names.cache_clear()
    find_target.cache_clear()
    yield
    monkeypatch.undo()
    for name in [
        each for each in sys.modules if each.startswith("cloudcascade.exporters.targets.paper")
    ]:
        del sys.modules[name]
    target_names.cache_clear()
    find_target.cache_clear()


def put(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    (folder / name).write_text(text)
    monkeypatch.setattr(targets, "__path__", [*targets.__path__, str(folder)])


def test_one_new_file_is_a_new_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "paper-rule" not in target_names()
    target_names.cache_clear()
    put(tmp_path, monkeypatch, "paper_rule.py", ONE_FILE.format(kind="rule"))
    assert "paper-rule" in target_names()
    assert find_target("paper-rule").title == "Paper"
    assert list(target_names()) == sorted(target_names())


def test_naming_the_targets_loads_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, monkeypatch, "paper_broken.py", "raise RuntimeError('loaded')")
    assert "paper-broken" in target_names()
    with pytest.raises(RuntimeError, match="loaded"):
        find_target("paper-broken")


def test_a_typo_is_answered_with_a_guess() -> None:
    with pytest.raises(
        ExportError, match="no export target is called 'duckbd'; did you mean 'duckdb'"
    ):
        find_target("duckbd")


def test_a_module_whose_target_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, monkeypatch, "paper_text.py", "TARGET = 'paper'")
    with pytest.raises(ExportError, match="'paper-text' is no Target but str"):
        find_target("paper-text")


def distribution(folder: Path, value: str) -> None:
    info = folder / "papermill-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: papermill\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[cloudcascade.exporters]\npaper-plugin = {value}\n")


def test_another_distribution_offers_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ONE_FILE.format(kind="plugin").replace("from ..", "from cloudcascade.exporters.")
    (tmp_path / "papermill_plugin.py").write_text(text)
    distribution(tmp_path, "papermill_plugin:TARGET")
    monkeypatch.syspath_prepend(tmp_path)
    assert [each.name for each in metadata.entry_points(group=registry.ENTRY_POINTS)] == [
        "paper-plugin"
    ]
    assert "paper-plugin" in target_names()
    assert find_target("paper-plugin").name == "paper-plugin"


def test_what_an_entry_point_leads_to_must_be_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path, "json:dumps")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ExportError, match="'paper-plugin' is no Target but function"):
        find_target("paper-plugin")


def test_a_module_of_ours_goes_before_an_entry_point_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path, "json:dumps")
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "targets"
    folder.mkdir()
    put(folder, monkeypatch, "paper_plugin.py", ONE_FILE.format(kind="plugin"))
    assert find_target("paper-plugin").title == "Paper"
