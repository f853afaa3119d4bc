"""The ATT&CK Navigator layer says what is masked, and only in ids that the Navigator takes."""

from pathlib import Path

from cloudcascade.catalog import load_catalog, read_cascade, statistics, technique
from cloudcascade.exporters.diagrams.navigator import navigator_layer

ROOT = Path(__file__).parents[3]


def test_a_technique_is_scored_by_the_cascades_that_mask_it() -> None:
    cascade = read_cascade(ROOT / "catalog" / "aws" / "iam" / "delete-user.yaml")
    layer = navigator_layer(statistics([cascade]))
    scores = {each["techniqueID"]: each["score"] for each in layer["techniques"]}
    assert scores == {
        "T1087.004": 1,
        "T1098": 1,
        "T1098.001": 1,
        "T1098.003": 1,
        "T1531": 1,
        "T1556.006": 1,
    }
    mfa = next(each for each in layer["techniques"] if each["techniqueID"] == "T1556.006")
    assert mfa["comment"] == "cascades that suppress it: 1; that only label it: 0"
    assert mfa["showSubtechniques"]


def test_every_technique_of_the_layer_is_current() -> None:
    layer = navigator_layer(statistics(load_catalog().cascades))
    assert layer["versions"] == {"attack": "19", "navigator": "5.1.0", "layer": "4.5"}
    found = [technique(each["techniqueID"]) for each in layer["techniques"]]
    assert found
    assert all(each is not None and each.status == "current" for each in found)
    assert layer["gradient"]["maxValue"] == max(each["score"] for each in layer["techniques"])
