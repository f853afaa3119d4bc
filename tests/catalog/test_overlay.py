"""cascade.toml: what an environment may change in the catalogue, and what it may not."""

from pathlib import Path

import pytest

from cloudcascade.catalog import Catalog, CatalogError, load_catalog

CASCADE = """\
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
    within: {before: 60m, after: 2m}
  - action: iam:DeleteLoginProfile
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    policy: annotate
spoilers:
  - action: iam:DeleteUser
    keys: {user: requestParameters.userName}
    join: [user]
    between: true
suppression:
  policy: suppress
  residual_risk: A key is lost to a user who is gone with it.
  windows: Offboarding takes an hour.
  abuse: [{scenario: delete another's key, countered_by: the user is joined on}]
evidence:
  - {kind: documentation, ref: "https://example.com", supports: [iam:DeleteAccessKey]}
"""
ENSEMBLE = (
    CASCADE.replace("aws.iam.delete-user", "aws.iam.rotation")
    .replace(
        "origin:\n  action: iam:DeleteUser\n  keys: {user: requestParameters.userName}\n",
        "ensemble: {require: [iam:DeleteAccessKey, iam:DeleteLoginProfile]}\n",
    )
    .replace("    join: [user]\n    within: {before: 60m, after: 2m}\n", "")
)
USER = "aws.iam.delete-user"
KEY = "iam:DeleteAccessKey"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a catalogue of one cascade, next to which a cascade.toml is written."""
    (tmp_path / "cascades").mkdir()
    (tmp_path / "cascades" / "delete-user.yaml").write_text(CASCADE)
    return tmp_path


def load(home: Path, toml: str, *, bundled: bool = False) -> Catalog:
    config = home / "cascade.toml"
    config.write_text(f'catalog = ["cascades"]\n{toml}', encoding="utf-8")
    return load_catalog(config=config, bundled=bundled)


def refusals(home: Path, toml: str) -> list[str]:
    with pytest.raises(CatalogError) as refused:
        load(home, toml)
    return [f"{f.line}:{f.column} {f.message} [{f.code}]" for f in refused.value.findings]


def test_folders_are_relative_to_the_file_that_names_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert [cascade.id for cascade in load(home, "").cascades] == [USER]


def test_a_disabled_cascade_is_gone(home: Path) -> None:
    catalog = load(home, f'[cascades."{USER}"]\ndisabled = true\n')
    assert catalog.cascades == ()
    assert catalog.sources == {}


def test_a_policy_may_become_stricter_for_all_effects_that_were_looser(home: Path) -> None:
    cascade = load(home, f'[cascades."{USER}"]\npolicy = "annotate"\n').get(USER)
    assert [cascade.policy_of(effect) for effect in cascade.effects] == ["annotate", "annotate"]
    cascade = load(home, f'[cascades."{USER}"]\npolicy = "never"\n').get(USER)
    assert [cascade.policy_of(effect) for effect in cascade.effects] == ["never", "never"]


def test_an_effect_that_is_stricter_already_stays_so(home: Path) -> None:
    cascade = load(home, f'[cascades."{USER}"]\npolicy = "suppress"\n').get(USER)
    assert [cascade.policy_of(effect) for effect in cascade.effects] == ["suppress", "annotate"]


def test_a_policy_may_not_become_looser(home: Path) -> None:
    file = home / "cascades" / "delete-user.yaml"
    file.write_text(CASCADE.replace("policy: suppress", "policy: annotate"))
    assert refusals(home, f'[cascades."{USER}"]\npolicy = "suppress"\n') == [
        "3:1 'suppress' is looser than the catalogue's 'annotate'; a policy can only become "
        "stricter [config-looser]"
    ]


def test_a_window_may_become_narrower_and_what_is_left_out_stays(home: Path) -> None:
    catalog = load(home, f'[cascades."{USER}".effects."{KEY}".within]\nbefore = "10m"\n')
    window = catalog.get(USER).effect(KEY).within
    assert (window.before, window.after) == (600, 120)
    assert catalog.warnings == ()


def test_a_wider_window_is_taken_and_warned_of(home: Path) -> None:
    file = home / "cascades" / "delete-user.yaml"
    file.write_text(CASCADE.replace("before: 60m", "before: 5m"))
    catalog = load(
        home, f'[cascades."{USER}".effects."{KEY}".within]\nbefore = "15m"\nafter = "1m"\n'
    )
    window = catalog.get(USER).effect(KEY).within
    assert (window.before, window.after) == (900, 60)
    (warning,) = catalog.warnings
    assert (warning.severity, warning.code, warning.line) == ("warning", "config-wider", 2)
    assert warning.message == (
        f"{USER}: the window of {KEY} becomes wider: before 5m -> 15m; more events will be explained"
    )


def test_the_root_of_an_ensemble_has_no_window_to_change(home: Path) -> None:
    (home / "cascades" / "rotation.yaml").write_text(ENSEMBLE)
    toml = f'[cascades."aws.iam.rotation".effects."{KEY}".within]\nafter = "1m"\n'
    assert refusals(home, toml) == [
        f"2:38 {KEY} is the root of aws.iam.rotation and has no window [config]"
    ]


@pytest.mark.parametrize(
    ("toml", "refusal"),
    [
        (
            '[cascades."aws.iam.delet-user"]\ndisabled = true\n',
            "2:11 no cascade has the id 'aws.iam.delet-user'; did you mean "
            "'aws.iam.delete-user'? [config-unknown]",
        ),
        (
            f'[cascades."{USER}".effects."iam:DeleteAccesKey".within]\nbefore = "1m"\n',
            "2:41 aws.iam.delete-user has no effect 'iam:DeleteAccesKey'; did you mean "
            "'iam:DeleteAccessKey'? [config-unknown]",
        ),
        (
            f'[cascades."{USER}"]\ndisable = true\n',
            f"3:1 cascades['{USER}']: unknown field 'disable'; did you mean 'disabled'? "
            "[unknown-field]",
        ),
        (
            f'[cascades."{USER}"]\ndisabled = 1\n',
            f"3:1 cascades['{USER}'].disabled: must be true or false [bad-value]",
        ),
        (
            f'[cascades."{USER}"]\n# policy\npolicy = "anotate"\n',
            f"4:1 cascades['{USER}'].policy: 'anotate' is none of suppress, annotate, never; "
            "did you mean 'annotate'? [bad-value]",
        ),
        (
            f'[cascades."{USER}".effects."{KEY}".within]\nbefore = 600\n',
            f"3:1 cascades['{USER}'].effects['{KEY}'].within.before: a duration needs its unit, "
            "such as 60m [bad-value]",
        ),
        (
            '[[controllers]]\nname = "a"\narn = "arn:aws:iam::111122223333:role/*"\n',
            "4:1 controllers[0].arn: a controller is one principal: no wildcards [bad-value]",
        ),
        (
            '[[controllers]]\nname = "a"\narn = "role/terraform"\n',
            "4:1 controllers[0].arn: must be the ARN of a principal, such as "
            "arn:aws:iam::111122223333:role/terraform [bad-value]",
        ),
        (
            '[[controllers]]\nname = "a"\narn = "arn:aws:iam::111122223333:role/a"\n'
            '[[controllers]]\narn = "arn:aws:iam::111122223333:role/b"\n',
            "5:3 controllers[1]: the field 'name' is missing [missing-field]",
        ),
        (
            '[[controllers]]\nname = "a"\narn = "arn:aws:iam::111122223333:role/a"\n'
            '[[controllers]]\nname = "b"\narn = "arn:aws:iam::111122223333:role/a"\n',
            "5:3 controllers[1].arn: is already in controllers[0] [config]",
        ),
        ("a = \n", "2:5 is no valid TOML: Invalid value [config]"),
        ("a = " + "[" * 100_000, "1:1 is nested too deeply [config]"),
    ],
)
def test_a_mistake_is_told_with_line_and_column(home: Path, toml: str, refusal: str) -> None:
    assert refusals(home, toml) == [refusal]


def test_a_number_of_thousands_of_digits_is_refused(home: Path) -> None:
    with pytest.raises(CatalogError, match="is no valid TOML"):
        load(home, "a = " + "1" * 5_000)


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    config = tmp_path / "cascade.toml"
    config.write_text('catalog = ["none"]\n')
    with pytest.raises(CatalogError, match="there is no folder 'none' next to this file"):
        load_catalog(config=config, bundled=False)


def test_controllers_are_listed_once_each(home: Path) -> None:
    toml = (
        '[[controllers]]\nname = "terraform"\narn = "arn:aws:iam::111122223333:role/terraform"\n'
        'note = "deploys"\n'
        '[[controllers]]\nname = "root"\narn = "arn:aws-cn:iam::444455556666:root"\n'
    )
    controllers = load(home, toml).controllers
    assert [(c.name, c.note) for c in controllers] == [("terraform", "deploys"), ("root", None)]


def test_an_extra_folder_may_hold_a_cascade_toml_of_its_own(home: Path) -> None:
    (home / "cascades" / "cascade.toml").write_text(f'[cascades."{USER}"]\npolicy = "never"\n')
    catalog = load_catalog(extra=[home / "cascades"], bundled=False)
    assert catalog.get(USER).suppression.policy == "never"


def test_configurations_that_name_each_other_are_read_once(home: Path) -> None:
    (home / "cascades" / "cascade.toml").write_text('catalog = [".", ".."]\n')
    assert len(load(home, "").cascades) == 1


def test_a_bundled_id_may_not_be_given_again(home: Path) -> None:
    with pytest.raises(CatalogError) as refused:
        load(home, "", bundled=True)
    (finding,) = refused.value.findings
    assert (Path(finding.file).name, finding.line, finding.code) == (
        "delete-user.yaml",
        1,
        "duplicate-id",
    )
    assert 'disable the bundled one: [cascades."aws.iam.delete-user"] disabled = true' in (
        finding.message
    )


def test_a_disabled_bundled_cascade_is_replaced_by_the_overlay_of_its_id(home: Path) -> None:
    catalog = load(home, f'[cascades."{USER}"]\ndisabled = true\n', bundled=True)
    assert catalog.get(USER).title == "Deleting a user"
    assert catalog.sources[USER] == home / "cascades" / "delete-user.yaml"
    assert len(catalog.cascades) == len(load_catalog().cascades)


def test_an_id_that_a_broken_file_may_have_had_is_not_reported_as_well(home: Path) -> None:
    (home / "cascades" / "delete-user.yaml").write_text(CASCADE.replace("effects", "efects"))
    found = refusals(home, f'[cascades."{USER}"]\ndisabled = true\n')
    assert not any("config-unknown" in refusal for refusal in found)
