"""The ATT&CK table holds what MITRE's change logs say of the release that it states."""

import json
import runpy
from pathlib import Path

import pytest

from cloudcascade.catalog import attack_version, tactics, technique, techniques
from cloudcascade.catalog.attack import CLOUD_PLATFORMS

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "catalog" / "data" / "attack.json"
CURRENT = {id_: found for id_, found in techniques().items() if found.status == "current"}


def test_the_table_has_as_many_techniques_as_the_release_it_states() -> None:
    assert attack_version() == "19.0"
    parents = sum(found.parent is None for found in CURRENT.values())
    assert (len(tactics()), parents, len(CURRENT) - parents) == (15, 222, 475)


@pytest.mark.parametrize(("shortname", "count"), [("defense-impairment", 18)])
def test_a_tactic_has_as_many_techniques_as_its_page_says(shortname: str, count: int) -> None:
    found = [
        technique.id
        for technique in CURRENT.values()
        if technique.parent is None and shortname in {t.shortname for t in technique.tactics}
    ]
    assert len(found) == count


@pytest.mark.parametrize(
    ("id_", "name", "shortnames"),
    [
        ("T1556.006", "Modify Authentication Process: Multi-Factor Authentication",
         {"credential-access", "defense-impairment", "persistence"}),
        ("T1078.004", "Valid Accounts: Cloud Accounts",
         {"stealth", "persistence", "privilege-escalation", "initial-access"}),
        ("T1098.001", "Account Manipulation: Additional Cloud Credentials",
         {"persistence", "privilege-escalation"}),
        ("T1531", "Account Access Removal", {"impact"}),
        ("T1537", "Transfer Data to Cloud Account", {"exfiltration"}),
        ("T1550.001", "Use Alternate Authentication Material: Application Access Token",
         {"lateral-movement"}),
        ("T1578.005", "Modify Cloud Compute Infrastructure: Modify Cloud Compute Configurations",
         {"defense-impairment"}),
        ("T1685.002", "Disable or Modify Tools: Disable or Modify Cloud Log",
         {"defense-impairment"}),
        ("T1686.001", "Disable or Modify System Firewall: Cloud Firewall", {"defense-impairment"}),
    ],
)  # fmt: skip
def test_a_technique_has_name_and_tactics(id_: str, name: str, shortnames: set[str]) -> None:
    found = technique(id_)
    assert found is not None
    assert found.status == "current"
    assert found.full_name == name
    assert {tactic.shortname for tactic in found.tactics} == shortnames


@pytest.mark.parametrize(
    ("id_", "successor"),
    [
        ("T1562", "T1685"),
        ("T1562.001", "T1685"),
        ("T1562.007", "T1686.001"),
        ("T1562.008", "T1685.002"),
        ("T1070.001", "T1685.005"),
        ("T1574.002", "T1574.001"),
        ("T1089", "T1685"),  # by way of T1562.001
        ("T1527", "T1550.001"),
        ("T1536", "T1578.004"),
    ],
)
def test_a_revoked_id_names_the_current_one_in_its_place(id_: str, successor: str) -> None:
    found = technique(id_)
    assert found is not None
    assert (found.status, found.revoked_by) == ("revoked", successor)


def test_every_successor_is_current() -> None:
    revoked = [found for found in techniques().values() if found.status == "revoked"]
    assert revoked
    assert {found.revoked_by for found in revoked} <= CURRENT.keys()


@pytest.mark.parametrize("id_", ["T1108", "T1064", "T1053.004"])
def test_a_deprecated_id_has_no_successor(id_: str) -> None:
    found = technique(id_)
    assert found is not None
    assert (found.status, found.revoked_by) == ("deprecated", None)


@pytest.mark.parametrize("id_", ["T9999", "T1078.999", "", "t1078", "TA0005"])
def test_an_id_that_never_was_is_none(id_: str) -> None:
    assert technique(id_) is None


def test_every_current_technique_has_a_tactic_and_every_sub_technique_its_technique() -> None:
    for found in CURRENT.values():
        assert found.name
        assert found.tactics
        assert found.parent is None or found.parent in CURRENT


@pytest.mark.parametrize(
    ("id_", "platforms"),
    [
        ("T1078.004", {"IaaS", "Identity Provider", "Office Suite", "SaaS"}),
        ("T1578.001", {"IaaS"}),
        ("T1610", {"Containers"}),
        ("T1072", {"SaaS"}),
        ("T1599", set()),
        ("T1685.002", {"IaaS", "Identity Provider", "Office Suite", "SaaS"}),  # of T1562.008
        ("T1686.001", {"IaaS"}),
    ],
)
def test_a_technique_knows_which_clouds_it_is_about(id_: str, platforms: set[str]) -> None:
    found = technique(id_)
    assert found is not None
    assert found.platforms == platforms
    assert found.platforms <= set(CLOUD_PLATFORMS)


def test_links_lead_to_mitres_pages() -> None:
    found = technique("T1078.004")
    assert found is not None
    assert found.url == "https://attack.mitre.org/techniques/T1078/004/"
    assert tactics()[0].url == "https://attack.mitre.org/tactics/TA0043/"


def test_tactics_stand_in_the_order_of_the_matrix() -> None:
    names = [tactic.name for tactic in tactics()]
    assert names[:3] == ["Reconnaissance", "Resource Development", "Initial Access"]
    assert names[6:8] == ["Stealth", "Defense Impairment"]
    assert names[-1] == "Impact"


def stix(kind: str, number: int, external_id: str, **members: object) -> dict[str, object]:
    return {
        "type": kind,
        "id": f"{kind}--{number}",
        "external_references": [{"source_name": "mitre-attack", "external_id": external_id}],
        **members,
    }


def test_the_table_can_be_made_anew_from_mitres_bundle() -> None:
    phases = [{"kill_chain_name": "mitre-attack", "phase_name": "impact"},
              {"kill_chain_name": "mitre-attack", "phase_name": "stealth"}]  # fmt: skip
    bundle = {
        "objects": [
            {"type": "x-mitre-collection", "id": "c", "x_mitre_version": "20.0"},
            stix("x-mitre-tactic", 1, "TA0040", x_mitre_shortname="impact", name="Impact"),
            stix("x-mitre-tactic", 2, "TA0005", x_mitre_shortname="stealth", name="Stealth"),
            {"type": "x-mitre-matrix", "id": "m",
             "tactic_refs": ["x-mitre-tactic--2", "x-mitre-tactic--1"]},
            stix("attack-pattern", 1, "T2", name="New", kill_chain_phases=phases,
                 x_mitre_platforms=["Linux", "SaaS", "IaaS"]),
            stix("attack-pattern", 2, "T1", name="Old", revoked=True),
            stix("attack-pattern", 3, "T3", name="Gone", x_mitre_deprecated=True),
            stix("attack-pattern", 4, "T2", name="Same id, older", revoked=True),
            {"type": "relationship", "id": "r1", "relationship_type": "revoked-by",
             "source_ref": "attack-pattern--2", "target_ref": "attack-pattern--1"},
            {"type": "relationship", "id": "r2", "relationship_type": "revoked-by",
             "source_ref": "attack-pattern--4", "target_ref": "attack-pattern--1"},
        ]
    }  # fmt: skip
    made = runpy.run_path(str(ROOT / "bench" / "attack_table.py"))["attack_table"](bundle)
    assert made == {
        "version": "20.0",
        "tactics": [["TA0005", "stealth", "Stealth"], ["TA0040", "impact", "Impact"]],
        "techniques": {"T2": ["New", "stealth impact"]},
        "platforms": {"T2": ["IaaS", "SaaS"]},
        "revoked": {"T1": ["Old", "T2"]},
        "deprecated": {"T3": "Gone"},
    }


def test_the_table_is_written_as_it_would_be_made_anew() -> None:
    written = runpy.run_path(str(ROOT / "bench" / "attack_table.py"))["written"]
    text = TABLE.read_text(encoding="utf-8")
    assert written(json.loads(text)) == text
