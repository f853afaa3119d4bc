"""A kept catalogue is the parsed one, or none."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from cloudcascade.catalog import Cascade, CatalogError, compiled, known_actions, load_catalog
from cloudcascade.catalog.document import parse_document

FILES = {"aws/iam/delete-user.yaml": b"id: x", "aws/iam/delete-role.yaml": b"id: y"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASCADE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are parsed from now on."""
    names: list[str] = []
    parse = parse_document

    def spy(text: str, file: str) -> object:
        names.append(file)
        return parse(text, file)

    monkeypatch.setattr("cloudcascade.catalog.gather.parse_document", spy)
    return names


def test_the_second_time_nothing_is_parsed_and_everything_is_the_same(
    folder: Path, parses: list[str]
) -> None:
    first = load_catalog()
    assert len(parses) == len(first.cascades)
    parses.clear()
    second = load_catalog()
    assert parses == []
    assert second.cascades == first.cascades
    assert second.sources == first.sources


def test_places_are_found_in_a_recalled_catalogue(folder: Path) -> None:
    first, second = load_catalog(), load_catalog()
    loc = ("effects", 0, "within")
    for cascade in first.cascades:
        assert second.place_of(cascade.id, loc) == first.place_of(cascade.id, loc)
        assert second.place_of(cascade.id, loc).line > 1


@pytest.mark.parametrize(
    "files",
    [
        {**FILES, "aws/iam/delete-user.yaml": b"id: z"},
        {**FILES, "aws/iam/new.yaml": b""},
        {"aws/iam/delete-user.yaml": FILES["aws/iam/delete-user.yaml"]},
        {"aws/iam/delete-user.yaml": b"id: xaws", "aws/iam/delete-role.yaml": b"id: y"},
        {"aws/iam/delete-role.yaml": b"id: x", "aws/iam/delete-user.yaml": b"id: y"},
    ],
    ids=["changed", "added", "removed", "moved-border", "swapped"],
)
def test_other_files_have_another_digest(files: dict[str, bytes]) -> None:
    assert compiled.digest(files) != compiled.digest(FILES)
    assert compiled.digest(dict(reversed(FILES.items()))) == compiled.digest(FILES)


def test_other_rules_have_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = compiled.digest(FILES)
    monkeypatch.setattr(compiled, "_modules", lambda: (("models.py", b"class Cascade: ..."),))
    assert compiled.digest(FILES) != before


def flip(file: Path) -> None:
    content = file.read_bytes()
    # What it says stays JSON and stays a sound catalogue, but for what it silences.
    file.write_bytes(content.replace(b'"annotate"', b'"suppress"', 1))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def open_to_others(file: Path) -> None:
    file.chmod(0o666)


def no_text(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\n" + file.read_bytes())


@pytest.mark.parametrize("harm", [flip, cut, empty, open_to_others, no_text])
def test_what_may_have_been_tampered_with_is_parsed_anew_and_replaced(
    folder: Path, parses: list[str], harm: Callable[[Path], None]
) -> None:
    sound = load_catalog().cascades
    content = kept(folder).read_bytes()
    harm(kept(folder))
    parses.clear()
    assert load_catalog().cascades == sound
    assert len(parses) == len(sound)
    assert kept(folder).read_bytes() == content
    assert kept(folder).stat().st_mode & 0o077 == 0


def test_a_file_of_somebody_else_is_not_read(
    folder: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_catalog()
    parses.clear()
    monkeypatch.setattr(os, "getuid", lambda: 4_242)
    load_catalog()
    assert parses


def test_documents_that_break_the_rules_are_not_recalled(folder: Path) -> None:
    compiled.keep("cascades", "0" * 64, [{"id": "aws.iam.delete-user"}])
    anything, cascades = TypeAdapter(list[dict[str, str]]), TypeAdapter(tuple[Cascade, ...])
    assert compiled.recall("cascades", "0" * 64, anything) == [{"id": "aws.iam.delete-user"}]
    assert compiled.recall("cascades", "0" * 64, cascades) is None
    assert compiled.recall("cascades", "1" * 64, anything) is None
    assert compiled.recall("others", "0" * 64, anything) is None


def test_no_place_to_keep_it_is_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CASCADE_CACHE_DIR", str(tmp_path / "file"))
    assert load_catalog().cascades == load_catalog().cascades


def test_a_catalogue_with_a_fault_is_not_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "package"
    (root / "aws" / "iam").mkdir(parents=True)
    (root / "aws" / "iam" / "delete-user.yaml").write_text("id: aws.iam.delete-user\n")
    monkeypatch.setattr("cloudcascade.catalog.loader.resources.files", lambda _: root)
    with pytest.raises(CatalogError, match="missing-field"):
        load_catalog()
    assert not folder.exists()


def test_the_actions_of_the_literature_are_kept_and_recalled_alike(folder: Path) -> None:
    known_actions.cache_clear()
    first = known_actions()
    kept(folder)
    known_actions.cache_clear()
    assert known_actions() == first


def test_writers_leave_nothing_else_behind(folder: Path) -> None:
    load_catalog()
    assert [file.suffix for file in folder.iterdir()] == [".json"]
