"""sigma-cli takes what is exported: it finds nothing to check, and converts with our pipelines as the docs say.

It stands in an environment of its own, `.dev/sigma`, with the backends splunk, elasticsearch, kusto, loki and sqlite.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudcascade.exporters.export import write
from cloudcascade.tests.exporters.kusto.service import problems
from cloudcascade.tests.support.golden import CATALOG, make_export

ROOT = Path(__file__).parents[3]
SIGMA = ROOT / ".dev" / "sigma" / "bin" / "sigma"
FULL = bool(os.environ.get("CASCADE_FULL"))
SOME = [each.id for each in CATALOG.cascades][:: 1 if FULL else 6]
# They download.
OFFLINE = ("-x", "attacktag", "-x", "d3_fendtag")
# https://learn.microsoft.com/azure/sentinel/create-analytics-rules
LONGEST_KUSTO = 10_000

pytestmark = pytest.mark.skipif(not SIGMA.exists(), reason="no .dev/sigma")


@dataclass(frozen=True, slots=True)
class Files:
    """An export on disk: its rules by file, those that detect and those that correlate."""

    folder: Path
    base: dict[Path, list[dict[str, Any]]]
    together: dict[Path, list[dict[str, Any]]]

    def with_base(self, correlations: Iterable[Path], folder: Path) -> Path:
        """A copy of these files and of the base rules that they speak of: sigma-cli looks for them in one folder."""
        files = list(correlations)
        names = {path.name.replace("_correlation", "") for path in files}
        for path in (*(path for path in self.base if path.name in names), *files):
            copy = folder / path.relative_to(self.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("sigma")
    write(make_export("sigma", SOME).artefacts, folder)
    found = {path: rules_in(path) for path in sorted((folder / "rules").rglob("*.yml"))}
    base = {path: rules for path, rules in found.items() if "detection" in rules[0]}
    return Files(folder, base, {path: found[path] for path in found if path not in base})


def rules_in(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def ran(*arguments: object) -> subprocess.CompletedProcess[str]:
    texts = [str(SIGMA), *(str(each) for each in arguments)]
    return subprocess.run(texts, capture_output=True, text=True, timeout=280, check=False)


def converted(
    made: Files, backend: str, pipeline: str | None, files: Sequence[Path]
) -> subprocess.CompletedProcess[str]:
    how = ["-p", made.folder / "pipelines" / pipeline] if pipeline else ["--without-pipeline"]
    return ran("convert", "-t", backend, *how, *files)


def queries(output: str) -> list[str]:
    return [each for each in output.strip().split("\n\n") if each.strip()]


def count(rules: Iterable[list[dict[str, Any]]]) -> int:
    return sum(map(len, rules))


def has_truth(rules: object) -> bool:
    if isinstance(rules, dict):
        return any(map(has_truth, rules.values()))
    return isinstance(rules, bool) or (isinstance(rules, list) and any(map(has_truth, rules)))


def truthful(made: Files) -> list[Path]:
    return [
        path for path, rules in made.base.items() if any(has_truth(r["detection"]) for r in rules)
    ]


def renaming(made: Files) -> list[Path]:
    """The correlations whose key has two names."""
    return [
        path
        for path, rules in made.together.items()
        if any("aliases" in rule["correlation"] for rule in rules)
    ]


def test_check_finds_nothing(made: Files) -> None:
    found = ran("check", "--fail-on-issues", *OFFLINE, made.folder / "rules")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "0 errors, 0 condition errors and 0 issues" in found.stdout + found.stderr


def test_check_finds_a_rule_without_a_condition(made: Files, tmp_path: Path) -> None:
    rule = next(iter(made.base.values()))[0]
    detection = {name: part for name, part in rule["detection"].items() if name != "condition"}
    (tmp_path / "rule.yml").write_text(yaml.safe_dump({**rule, "detection": detection}))
    assert ran("check", "--fail-on-issues", *OFFLINE, tmp_path).returncode != 0


@pytest.mark.parametrize(
    ("backend", "pipeline"),
    [
        ("splunk", "splunk.yml"),
        ("esql", "elastic.yml"),
        ("eql", "elastic.yml"),
        ("lucene", "elastic.yml"),
        ("kusto", "sentinel.yml"),
        ("sqlite", None),
    ],
)
def test_every_base_rule_is_converted(made: Files, backend: str, pipeline: str | None) -> None:
    found = converted(made, backend, pipeline, list(made.base))
    assert found.returncode == 0, found.stderr
    assert len(queries(found.stdout)) == count(made.base.values())


@pytest.mark.parametrize(("backend", "pipeline"), [("splunk", "splunk.yml"), ("sqlite", None)])
def test_every_correlation_is_converted(made: Files, backend: str, pipeline: str | None) -> None:
    found = converted(made, backend, pipeline, [made.folder / "rules"])
    assert found.returncode == 0, found.stderr
    fewest = count(made.together.values())
    assert len(queries(found.stdout)) >= fewest > 0


def test_esql_takes_the_correlations_whose_keys_have_one_name(made: Files, tmp_path: Path) -> None:
    refused = renaming(made)
    taken = [path for path in made.together if path not in refused]
    found = converted(made, "esql", "elastic.yml", [made.with_base(taken, tmp_path / "taken")])
    assert found.returncode == 0, found.stderr
    assert refused
    for path in refused[:3]:
        alone = made.with_base([path], tmp_path / path.stem)
        found = converted(made, "esql", "elastic.yml", [alone])
        assert found.returncode != 0
        assert "Correlation field normalization" in found.stderr


@pytest.mark.parametrize(
    ("backend", "pipeline"), [("kusto", "sentinel.yml"), ("lucene", "elastic.yml")]
)
def test_backends_without_correlations_say_so(
    made: Files, backend: str, pipeline: str, tmp_path: Path
) -> None:
    one = made.with_base(list(made.together)[:1], tmp_path)
    found = converted(made, backend, pipeline, [one])
    assert found.returncode != 0
    assert "does not support correlation rules" in found.stderr


def test_loki_takes_the_base_rules_without_truth_values(made: Files) -> None:
    refused = truthful(made)
    found = converted(made, "loki", None, [path for path in made.base if path not in refused])
    assert found.returncode == 0, found.stderr
    for path in refused[:3]:
        assert converted(made, "loki", None, [path]).returncode != 0


@pytest.fixture(scope="module")
def kusto(made: Files) -> list[str]:
    found = converted(made, "kusto", "sentinel.yml", list(made.base))
    return queries(found.stdout)


def test_kustos_language_service_finds_nothing_wrong(kusto: list[str]) -> None:
    found = {query: told for query, told in zip(kusto, problems(kusto), strict=True) if told}
    assert found == {}


def test_a_query_of_sentinel_extends_what_it_names_and_fits_a_rule(kusto: list[str]) -> None:
    for query in kusto:
        assert query.startswith("AWSCloudTrail\n| ")
        extended, _, condition = query.partition("| where ")
        for name in re.findall(r"extend (\w+)", extended):
            assert name in condition
        assert set(re.findall(r"Cascade_\w+", condition)) <= set(re.findall(r"\w+", extended))
        assert len(query) < LONGEST_KUSTO


@pytest.mark.skipif(not FULL, reason="the page speaks of all cascades: CASCADE_FULL")
def test_the_page_says_how_many_are_converted(made: Files) -> None:
    page = (ROOT / "docs" / "exporters" / "sigma.md").read_text(encoding="utf-8")
    every, labelled = len(made.base), len(made.together) - len(renaming(made))
    assert f"Of {every} files of `--all`" in page
    assert f"| `elastic.yml` | {every} | {labelled} |" in page
    assert f"| none | {every - len(truthful(made))} | not asked |" in page
