"""What `cascade check PATH` reads: everything that is named, or it says that it cannot."""

from pathlib import Path

import pytest

from cloudcascade.catalog import CatalogError, Survey, load_catalog, survey

GROUP = "aws.iam.delete-group"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A copy of a bundled file, somewhere else."""
    file = tmp_path / "delete-group.yaml"
    file.write_text(load_catalog().sources[GROUP].read_text())
    return file


def codes(found: Survey) -> list[str]:
    return [finding.code for finding in found.findings if found.covers(finding.file)]


def test_a_file_is_read_wherever_it_lies_and_takes_the_place_of_a_bundled_one(own: Path) -> None:
    found = survey([own])
    assert codes(found) == []
    assert found.read == 1
    assert found.catalog.sources[GROUP] == own
    assert len(found.catalog.cascades) == len(load_catalog().cascades)


@pytest.mark.parametrize(
    ("name", "text", "code", "line", "column"),
    [
        ("bad.yaml", ": : garbage [", "yaml-syntax", 1, 1),
        ("bad.yaml", "", "yaml-syntax", 1, 1),
        ("bad.yaml", "id: aws.mq.bad\ntilte: x\n", "unknown-field", 2, 1),
        ("team.toml", "catalog = [\n", "config", 2, 1),
        ("team.toml", 'catalog = ["none"]\n', "config", 1, 1),
        ("team.toml", '[cascades."aws.iam.nonsense"]\ndisabled = true\n', "config-unknown", 1, 11),
        ("team.toml", '[cascades."aws.iam.access-key-rotation"]\ndisabled = true\n', "config-rival", 1, 11),
        ("team.toml", '[cascades."aws.s3.delete-bucket".effects."s3:DeleteBucketCors".within]\nafter = "1h"\n',
         "config-window", 1, 42),
    ],
)  # fmt: skip
def test_what_is_wrong_has_a_place(
    tmp_path: Path, name: str, text: str, code: str, line: int, column: int
) -> None:
    (tmp_path / name).write_text(text)
    found = survey([tmp_path / name])
    assert (code, line, column, "error") in [
        (each.code, each.line, each.column, each.severity) for each in found.findings
    ]


def test_one_broken_file_hides_nothing_of_another(tmp_path: Path, own: Path) -> None:
    (tmp_path / "bad.yaml").write_text(": : garbage [")
    assert codes(survey([own])) == []
    assert codes(survey([own.parent])) == ["yaml-syntax"]
    assert survey([own.parent]).read == 1


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("notes.txt", "id: aws.iam.x", "is nothing to check"),
        ("mine.yml", "id: aws.iam.x", "a cascade's file ends in .yaml"),
        ("pyproject.toml", '[project]\nname = "x"\n', "is no configuration of an overlay"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CatalogError, match=why):
        survey([tmp_path / name])


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "trail.json").write_text("{}")
    with pytest.raises(CatalogError, match="holds no cascade file"):
        survey([tmp_path / "evidence"])
    with pytest.raises(CatalogError, match="holds no cascade file"):
        survey(extra=[tmp_path / "evidence"])


def test_a_bundled_file_or_folder_is_itself(tmp_path: Path) -> None:
    bundled = load_catalog().sources[GROUP]
    assert survey([bundled]).read == 1
    assert survey([bundled.parents[2]]).read == len(load_catalog().cascades)
    assert codes(survey([bundled.parents[2]])) == []


def test_another_file_of_the_package_is_no_cascade() -> None:
    table = load_catalog().sources[GROUP].parents[2] / "data" / "service_events.yaml"
    assert "unknown-field" in codes(survey([table]))
