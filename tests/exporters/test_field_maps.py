"""How platforms spell CloudTrail's fields: looked up whole, then by the longest known beginning."""

from types import MappingProxyType

import pytest

from cloudcascade.catalog.terms import RECORD_FIELDS
from cloudcascade.exporters import ExportError, FieldMap, Success, field_map
from cloudcascade.exporters.field_maps import FOLDER

BEAK = FieldMap(
    name="beak",
    title="Beak",
    source="https://beak.example/fields",
    success=Success("result.code", ("Success", "Partial Success")),
    fields=MappingProxyType({"eventName": "event.name", "userIdentity.arn": "actor.arn"}),
    below=MappingProxyType(
        {
            "userIdentity": "cloud.identity",
            "requestParameters": "request",
            "requestParameters.deep": "flat",
        }
    ),
)


@pytest.mark.parametrize(
    ("path", "spelt"),
    [
        ("eventName", "event.name"),
        ("userIdentity.arn", "actor.arn"),
        ("userIdentity.type", "cloud.identity.type"),
        ("requestParameters.userName", "request.userName"),
        ("requestParameters.deep.er", "flat.er"),
        ("requestParameters.deeper", "request.deeper"),
        ("requestParameters.items[].id", "request.items[].id"),
        ("requestParameters", None),
        ("responseElements.id", None),
        ("eventNameless", None),
    ],
)
def test_a_field_is_found_whole_or_by_its_beginning(path: str, spelt: str | None) -> None:
    assert BEAK.find(path) == spelt
    if spelt is None:
        with pytest.raises(ExportError, match="Beak keeps no field for"):
            BEAK.field(path)
    else:
        assert BEAK.field(path) == spelt


def test_success_is_a_missing_field_or_one_of_some_values() -> None:
    assert Success("errorCode").absent
    assert not BEAK.success.absent


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.yaml")))
def test_a_message_without_a_code_is_asked_for_where_the_platform_keeps_it(name: str) -> None:
    success = field_map(name).success
    assert success.message == (
        field_map(name).find("errorMessage") if success.absent else None
    ) or (name == "splunk" and success.message == "errorMessage")


def test_there_is_no_map_of_that_name() -> None:
    with pytest.raises(ExportError, match="no field map is called 'beak'"):
        field_map("beak")


def test_cloudtrail_as_aws_writes_it_spells_every_field_as_itself() -> None:
    raw = field_map("raw")
    assert raw.success == Success("errorCode", message="errorMessage")
    for name in RECORD_FIELDS - {"resources"}:
        inside = f"{name}.x"
        assert raw.find(name) == name or raw.find(inside) == inside


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.yaml")))
def test_every_map_says_what_it_is_and_where_that_is_documented(name: str) -> None:
    known = field_map(name)
    assert known.title
    assert known.source.startswith("https://")
    assert known.success.field
    for spelt in (*known.fields.values(), *known.below.values()):
        assert spelt
        assert spelt.isprintable()
