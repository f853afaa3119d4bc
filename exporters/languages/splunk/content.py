"""Files for a project of contentctl, the tool with which Splunk's security_content is checked and built.

`contentctl init --bare` makes a project, with the folders that must be there.

Its files and their fields: https://github.com/splunk/contentctl
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from ...field_maps import FieldMap
from ...legible import legible
from ...query import Pattern, Query
from ...sample_cases import SampleCase
from ...target import Artefact, Options
from .cascades_app import SHOWN, back, search, shared_macros, slice_commands
from .scheduled import schedule_of, start_window, throttle_period
from .spl import definition, spl
from .spl_reading import judged

STORY = "AWS Cascades"
PRODUCTS = ["Splunk Enterprise", "Splunk Enterprise Security", "Splunk Cloud"]
# What ESCU makes of its macro: one's own definition, with the index, takes its place.
CLOUDTRAIL = "sourcetype=aws:cloudtrail"
# Of one hundred: an unexplained call is worth a look, and proves nothing.
_RISK = 40
_LONGEST = 10_000
# Services with names of so many letters are spelt in capitals.
_ABBREVIATED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """A query, the lines that are said about it, and its sample logs."""

    query: Query
    about: tuple[str, ...]
    samples: tuple[SampleCase, ...]


def project(told: Sequence[Told], options: Options, fields: FieldMap) -> Iterator[Artefact]:
    """The files.

    Raises:
        ExportError: cron cannot say the interval exactly; a value that SPL cannot hold.
    """
    yield _object("stories", STORY, _story(options))
    yield _object("macros", "cloudtrail", _macro("cloudtrail", CLOUDTRAIL, options))
    for macro in shared_macros([each.query for each in told], fields):
        text = definition(macro.commands)
        yield _object("macros", macro.name, _macro(macro.name, text, options))
    sources = dict.fromkeys(action for each in told for action in each.query.actions)
    for action in sources:
        name = _source_name(action)
        yield _object("data_sources", name, _data_source(action, options))
    for each in told:
        name = detection_name(each.query.cascade)
        yield _object("detections/cloud", name, _detection(each, options, fields))
        for case in each.samples:
            lines = (json.dumps(record, separators=(",", ":")) for record in case.records)
            yield Artefact(_log(name, case), "".join(f"{line}\n" for line in lines))


def _log(name: str, case: SampleCase) -> PurePosixPath:
    return PurePosixPath("attack_data", _slug(name), f"{case.name}.ndjson")


def _tests(name: str, cases: Sequence[SampleCase]) -> Iterator[dict[str, Any]]:
    """The logs on which it must fire: contentctl knows no test that it stays silent."""
    for case in cases:
        if case.positive:
            data = {
                "data": str(_log(name, case)),
                "source": "aws_cloudtrail",
                "sourcetype": "aws:cloudtrail",
            }
            yield {"name": f"{case.name}: {case.what}", "attack_data": [data]}


def detection_name(cascade: str) -> str:
    """The detection's name, of which its file has its own: short enough to be cloned in Enterprise Security.

    >>> detection_name("aws.iam.delete-user")
    'AWS IAM Delete User Unexplained'
    """
    service, _, rest = cascade.removeprefix("aws.").partition(".")
    service = service.upper() if len(service) <= _ABBREVIATED else service.title()
    return f"AWS {service} {rest.replace('-', ' ').replace('.', ' ').title()} Unexplained"


def _detection(told: Told, options: Options, fields: FieldMap) -> dict[str, Any]:
    query = told.query
    name = detection_name(query.cascade)
    reach = judged(options)
    lines = [
        search(query, options, fields),
        *map(spl, slice_commands(query, options)),
        "| where isnull(cascade)",
        f"| table {SHOWN}",
        f"| `{_slug(name)}_filter`",
    ]
    listed = ", ".join(query.actions)
    return {
        **_about(name, f"cloudcascade:splunk:{query.cascade}", options),
        "status": "experimental",
        "type": "Anomaly",
        "description": legible(
            f"{query.description} Alerts on {listed} that {query.root.action} does not explain.",
            _LONGEST,
        ),
        "data_source": [_source_name(action) for action in query.actions],
        "search": "\n".join(lines),
        "how_to_implement": "\n".join(told.about),
        "known_false_positives": "Losses that fail open, above all an origin that came later than the window.",
        "references": list(query.references),
        "rba": {
            "message": f"$eventName$ by $principal$ in $account$, which {query.root.action} does not explain",
            "risk_objects": [{"field": "principal", "type": "user", "score": _RISK}],
            "threat_objects": [],
        },
        "tags": {
            "analytic_story": [STORY],
            "asset_type": "AWS Account",
            "mitre_attack_id": list(_narrowest(query.techniques)),
            "product": PRODUCTS,
            "security_domain": "threat",
            "throttling": {
                "fields": ["event_id"],
                "period": f"{throttle_period(reach, options.every)}s",
            },
        },
        "deployment": {
            "scheduling": {
                "cron_schedule": schedule_of(query.cascade, options.every),
                "earliest_time": f"-{back(query, options)}s@m",
                "latest_time": "@m",
                "schedule_window": str(start_window(options.every)),
            },
            "alert_action": {"rba": {"enabled": True}},
        },
        "tests": list(_tests(name, told.samples)),
    }


def _narrowest(techniques: Sequence[str]) -> Iterator[str]:
    """The techniques without those of which a part is named, too: contentctl takes one of the two."""
    for technique in techniques:
        if not any(other.startswith(f"{technique}.") for other in techniques):
            yield technique


def _story(options: Options) -> dict[str, Any]:
    return {
        **_about(STORY, "cloudcascade:splunk:story", options),
        "status": "production",
        "description": "Calls that look like an attack and come along with another call, which explains them; "
        "what nothing explains alerts.",
        "narrative": "Deleting an IAM user brings a dozen calls along: MFA deactivated, keys deleted, policies "
        "detached. Each looks exactly like the same call made by an attacker. A detection of this story looks "
        "for the call that set the others off, made by the same hand, and alerts where there is none.",
        "references": ["https://attack.mitre.org/matrices/enterprise/cloud/"],
        "tags": {
            "category": ["Cloud Security"],
            "product": PRODUCTS,
            "usecase": "Advanced Threat Detection",
        },
    }


def _macro(name: str, text: str, options: Options) -> dict[str, Any]:
    return {
        **_about(name, f"cloudcascade:splunk:macro:{name}", options),
        "description": f"Shared by the detections of the story {STORY}.",
        "definition": text,
    }


def _source_name(action: str) -> str:
    return f"AWS CloudTrail {Pattern(action).event_name}"


def _data_source(action: str, options: Options) -> dict[str, Any]:
    name = _source_name(action)
    return {
        **_about(name, f"cloudcascade:splunk:source:{action}", options),
        "description": f"{action}, a call that CloudTrail records.",
        "source": "aws_cloudtrail",
        "sourcetype": "aws:cloudtrail",
        "separator": "eventName",
        "separator_value": Pattern(action).event_name,
    }


def _about(name: str, identity: str, options: Options) -> dict[str, Any]:
    return {
        "name": name,
        "id": str(uuid5(NAMESPACE_URL, identity)),
        # contentctl counts by one from build to build; an export does not know what was built before.
        "version": 1,
        "date": options.created.isoformat(),
        "author": options.owner or "cloudcascade",
    }


def _object(folder: str, name: str, written: dict[str, Any]) -> Artefact:
    text = yaml.dump(written, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return Artefact(PurePosixPath(folder, f"{_slug(name)}.yml"), text)


def _slug(name: str) -> str:
    for mark in " -./":
        name = name.replace(mark, "_")
    return name.lower()


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are read."""


def _written(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    block = "\n" in text and not any(line != line.rstrip() for line in text.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if block else None)


_Dumper.add_representer(str, _written)
