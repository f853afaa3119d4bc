"""What a catalogue file may be written in: a small part of YAML, with a place for every value."""

from pathlib import Path

import pytest

from cloudcascade.catalog import CatalogError, parse_document, read_document
from cloudcascade.catalog.document import MAX_BYTES, MAX_DEPTH, MAX_VALUES

TEXT = """\
id: aws.iam.delete-user
origin:
  keys: {user: requestParameters.userName}
effects:
  - action: iam:DeactivateMFADevice
    join: [user]
"""


def refusals(text: str) -> list[str]:
    with pytest.raises(CatalogError) as refused:
        parse_document(text, "f.yaml")
    return [f"{f.line}:{f.column} {f.code}" for f in refused.value.findings]


@pytest.mark.parametrize(
    ("loc", "place"),
    [
        (("id",), (1, 5)),
        (("origin",), (2, 1)),
        (("origin", "keys"), (3, 3)),
        (("origin", "keys", "user"), (3, 16)),
        (("effects", 0), (5, 5)),
        (("effects", 0, "action"), (5, 13)),
        (("effects", 0, "join", 0), (6, 12)),
    ],
)
def test_a_value_stands_where_it_begins_and_a_mapping_where_its_key_does(
    loc: tuple[str | int, ...], place: tuple[int, int]
) -> None:
    found = parse_document(TEXT, "f.yaml").place(loc)
    assert (found.file, found.line, found.column) == ("f.yaml", *place)


def test_a_part_that_is_not_there_stands_where_the_part_around_it_does() -> None:
    document = parse_document(TEXT, "f.yaml")
    assert document.place(("effects", 0, "within", "before")) == document.place(("effects", 0))
    assert document.place(("nothing", 3)) == document.place(())


def test_a_key_has_a_place_of_its_own() -> None:
    found = parse_document(TEXT, "f.yaml").key_place(("origin", "keys", "user"))
    assert (found.line, found.column) == (3, 10)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("111122223333", 111122223333),
        ("'012345678901'", "012345678901"),
        ('"1.5"', "1.5"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("10:30", "10:30"),
        ("60m", "60m"),
        ("1_000", "1_000"),
        ("=", "="),
    ],
)
def test_plain_values_follow_the_core_schema_of_yaml_1_2(written: str, read: object) -> None:
    value = parse_document(f"a: {written}\n", "f.yaml").data["a"]
    assert value == read
    assert type(value) is type(read)


@pytest.mark.parametrize(
    "number", ["1.5", "1e3", "-.5", "012345678901", "0x1F", "0o17", ".inf", ".NaN", "9" * 19]
)
def test_numbers_that_readers_disagree_on_must_be_quoted(number: str) -> None:
    assert refusals(f"a: {number}\n") == ["1:4 yaml-value"]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("a: &x 1\nb: *x\n", "1:4 yaml-feature"),
        ("a: *x\n", "1:4 yaml-feature"),
        ("a: !!python/object/apply:os.system [id]\n", "1:4 yaml-feature"),
        ("a: !!str 1\n", "1:4 yaml-feature"),
        ("a: ! x\n", "1:4 yaml-feature"),
        ("a: 1\n---\nb: 2\n", "2:1 yaml-feature"),
        ("? [x]\n: 1\n", "1:3 yaml-feature"),
        ("? {x: 1}\n: 1\n", "1:3 yaml-feature"),
        ("1: x\n", "1:1 yaml-feature"),
        ("true: x\n", "1:1 yaml-feature"),
        ("~: x\n", "1:1 yaml-feature"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "4:3 yaml-duplicate-key"),
        ("a: 1\n'a': 2\n", "2:1 yaml-duplicate-key"),
        ("", "1:1 yaml-syntax"),
        ("# only a comment\n", "1:1 yaml-syntax"),
        ("a: [1\n", "2:1 yaml-syntax"),
        ("a: b: c\n", "1:5 yaml-syntax"),
        ("a: 1\nb: \x07\n", "2:1 yaml-syntax"),
        ("[" * (MAX_DEPTH + 1), f"1:{MAX_DEPTH + 1} yaml-feature"),
        ("{a: " * 100_000, f"1:{4 * MAX_DEPTH + 1} yaml-feature"),
    ],
)
def test_yaml_that_the_format_leaves_out_is_refused_at_its_place(text: str, refusal: str) -> None:
    assert refusals(text) == [refusal]


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert parse_document("<<: {a: 1}\n", "f.yaml").data == {"<<": {"a": 1}}


def test_all_problems_of_a_file_are_told_at_once() -> None:
    assert refusals("a: 1.5\na: 2\n3: x\n") == [
        "1:4 yaml-value",
        "2:1 yaml-duplicate-key",
        "3:1 yaml-feature",
    ]


def test_a_file_of_nothing_but_problems_is_given_up_early() -> None:
    assert len(refusals("- 1.5\n" * 1_000)) == 20


def test_more_values_than_a_cascade_can_need_are_refused() -> None:
    assert refusals("[" + "a," * MAX_VALUES + "a]")[0].endswith("yaml-feature")


def test_a_file_is_read_as_utf_8_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: caf\xc3\xa9\n")
    assert read_document(file).data == {"a": "café"}


@pytest.mark.parametrize(
    ("content", "line"), [(b"a: 1\nb: \xff\n", 2), (b"x" * (MAX_BYTES + 1), 0)]
)
def test_a_file_that_is_no_text_or_too_large_is_unreadable(
    tmp_path: Path, content: bytes, line: int
) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(content)
    with pytest.raises(CatalogError) as refused:
        read_document(file)
    (finding,) = refused.value.findings
    assert (finding.file, finding.line, finding.code) == (str(file), line, "unreadable")


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="No such file"):
        read_document(tmp_path / "none.yaml")
