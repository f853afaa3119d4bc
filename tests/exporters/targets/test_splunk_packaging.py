"""Splunk's own tools take what is exported: contentctl the content, AppInspect the apps.

Each stands in an environment of its own, `.dev/contentctl` and `.dev/appinspect`; what is not there is skipped.
"""

import json
import subprocess
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudcascade.exporters.detections import DETECTIONS
from cloudcascade.exporters.export import export_detections
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.target import Artefact
from cloudcascade.tests.support.golden import SUPPRESSING, make_export, make_options

TOOLS = Path(__file__).parents[3] / ".dev"
CONTENTCTL = TOOLS / "contentctl" / "bin" / "contentctl"
APPINSPECT = TOOLS / "appinspect" / "bin" / "splunk-appinspect"
ALL = [cascade.id for cascade in SUPPRESSING]
SPLUNK = find_target("splunk")
# contentctl refuses what is dated later than the day on which it runs.
MADE = date(2024, 1, 1)

with_contentctl = pytest.mark.skipif(not CONTENTCTL.exists(), reason="no .dev/contentctl")
with_appinspect = pytest.mark.skipif(not APPINSPECT.exists(), reason="no .dev/appinspect")


def written(made: Iterable[Artefact], folder: Path) -> Path:
    for artefact in made:
        path = folder / artefact.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(artefact.text, encoding="utf-8")
    return folder


def ran(folder: Path, *command: object) -> subprocess.CompletedProcess[str]:
    texts = [str(part) for part in command]
    return subprocess.run(texts, cwd=folder, capture_output=True, text=True, timeout=280)


def inspected(app: Path) -> dict[str, Any]:
    """How many checks of AppInspect end how, and the messages of those that do not pass."""
    report = app.parent / f"{app.name}.json"
    ran(
        app.parent,
        *(APPINSPECT, "inspect", app, "--mode", "precert"),
        *("--data-format", "json", "--output-file", report),
    )
    read = json.loads(report.read_text(encoding="utf-8"))
    checks = [check for group in read["reports"][0]["groups"] for check in group["checks"]]
    told = [
        f"{check['name']}: {message['message']}"
        for check in checks
        if check["result"] in ("failure", "error", "warning", "future_failure")
        for message in check["messages"]
    ]
    return {"summary": read["summary"], "told": told}


def project(folder: Path) -> Path:
    """A new project of contentctl with all that is exported."""
    made = ran(folder, CONTENTCTL, "init", "--bare")
    assert made.returncode == 0, made.stdout + made.stderr
    return written(make_export("splunk", ALL, "content", created=MADE).artefacts, folder)


@with_contentctl
def test_contentctl_validates_all_content(tmp_path: Path) -> None:
    folder = project(tmp_path)
    found = ran(folder, CONTENTCTL, "validate")
    assert found.returncode == 0, found.stdout + found.stderr
    assert list((folder / "detections" / "cloud").glob("*.yml"))


@with_contentctl
def test_contentctl_tells_of_a_field_that_is_missing(tmp_path: Path) -> None:
    path = next((project(tmp_path) / "detections" / "cloud").glob("*.yml"))
    detection = yaml.safe_load(path.read_text(encoding="utf-8"))
    del detection["how_to_implement"]
    path.write_text(yaml.safe_dump(detection), encoding="utf-8")
    assert ran(tmp_path, CONTENTCTL, "validate").returncode != 0


@with_contentctl
@with_appinspect
def test_appinspect_takes_the_app_that_contentctl_builds(tmp_path: Path) -> None:
    named = ("--app.label", "Cascade", "--app.title", "Cascades", "--app.appid", "cascades")
    found = ran(project(tmp_path), CONTENTCTL, "build", *named)
    assert found.returncode == 0, found.stdout + found.stderr
    summary = inspected(tmp_path / "dist" / "cascades-latest.tar.gz")["summary"]
    assert (summary["error"], summary["failure"], summary["future_failure"]) == (0, 0, 0)


@with_appinspect
@pytest.mark.parametrize("style", ["search", "filter"])
def test_appinspect_takes_the_app_of_all_cascades(style: str, tmp_path: Path) -> None:
    only_expected(written(make_export("splunk", ALL, style).artefacts, tmp_path) / "cloudcascade")


@with_appinspect
def test_appinspect_takes_the_app_of_the_verdicts(tmp_path: Path) -> None:
    made = make_export("splunk", ALL, "verdict").artefacts
    only_expected(written(made, tmp_path) / "cloudcascade_verdicts")


@with_appinspect
def test_appinspect_takes_the_app_of_the_detections(tmp_path: Path) -> None:
    made = export_detections(DETECTIONS, SPLUNK, SPLUNK.style(None), make_options())
    only_expected(written(made, tmp_path) / "cloudcascade_detections")


def only_expected(app: Path) -> None:
    found = inspected(app)
    assert found["summary"]["success"] > 0
    # It warns of every app that has a collection, and asks for nothing.
    assert [text for text in found["told"] if "check_collections_conf" not in text] == []
