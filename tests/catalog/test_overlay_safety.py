"""An overlay that breaks a rule of safety: it annotates, or is refused, or is let through, and it always says so."""

from pathlib import Path

import pytest
import yaml

from cloudcascade.catalog import Catalog, CatalogError, load_catalog

USER = "aws.iam.delete-user"
BUCKET = "aws.s3.delete-bucket"
ROTATION = "aws.iam.access-key-rotation"
SAFE = """\
id: aws.mq.mine
title: Deleting a broker
provider: aws
description: Its users go first.
origin:
  action: mq:DeleteBroker
  keys: {broker: requestParameters.broker-id}
effects:
  - action: mq:DeleteUser
    relation: precondition
    keys: {broker: requestParameters.broker-id}
    join: [broker]
    within: {before: 10m}
  - action: mq:DeleteConfiguration
    relation: precondition
    keys: {broker: requestParameters.broker-id}
    join: [broker]
    within: {before: 10m}
suppression:
  policy: suppress
  residual_risk: A user is gone with its broker.
  abuse: [{scenario: delete one user only, countered_by: the broker must go as well}]
evidence:
  - {kind: documentation, ref: "https://example.com", supports: [mq:DeleteUser, mq:DeleteConfiguration]}
"""
TITLE = "title: Deleting a broker"
PRESERVED = "    join: [broker]\n    within: {before: 10m}\nsuppression"


def opened(
    folder: Path, text: str = SAFE, toml: str = "", *, strict: bool = False, allow: bool = False
) -> Catalog:
    """The bundled catalogue with one more file, if any, and a cascade.toml."""
    (folder / "cascades").mkdir()
    if text:
        id_ = str(yaml.safe_load(text)["id"])
        (folder / "cascades" / f"{id_.rpartition('.')[2]}.yaml").write_text(text)
    config = folder / "cascade.toml"
    config.write_text(f'catalog = ["cascades"]\n{toml}')
    return load_catalog(config=config, strict=strict, allow_unsafe_overlay=allow)


def policies(catalog: Catalog, id_: str) -> dict[str, str]:
    cascade = catalog.get(id_)
    return {effect.node: cascade.policy_of(effect) for effect in cascade.effects}


def test_a_safe_overlay_silences_as_it_is_written(tmp_path: Path) -> None:
    catalog = opened(tmp_path)
    assert set(policies(catalog, "aws.mq.mine").values()) == {"suppress"}
    assert catalog.warnings == ()
    assert catalog.overlay.unsafe == ()


@pytest.mark.parametrize(
    ("old", "new", "annotated", "codes"),
    [
        # what one effect breaks, one effect pays for
        ("action: mq:DeleteUser", "action: cloudtrail:StopLogging", ["cloudtrail:StopLogging"], "suppresses-telemetry"),
        ("    join: [broker]\n", "", ["mq:DeleteUser"], "unjoined"),
        ("    relation", "    actor: any\n    relation", ["mq:DeleteUser"], "any-actor"),
        ("    relation", "    account: any\n    relation", ["mq:DeleteUser"], "any-account"),
        ("action: mq:DeleteUser", "action: iam:CreateAccessKey", ["iam:CreateAccessKey"], "forgeable"),
        ("supports: [mq:DeleteUser, ", "supports: [mq:DeleteBroker, ", ["mq:DeleteUser"], "evidence-missing"),
        # what the cascade breaks, all of it does
        ("  abuse: [{scenario: delete one user only, countered_by: the broker must go as well}]\n", "",
         ["mq:DeleteUser", "mq:DeleteConfiguration"], "abuse-missing"),
        (TITLE, "title: What happens, in one line", ["mq:DeleteUser", "mq:DeleteConfiguration"], "placeholder"),
        ("kind: documentation", "kind: permitted", ["mq:DeleteUser", "mq:DeleteConfiguration"], "evidence-weak"),
        ("https://example.com", "https://example.com/managedpolicies/AmazonMQ.json",
         ["mq:DeleteUser", "mq:DeleteConfiguration"], "evidence-weak"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_annotates(
    tmp_path: Path, old: str, new: str, annotated: list[str], codes: str
) -> None:
    text = SAFE.replace(old, new, 1).replace(
        "supports: [mq:DeleteUser", f"supports: [{annotated[0]}"
    )
    catalog = opened(tmp_path, text)
    found = policies(catalog, "aws.mq.mine")
    assert [node for node, policy in found.items() if policy == "annotate"] == annotated
    assert {policy for node, policy in found.items() if node not in annotated} <= {"suppress"}
    (warning,) = catalog.warnings
    assert (warning.code, warning.severity) == ("unsafe-overlay", "warning")
    assert codes in warning.message
    assert Path(warning.file).name == "mine.yaml"
    assert warning.line > 0
    assert f"`cascade check {warning.file}`" in warning.message
    assert catalog.overlay.unsafe == ("aws.mq.mine",)


def test_an_effect_that_is_silenced_through_an_unsafe_edge_annotates(tmp_path: Path) -> None:
    text = SAFE.replace("    relation", "    actor: any\n    policy: annotate\n    relation", 1)
    text = text.replace(PRESERVED, f"    parent: mq:DeleteUser\n{PRESERVED}")
    assert set(policies(opened(tmp_path, text), "aws.mq.mine").values()) == {"annotate"}


def test_what_is_silenced_by_a_name_annotates(tmp_path: Path) -> None:
    catalog = opened(tmp_path, SAFE.replace("broker-id", "broker-name"))
    assert set(policies(catalog, "aws.mq.mine").values()) == {"annotate"}
    assert "first-origin, regionless" in catalog.warnings[0].message


def test_an_origin_that_another_cascade_rests_on_annotates(tmp_path: Path) -> None:
    text = SAFE.replace("action: mq:DeleteUser", "action: acm:DeleteCertificate", 1)
    text = text.replace("supports: [mq:DeleteUser", "supports: [acm:DeleteCertificate")
    catalog = opened(tmp_path, text)
    assert policies(catalog, "aws.mq.mine") == {
        "acm:DeleteCertificate": "annotate",
        "mq:DeleteConfiguration": "suppress",
    }
    (warning,) = catalog.warnings
    assert (warning.code, Path(warning.file).name) == ("unsafe-overlay", "mine.yaml")
    assert "acm:DeleteCertificate is the origin of aws.acm.delete-certificate" in warning.message


def test_what_a_bundled_cascade_silences_annotates_where_an_overlay_rests_on_it(
    tmp_path: Path,
) -> None:
    text = SAFE.replace("action: mq:DeleteBroker", "action: s3:DeleteBucketCors", 1)
    catalog = opened(tmp_path, text)
    found = policies(catalog, BUCKET)
    assert (found["s3:DeleteBucketCors"], found["s3:DeleteBucketWebsite"]) == (
        "annotate",
        "suppress",
    )
    assert set(policies(catalog, "aws.mq.mine").values()) == {"suppress"}
    (warning,) = catalog.warnings
    assert (Path(warning.file).name, warning.line) == ("mine.yaml", 6)
    assert warning.message.startswith(f"{BUCKET}: s3:DeleteBucketCors is the origin of aws.mq.mine")


def test_what_only_annotates_may_break_every_rule(tmp_path: Path) -> None:
    text = SAFE.replace("policy: suppress", "policy: annotate").replace("    join: [broker]\n", "")
    assert opened(tmp_path, text).warnings == ()


def test_strict_refuses_what_is_unsafe_and_takes_what_is_not(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as refused:
        opened(tmp_path, SAFE.replace("    join: [broker]\n", "", 1), strict=True)
    (finding,) = refused.value.findings
    assert (finding.severity, finding.code) == ("error", "unsafe-overlay")
    (tmp_path / "other").mkdir()
    assert opened(tmp_path / "other", strict=True).get("aws.mq.mine")


def test_it_can_be_let_through_and_says_so_still(tmp_path: Path) -> None:
    text = SAFE.replace("    join: [broker]\n", "", 1)
    catalog = opened(tmp_path, text, allow=True)
    assert set(policies(catalog, "aws.mq.mine").values()) == {"suppress"}
    (warning,) = catalog.warnings
    assert "silenced all the same" in warning.message
    assert "1 not safe to silence, silenced all the same" in str(catalog.overlay)


def test_to_refuse_and_to_let_through_is_a_contradiction() -> None:
    with pytest.raises(ValueError, match="both"):
        load_catalog(strict=True, allow_unsafe_overlay=True)


@pytest.mark.parametrize(
    ("within", "policy", "codes"),
    [
        ('before = "31d"\nafter = "31d"', "annotate", ["config-window"]),
        ('after = "16m"', "annotate", ["config-window"]),
        ('after = "15m"', "suppress", ["config-wider"]),
        ('before = "1m"', "suppress", []),
    ],
)
def test_a_window_may_be_widened_as_far_as_needs_no_reason(
    tmp_path: Path, within: str, policy: str, codes: list[str]
) -> None:
    toml = f'[cascades."{BUCKET}".effects."s3:DeleteBucketLifecycle".within]\n{within}\n'
    catalog = opened(tmp_path, "", toml)
    assert policies(catalog, BUCKET)["s3:DeleteBucketLifecycle"] == policy
    assert policies(catalog, BUCKET)["s3:DeleteBucketCors"] == "suppress"
    assert [warning.code for warning in catalog.warnings] == codes
    assert all(warning.file.endswith("cascade.toml") for warning in catalog.warnings)


def test_a_cascade_that_annotates_may_have_any_window(tmp_path: Path) -> None:
    toml = f'[cascades."{BUCKET}".effects."s3:DeleteBucketPolicy".within]\nbefore = "2h"\n'
    assert [warning.code for warning in opened(tmp_path, "", toml).warnings] == ["config-wider"]


@pytest.mark.parametrize(
    "change",
    [
        "disabled = true",
        '[cascades."aws.iam.access-key-rotation".effects."iam:DeleteAccessKey".within]\nafter = "1m"',
    ],
    ids=["disabled", "narrowed"],
)
def test_what_takes_a_rival_away_that_annotates_lets_nobody_else_silence(
    tmp_path: Path, change: str
) -> None:
    assert policies(load_catalog(), USER)["iam:DeleteAccessKey"] == "suppress"
    catalog = opened(tmp_path, "", f'[cascades."{ROTATION}"]\n{change}\n')
    assert policies(catalog, USER)["iam:DeleteAccessKey"] == "annotate"
    assert policies(catalog, USER)["iam:DeactivateMFADevice"] == "suppress"
    (warning,) = [each for each in catalog.warnings if each.code == "config-rival"]
    assert ROTATION in warning.message
    assert f"{USER} (iam:DeleteAccessKey" in warning.message
    assert warning.line == 2


@pytest.mark.parametrize(
    "change",
    [f'[cascades."{BUCKET}"]\npolicy = "never"', '[cascades."aws.acm.delete-certificate"]\ndisabled = true'],
    ids=["stricter", "a silencer disabled"],
)  # fmt: skip
def test_what_lets_nothing_more_be_silenced_is_free(tmp_path: Path, change: str) -> None:
    assert opened(tmp_path, "", f"{change}\n").warnings == ()


def test_a_file_that_takes_the_place_of_a_bundled_one_may_not_silence_what_that_annotated(
    tmp_path: Path,
) -> None:
    bundled = load_catalog().sources[BUCKET].read_text()
    loosened = bundled.replace("    policy: annotate ", "    policy: suppress ")
    assert loosened != bundled
    disabled = f'[cascades."{BUCKET}"]\ndisabled = true\n'
    catalog = opened(tmp_path, loosened, disabled)
    assert policies(catalog, BUCKET)["s3:DeleteBucketPolicy"] == "annotate"
    assert [warning.code for warning in catalog.warnings] == ["config-rival"]


def test_a_file_that_takes_the_place_of_a_bundled_one_and_says_the_same_is_free(
    tmp_path: Path,
) -> None:
    bundled = load_catalog().sources[BUCKET].read_text()
    catalog = opened(tmp_path, bundled, f'[cascades."{BUCKET}"]\ndisabled = true\n')
    assert catalog.warnings == ()
    assert policies(catalog, BUCKET) == policies(load_catalog(), BUCKET)


def test_a_catalogue_says_which_overlay_it_was_opened_with(tmp_path: Path) -> None:
    assert not load_catalog().overlay
    toml = (
        f'[cascades."{BUCKET}"]\npolicy = "never"\n'
        '[cascades."aws.acm.delete-certificate"]\ndisabled = true\n'
    )
    overlay = opened(tmp_path, SAFE, toml).overlay
    assert [Path(file).name for file in overlay.files] == ["cascade.toml", "cascades"]
    assert overlay.adds == ("aws.mq.mine",)
    assert overlay.overrides == (BUCKET,)
    assert overlay.disables == ("aws.acm.delete-certificate",)
    assert str(overlay).endswith("(adds 1 cascade, overrides 1, disables 1)")
