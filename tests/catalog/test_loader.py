"""Cascade files become a catalogue, or findings at the exact place with words a person can act on."""

from pathlib import Path

import pytest

from cloudcascade.catalog import (
    Cascade,
    CatalogError,
    UnknownName,
    load_catalog,
    read_cascade,
)

GOOD = """\
id: aws.iam.delete-user
title: Deleting a user
provider: aws
description: Its credentials go first.
origin:
  action: iam:DeleteUser
  keys: {user: requestParameters.userName}
effects:
  - action: iam:DeleteAccessKey
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m}
    where: {errorCode: {absent: true}}
suppression:
  policy: suppress
  residual_risk: None.
evidence:
  - kind: documentation
    ref: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
    supports: [iam:DeleteAccessKey]
"""


def write(folder: Path, text: str = GOOD, name: str = "delete-user.yaml") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def refusals(file: Path) -> list[str]:
    with pytest.raises(CatalogError) as refused:
        read_cascade(file)
    return [f"{f.line}:{f.column} {f.message} [{f.code}]" for f in refused.value.findings]


def catalogue_refusals(*extra: Path) -> list[str]:
    with pytest.raises(CatalogError) as refused:
        load_catalog(extra=extra, bundled=False)
    return [f"{Path(f.file).name}:{f.line} {f.message} [{f.code}]" for f in refused.value.findings]


def test_a_good_file_becomes_a_cascade(tmp_path: Path) -> None:
    cascade = read_cascade(write(tmp_path, name="any-name.yaml"))
    assert isinstance(cascade, Cascade)
    assert cascade.id == "aws.iam.delete-user"
    assert cascade.effects[0].within.before == 3_600


def test_a_comment_that_names_the_schema_is_no_content(tmp_path: Path) -> None:
    text = "# yaml-language-server: $schema=cascade.schema.json\n" + GOOD
    assert read_cascade(write(tmp_path, text)).id == "aws.iam.delete-user"


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (
            "effects:",
            "efects:",
            [
                "1:1 the field 'effects' is missing [missing-field]",
                "8:1 unknown field 'efects'; did you mean 'effects'? [unknown-field]",
            ],
        ),
        (
            "    relation: precondition\n",
            "",
            ["9:5 effects[0]: the field 'relation' is missing [missing-field]"],
        ),
        (
            "precondition",
            "precondtion",
            [
                "10:15 effects[0].relation: 'precondtion' is none of precondition, consequence, "
                "companion; did you mean 'precondition'? [bad-value]"
            ],
        ),
        (
            "action: iam:DeleteUser",
            "action: iam.DeleteUser",
            [
                "6:11 origin.action: 'iam.DeleteUser': an action is `service:EventName`, such as "
                "iam:DeleteUser [bad-value]"
            ],
        ),
        (
            "before: 60m",
            "before: 60",
            ["13:22 effects[0].within.before: a duration needs its unit, such as 60m [bad-value]"],
        ),
        (
            "before: 60m",
            "before: an hour",
            [
                "13:22 effects[0].within.before: a duration is digits and one of s, m, h, d, "
                "such as 60m [bad-value]"
            ],
        ),
        (
            "before: 60m",
            "before: 32d",
            ["13:22 effects[0].within.before: is longer than 31d [bad-value]"],
        ),
        (
            "before: 60m",
            "before: 60m, afer: 1m",
            [
                "13:27 effects[0].within: unknown field 'afer'; did you mean 'after'? "
                "[unknown-field]"
            ],
        ),
        (
            "{user: requestParameters.userName}\neff",
            "{user: requestParamters.userName}\neff",
            [
                "7:16 origin.keys.user: 'requestParamters' is no member of a CloudTrail record; "
                "did you mean 'requestParameters'? [bad-value]"
            ],
        ),
        (
            "{user: requestParameters.userName}\neff",
            "{user: {first_of: [userAgent, eventID]}}\neff",
            [
                "7:17 origin.keys.user: unknown field 'first_of'; did you mean 'first-of'? "
                "[unknown-field]"
            ],
        ),
        (
            "{user: requestParameters.userName}\neff",
            "{User: requestParameters.userName}\neff",
            [
                "7:10 origin.keys.User: 'User': a key's name is lower case letters, digits and _ "
                "[bad-value]"
            ],
        ),
        (
            "{absent: true}",
            "{in_: [x]}",
            [
                "14:25 effects[0].where.errorCode: unknown field 'in_'; did you mean 'in'? [unknown-field]"
            ],
        ),
        (
            "{absent: true}",
            "{not: {startwith: x}}",
            [
                "14:31 effects[0].where.errorCode.not: unknown field 'startwith'; "
                "did you mean 'startswith'? [unknown-field]"
            ],
        ),
        (
            "{absent: true}",
            "{absent: 1}",
            ["14:33 effects[0].where.errorCode.absent: says `true` or is left out [bad-value]"],
        ),
        (
            "{absent: true}",
            "{in: []}",
            ["14:25 effects[0].where.errorCode.in: needs at least 1 item [bad-value]"],
        ),
        (
            "{absent: true}",
            "{equals: [x]}",
            [
                "14:25 effects[0].where.errorCode.equals: must be text, a whole number, true or false [bad-value]"
            ],
        ),
        (
            "residual_risk: None.",
            "residual_risk:",
            [
                "17:17 suppression.residual_risk: has no value: give it one or leave it out "
                "[empty-field]"
            ],
        ),
        ("join: [user]", "join: user", ["12:11 effects[0].join: must be a list [bad-value]"]),
        (
            "title: Deleting a user",
            f"title: {'x' * 101}",
            ["2:8 title: is longer than 100 characters [bad-value]"],
        ),
        ("title: Deleting a user", "title: ''", ["2:8 title: is empty [bad-value]"]),
        ("title: Deleting a user", "title: 5", ["2:8 title: must be text [bad-value]"]),
    ],
)
def test_what_a_file_says_wrongly_is_told_in_its_own_words(
    tmp_path: Path, old: str, new: str, refusal: list[str]
) -> None:
    assert old in GOOD
    assert refusals(write(tmp_path, GOOD.replace(old, new, 1))) == refusal


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (
            "join: [user]",
            "join: [role]",
            [
                "12:5 effects[0].join: names 'role', which it does not declare in keys [structure]",
                "12:5 effects[0].join: names 'role', which its parent iam:DeleteUser does not "
                "declare [structure]",
            ],
        ),
        (
            "supports: [iam:DeleteAccessKey]",
            "supports: [iam:DeleteKey]",
            [
                "21:16 evidence[0].supports[0]: 'iam:DeleteKey' is no node of this cascade "
                "[structure]"
            ],
        ),
        (
            "{absent: true}",
            "{}",
            ["14:13 effects[0].where.errorCode: needs an operator [structure]"],
        ),
        (
            "{absent: true}",
            "{not: {}}",
            ["14:25 effects[0].where.errorCode.not: needs an operator [structure]"],
        ),
        (
            "{absent: true}",
            "{not: {exists: true, absent: true}}",
            [
                "14:25 effects[0].where.errorCode.not: exists and absent cannot both hold "
                "[structure]"
            ],
        ),
        (
            "  residual_risk: None.\n",
            "  residual_risk: None.\n  harmless: [{effects: [iam:DeleteKey], family: used, reason: It is gone.}]\n",
            [
                "18:25 suppression.harmless[0].effects[0]: 'iam:DeleteKey' is no effect of this "
                "cascade [structure]"
            ],
        ),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, old: str, new: str, refusal: list[str]
) -> None:
    assert sorted(refusals(write(tmp_path, GOOD.replace(old, new, 1)))) == sorted(refusal)


def test_a_bare_value_in_a_condition_means_equals_also_within_not(tmp_path: Path) -> None:
    text = GOOD.replace("{absent: true}", "{not: AccessDenied}")
    condition = read_cascade(write(tmp_path, text)).effects[0].where["errorCode"]
    assert condition.not_ is not None
    assert condition.not_.equals == "AccessDenied"


def test_all_problems_of_all_files_come_together(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("title: Deleting a user", "title: 5"))
    write(tmp_path, "a: [1\n", "broken.yaml")
    write(tmp_path, GOOD.replace("join: [user]", "join: user"), "sub/delete-user.yaml")
    assert catalogue_refusals(tmp_path) == [
        "broken.yaml:2 is no valid YAML: while parsing a flow sequence did not find expected ',' "
        "or ']' [yaml-syntax]",
        "delete-user.yaml:2 title: must be text [bad-value]",
        "delete-user.yaml:12 effects[0].join: must be a list [bad-value]",
    ]


def test_the_error_is_readable_as_it_stands(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD.replace("title: Deleting a user", "title: 5"))
    with pytest.raises(CatalogError) as refused:
        load_catalog(extra=[tmp_path], bundled=False)
    assert str(refused.value) == (
        "the catalogue cannot be used: 1 problem\n"
        f"  {file}:2:8: error: title: must be text [bad-value]"
    )


@pytest.mark.parametrize(
    "name", ["delete-user.yaml", "aws/iam/delete-user.yaml", "x/delete-user.yaml"]
)
def test_an_overlay_may_be_flat_or_deep(tmp_path: Path, name: str) -> None:
    file = write(tmp_path, name=name)
    catalog = load_catalog(extra=[tmp_path], bundled=False)
    assert [cascade.id for cascade in catalog.cascades] == ["aws.iam.delete-user"]
    assert catalog.sources == {"aws.iam.delete-user": file}


def test_a_single_file_may_be_given_instead_of_a_folder(tmp_path: Path) -> None:
    file = write(tmp_path)
    assert load_catalog(extra=[file], bundled=False).get("aws.iam.delete-user")


def test_a_file_must_be_called_as_its_id_ends(tmp_path: Path) -> None:
    write(tmp_path, name="remove-user.yaml")
    assert catalogue_refusals(tmp_path) == [
        "remove-user.yaml:1 id: 'aws.iam.delete-user' belongs in a file delete-user.yaml [id-path]"
    ]


def test_a_yml_file_is_not_silently_left_out(tmp_path: Path) -> None:
    write(tmp_path, name="delete-user.yml")
    assert catalogue_refusals(tmp_path) == [
        "delete-user.yml:0 is not read: a cascade's file ends in .yaml [file-name]"
    ]


def test_hidden_files_and_other_kinds_are_no_cascades(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "a: [1\n", ".draft.yaml")
    write(tmp_path, "a: [1\n", ".git/x.yaml")
    write(tmp_path, "# notes\n", "README.md")
    assert len(load_catalog(extra=[tmp_path], bundled=False).cascades) == 1


def test_two_files_with_one_id_are_refused(tmp_path: Path) -> None:
    first = write(tmp_path, name="a/delete-user.yaml")
    write(tmp_path, name="b/delete-user.yaml")
    assert catalogue_refusals(tmp_path) == [
        f"delete-user.yaml:1 id: 'aws.iam.delete-user' is also in {first} [duplicate-id]"
    ]


def test_a_folder_given_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path)
    assert len(load_catalog(extra=[tmp_path, tmp_path / "."], bundled=False).cascades) == 1


def test_a_missing_folder_is_a_finding(tmp_path: Path) -> None:
    assert catalogue_refusals(tmp_path / "none") == [
        "none:0 cannot be read: No such file or directory [unreadable]"
    ]


def test_files_under_the_working_directory_are_shown_as_one_would_type_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    catalog = load_catalog(extra=[tmp_path], bundled=False)
    assert str(catalog.place_of("aws.iam.delete-user", ("effects", 0, "join"))) == (
        "delete-user.yaml:12:5"
    )


def test_a_place_that_is_not_in_the_file_is_the_nearest_one_around_it(tmp_path: Path) -> None:
    write(tmp_path)
    catalog = load_catalog(extra=[tmp_path], bundled=False)
    found = catalog.place_of("aws.iam.delete-user", ("effects", 0, "attack", 2))
    assert (found.line, found.column) == (9, 5)


def test_cascades_are_sorted_and_found_by_id(tmp_path: Path) -> None:
    write(tmp_path)
    other = GOOD.replace("aws.iam.delete-user", "aws.iam.abandon-user")
    write(tmp_path, other, "zzz/abandon-user.yaml")
    catalog = load_catalog(extra=[tmp_path], bundled=False)
    assert [c.id for c in catalog.cascades] == ["aws.iam.abandon-user", "aws.iam.delete-user"]
    assert catalog.get("aws.iam.delete-user").title == "Deleting a user"
    with pytest.raises(UnknownName, match=r"did you mean 'aws\.iam\.delete-user'"):
        catalog.get("aws.iam.delet-user")


def test_actions_are_those_of_origins_and_effects_not_of_spoilers(tmp_path: Path) -> None:
    spoiler = (
        "spoilers:\n  - action: iam:CreateUser\n    keys: {user: requestParameters.userName}\n"
        "    join: [user]\n    within: {after: 60m}\n"
    )
    write(tmp_path, GOOD + spoiler)
    catalog = load_catalog(extra=[tmp_path], bundled=False)
    assert catalog.actions() == {"iam:DeleteUser", "iam:DeleteAccessKey"}


def test_the_bundled_catalogue_loads_and_every_file_is_where_its_id_says() -> None:
    catalog = load_catalog()
    assert catalog.warnings == ()
    for id_, file in catalog.sources.items():
        assert list(file.with_suffix("").parts[-3:]) == id_.split(".")
        assert catalog.place_of(id_).line >= 1
