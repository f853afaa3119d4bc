"""Writes the reference pages that follow from the program: docs/adversary.md, docs/cascade-file.md, docs/cli.md,
docs/exporters/index.md and docs/review-formats.md.

    python docs/render.py

tests/test_docs.py fails when they are stale.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import typer

from cloudcascade.adversary import markdown, prove
from cloudcascade.catalog import json_schema, load_catalog, load_service_models
from cloudcascade.catalog.loader import read_cascade
from cloudcascade.cli.main import app
from cloudcascade.exporters import MatrixRow, Options, Survey, loss_lines, matrix, survey
from cloudcascade.exporters.matrix import suppressible
from cloudcascade.review import formats

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "catalog" / "aws" / "iam" / "delete-instance-profile.yaml"

FORMATS_HEAD = """\
# Formats of rules, and what is not modelled

`cascade review` executes each rule by the semantics that its vendor documents, on records as the platform would hold them. What it cannot execute
faithfully is "not judged", with the reason. Beyond that, this is what it does not model.
"""

FILE_HEAD = """\
# The cascade file

One cascade is one YAML file, `catalog/<provider>/<service>/<name>.yaml`; its id is the path with dots. Editors
complete it from `catalog/data/cascade.schema.json`. Unknown fields are errors, and every error has a line and a column.
docs/semantics.md says what the fields mean for a verdict, docs/checks.md what `cascade check` holds against a file.

A whole file:

```yaml
{sample}```

## What a call may carry

A call that changes settings may do more than what it is explained for: lift a database's protection, and open it to the internet. List what it
may carry, not what it may not, and hold each listed member to a value that could do harm with another one:

```yaml
where:
  requestParameters: {only: [applyImmediately, dBInstanceIdentifier, deletionProtection]}
  requestParameters.deletionProtection: false
```

`cascade check` knows the members from the service model, and `cascade prove` tries each listed one that nothing holds to a value.

## Where your own cascades go

`--catalog DIR` adds a folder of cascade files, and a `cascade.toml` says more. Neither is loaded without being asked for: the
configuration is that of `--config FILE`, else the file that the environment variable `CASCADE_CONFIG` names, else the `cascade.toml` in your
own configuration folder (`~/.config/cloudcascade` on Linux). One that merely lies in the working directory is left alone, and standard
error says so: a folder of evidence could bring its own blindfold. To leave your own out for once, give `--config` an empty file.

```toml
catalog = ["cascades"]                     # folders, relative to this file

[cascades."aws.acm.delete-certificate"]
disabled = true

[cascades."aws.iam.delete-user"]
policy = "annotate"                        # stricter than the file only

[cascades."aws.iam.delete-user".effects."iam:DeactivateMFADevice".within]
before = "10m"
after = "2m"

[[controllers]]                            # the noisy roles of your environment: named in reports,
name = "terraform"                         # never a reason to silence anything
arn = "arn:aws:iam::111122223333:role/terraform-deploy"
```

### What is said of an overlay, and what it may not silence

Every command says on standard error which overlay is in force; so do the reports of `classify`, the journal of `watch`, and the head of
what `export` makes:

```console
$ cascade list --config team/cascade.toml --service mq
cascade: overlay in force: team/cascade.toml, team/cascades (adds 1 cascade, overrides 1, disables 1, controllers 1)

  id            effects   policy     title
 ──────────────────────────────────────────────────────
  aws.mq.mine   2         suppress   Deleting a broker
```

An overlay is held to the rules of safety (docs/checks.md), those that are errors. What breaks one does not silence: the effect is annotated, or the
whole cascade where the rule is about the cascade, and every use warns of it:

```console
$ cascade explains StopLogging --catalog blind
cascade: overlay in force: blind (adds 1 cascade, overrides 0, disables 0, 1 not safe to silence, so annotated)
cascade: blind/blind.yaml:8:5: warning: to silence aws.cloudtrail.blind breaks rules of safety: abuse-missing, any-account, any-actor, claimed-only, forgeable, suppresses-telemetry, unjoined; so annotated, not silenced (see `cascade check blind/blind.yaml`) [unsafe-overlay]

  action                   relation    within                    joined by        policy     cascade
 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  cloudtrail:DeleteTrail   companion   15m before                trail            annotate   aws.cloudtrail.delete-trail
  iam:ListUsers            companion   31d before to 31d after   time and actor   annotate   aws.cloudtrail.blind
…
```

With `--strict` it is refused (exit status 2); `--allow-unsafe-overlay` takes it as it is written, and the warning stays. In Python:
`load_catalog(..., strict=True)` and `allow_unsafe_overlay=True`. A configuration is held to the same rules:

- **A policy** can only become stricter (`config-looser`, always refused).
- **A window** of an effect that is silenced, or that one rests on, may be widened to 15 minutes a side. More wants a reason, and the reason in
  the file speaks of the file's window (`config-window`): write a cascade file of your own, with `suppression.windows`.
- **Disabling, narrowing or replacing** a cascade that only annotates: the strictest of all explanations decides whether an event is silenced,
  so that a cascade which annotates keeps others from silencing. Effects of the same action that others silence are annotated then:

```console
$ cascade check rival.toml
cascade: checked with: rival.toml (adds 0 cascades, overrides 0, disables 1)
rival.toml:1:11: error: aws.iam.access-key-rotation explains less than it did, which kept from being silenced: aws.iam.delete-user (iam:DeleteAccessKey, iam:UpdateAccessKey) [config-rival]
0 cascades, 1 errors, 0 warnings, 0 notes
```

Of a folder the files that end in `.yaml` are read, at any depth, and the `cascade.toml` that lies in it directly. `cascade check PATH...` reads a cascade file, a
folder or a `cascade.toml` wherever it lies, and refuses what is none of these; docs/checks.md has the codes.

## Fields

"""

CLI_HEAD = """\
# The command line

Exit status of every command: 0 done, 1 findings that you asked to fail on (`--fail-on`, `check`) or no path (`path`), 2 unusable
input or arguments. Results go to standard output, everything else to standard error. `cascade --install-completion` completes
cascade ids and actions in your shell.

"""

EXPORT_HEAD = """\
# Export targets

`cascade export TARGET CASCADE` makes detection content for a platform: a query or a rule that alerts on what the cascade does not
explain, or a list of what it does. docs/semantics.md says what explains means. No platform says all of it; what an artefact does not
keep stands in its header, with what that does to the detection:

- **fails open**: extra alerts. What the cascade explains is still shown.
- **fails closed**: missed attacks. What the cascade does not explain is silenced. Such artefacts are made only with
  `--allow-fail-closed`.
- **not covered**: the artefact says nothing of these events. Keep whatever alerts on them today.

This page is what `cascade export --list` and `cascade export --explain TARGET` say, rendered from the program.

## How artefacts are checked

- **executed**: the project's tests run them on the platform's engine, or one like it, over logs with known answers.
- **parsed**: the tests read them with the platform's own grammar; nothing runs them.
- **unverified**: neither runs here. Try them before you trust them.

Every log that the catalogue gives rise to (the instances and twins of `cascade sample`, all sequences of `cascade prove`) is put before each
form of which something runs in the tests, and nothing may be silent there that the matcher would not silence: SQL on DuckDB, ClickHouse,
PostgreSQL and Spark, both styles, and on tables of three layouts; Sentinel's queries, ES|QL and SPL in models of these languages, written for
the tests from the vendors' references. Athena, BigQuery, Snowflake and Panther's scheduled queries are the same steps in another dialect, and nothing runs
these here. Forms that ask a table of explained ids (CloudWatch, Datadog, LogScale, SecOps, `suppression-list`, the exceptions, lookups and watchlists) silence
what the matcher says; what runs of them is their polarity. Sigma's `rules` silence nothing. EQL, correlations and absences all fail closed: they are held
to named timelines, as is each of these forms in its own tests.

## What each style keeps

*origin*: found before its effect, after it, or both. *hop*: joins through a third event. *hold*: what lets the
window and late events pass before an event is judged: the query itself (yes), the platform's schedule, `cascade watch`, whoever reads the list (reader); ended: the log has
ended; -: each event is judged by itself; no: it alerts before the window is over. *void*: sees the events that void an explanation. *ensemble*: cascades without an origin. *rivals*: asks whether another
cascade explains the event. *labels*: names explained events of cascades that silence nothing. *made*: how many of the {asked} bundled
cascades of which something may be silenced are exported without `--allow-fail-closed`.

"""

ADVERSARY_HEAD = """\
# The attacker who knows the documents

Whoever reads a cascade file knows what is silenced and when. `cascade prove` plays that reader: for every effect whose policy is
`suppress` it makes, from the document itself (keys, joins, windows, `where`, spoilers) and the service models, the sequences by which somebody
would get the effect silenced though its harm stays, and puts each before the matcher, with no other document at hand. A sequence
**succeeds** when the verdict on the effect is `effect` with the policy `suppress` (docs/semantics.md, Silencing). Then the events that it does as
well without are dropped, and the smallest log is shown with the calls that the attacker has to make and what he loses.

| family | what is tried |
|---|---|
| `recreated` | The name is taken again by every way back that the document or the models know: after the origin, and before a second one; by a renaming, too. In other case, and by name where the rest was called by ARN, where the service takes these for one. |
| `decoy` | Another thing goes; or a namesake in another Region, account or partition, or one that differs in case. Key by key where several tie an edge. |
| `chain` | The effect hangs on the origin through another event, and what they share is shared with a decoy that goes. |
| `smuggled` | A call that changes settings carries, besides what the document holds to a value, each other member that the operation has. One that `only` lists and nothing holds to a value is tried with all that it may hold. |
| `used` | Between the effect and its origin the thing is used, given new credentials, or the effect is undone; or two hours pass. |
| `guardrail` | What comes off is a Deny, a boundary, a quarantine or evidence; whom it held acts until the origin, or stays. |
| `edge` | A spoiler lies a second after the log's end, or a second before its beginning. |
| `hand` | Another principal, a session of the same role under the same or another name whose AssumeRole is not in the log, the same key from another address or in another tool; for what hands something out, the caller himself instead of AWS. |
| `copies` | Copies of an event differ: of the effect, the origin, what lies between, and of a spoiler. The origin failed, or says so only in `errorMessage`. A spoiler cannot be read: null, left out, hidden, without time or account. |

Each family has one answer for each effect:

- `impossible`: no sequence succeeds. What stops them is named: a spoiler, `join`, `account`, `region`, `actor`, `tool`, `within`, `where`, or a rule of
  silencing. Some are not even tried, because of what AWS does: ids that it makes up have no namesakes, and nobody makes what it attests to be its own.
- `harmless`: one succeeds, and the document says under `suppression.harmless` why nothing is gained by it.
- `succeeds`: one succeeds. `cascade prove` ends with status 1, and `cascade check` reports `attack-succeeds`.
- `untried`: botocore is not installed (`pip install 'cloudcascade[check]'`), and what needs the models was not tried.

## What this does not show

- That a return is counted for as long as it should be. Returns lie within a minute of the origin; how long afterwards one
  still counts is for the spoiler's window to say, and the return itself is seen.
- Uses that no log shows: a key or a session that was there before goes on as before. What is silenced must give it nothing.
- Ways back, uses and guardrails that neither the document nor the models nor the tables in `adversary/tables.py` know.
- Who writes the log. Somebody who can add or remove records needs no cascade.

That the prover would see a clause that is missing is held by `tests/adversary/test_clauses.py`: it takes every spoiler, key, condition and rule out
of every document that silences, one at a time, widens every window to a day, and wants an attack to succeed; the few clauses of
which none does are listed there with the reason.

## What came of it

Rendered from the program for the bundled catalogue. A point stands for `impossible`.

"""

# A fixed day and release, so that the page depends on the targets and the catalogue only.
EXPORT_OPTIONS = Options(
    created=date(2026, 1, 1), expires=date(2026, 7, 1), catalog_version="0.0.0"
)
MARKS = {
    "origin": "sides",
    "hop": "hop",
    "hold": "hold",
    "void": "spoilers",
    "ensemble": "ensembles",
    "rivals": "rivals",
    "actor": "actor",
    "window": "max_window",
    "expires": "expiry",
}


def file_reference() -> str:
    """docs/cascade-file.md."""
    read_cascade(SAMPLE)
    text = FILE_HEAD.replace("{sample}", SAMPLE.read_text())
    schema = json_schema()
    parts = [_section("The document", schema)]
    parts += [_section(name, definition) for name, definition in schema["$defs"].items()]
    return text + "\n".join(part for part in parts if part)


def _section(name: str, definition: dict[str, Any]) -> str:
    properties = definition.get("properties")
    if not properties:
        return ""
    required = set(definition.get("required", ()))
    told = " ".join(str(definition.get("description", "")).split())
    rows = [
        f"| `{field}` | {_type(each)} | {'yes' if field in required else ''} | {_told(each)} |"
        for field, each in properties.items()
    ]
    head = ["| field | what | needed | meaning |", "|---|---|---|---|"]
    return "\n".join([f"### {name}", "", told, "", *head, *rows, ""])


def _told(each: dict[str, Any]) -> str:
    return " ".join(str(each.get("description", "")).split()).replace("|", "\\|")


def _type(each: dict[str, Any]) -> str:
    if "$ref" in each:
        return str(each["$ref"]).rpartition("/")[2]
    if "const" in each:
        return f"`{str(each['const']).lower()}`"
    if "enum" in each:
        return ", ".join(f"`{value}`" for value in each["enum"])
    for union in ("anyOf", "oneOf"):
        if union in each:
            kinds = dict.fromkeys(_type(one) for one in each[union] if one.get("type") != "null")
            return " or ".join(kinds)
    kind = each.get("type", "")
    if kind == "array":
        return f"list of {_type(each.get('items', {}))}"
    if kind == "object":
        return "mapping"
    return str(kind)


def cli_reference() -> str:
    """docs/cli.md."""
    root: Any = typer.main.get_command(app)
    return CLI_HEAD + "\n".join(
        _command(f"cascade {name}", each) for name, each in sorted(root.commands.items())
    )


def _command(name: str, command: Any) -> str:
    if hasattr(command, "commands"):
        inner = [_command(f"{name} {sub}", each) for sub, each in sorted(command.commands.items())]
        return "\n".join(inner)
    arguments, rows = [], []
    for parameter in command.params:
        told = " ".join((getattr(parameter, "help", "") or "").split()).replace("|", "\\|")
        if parameter.param_type_name == "argument":
            label = parameter.metavar or parameter.name.upper()
            arguments.append(label if parameter.required else f"[{label}]")
            if told:
                rows.append(f"| `{label}` | {told} |".replace("CASCADE|ACTION", "CASCADE\\|ACTION"))
        elif parameter.name != "help":
            spelled = ", ".join(f"`{each}`" for each in parameter.opts)
            label = "" if parameter.is_flag else f" `{_metavar(parameter)}`"
            rows.append(f"| {spelled}{label} | {told} |")
    told = re.sub(r"\n{3,}", "\n\n", (command.help or "").strip())
    shown = " ".join([name, *arguments])
    return "\n".join([f"## `{shown}`", "", told, "", "| | |", "|---|---|", *rows, ""])


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.strip("_").upper()).replace("|", "\\|")


def adversary_page() -> str:
    """docs/adversary.md."""
    models = load_service_models()
    proofs = [proof for each in load_catalog().cascades for proof in prove(each, models)]
    return ADVERSARY_HEAD + markdown(proofs)


def export_reference() -> str:
    """docs/exporters/index.md."""
    known = load_catalog().cascades
    cascades = suppressible(known)
    rows = [(row, survey(cascades, known, row.style, EXPORT_OPTIONS)) for row in matrix()]
    heads = ["target", "style", "makes", *MARKS, "labels", "made", "checked"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [_matrix_line(row, found) for row, found in rows]
    lines += ["", "## What each style does not keep", ""]
    for row, found in rows:
        lines += [*_style_section(row, found), ""]
    return EXPORT_HEAD.replace("{asked}", str(len(cascades))) + "\n".join(lines).rstrip() + "\n"


def _matrix_line(row: MatrixRow, found: Survey) -> str:
    name = row.target.name
    page = HERE / "exporters" / f"{name}.md"
    cells = [
        f"[{name}]({name}.md)" if page.is_file() else name,
        row.style.name,
        row.style.kind,
        *(row.mark(field) for field in MARKS.values()),
        "yes" if "enrich" in row.style.purposes else "no",
        str(found.made),
        row.target.verification,
    ]
    return f"| {' | '.join(cells)} |"


def _style_section(row: MatrixRow, found: Survey) -> Iterator[str]:
    yield f"### {row.target.name} {row.style.name}"
    yield ""
    yield f"{row.target.title}: {row.style.summary}. Checked: {row.target.verified_by}."
    yield ""
    for each in row.statements:
        if not each.kept:
            yield f"- {each.words}{f' (**{each.costs}**)' if each.costs else ''}"
    yield ""
    closed = f", {found.closed} only with `--allow-fail-closed`" if found.closed else ""
    yield f"Of the {found.asked} suppressible cascades, {found.made} are made{closed}:"
    yield ""
    yield from (f"- refused: {reason} ({count})" for reason, count in found.refusals)
    yield from (f"- {loss_lines([loss])[0]} ({count})" for loss, count in found.losses)
    if not found.refusals and not found.losses:
        yield "- nothing is lost"


def review_formats() -> str:
    """docs/review-formats.md: what executing a rule of each format leaves out."""
    parts = [FORMATS_HEAD]
    for each in formats():
        changes = "silenced" if each.label is None else "silenced and labelled"
        parts.append(
            f"## {each.title}\n\n`--only {each.name}`; what is found can be {changes} by `--fix`.\n"
        )
        parts.append("\n".join(f"- {line}" for line in each.not_modelled) + "\n")
    return "\n".join(parts)


PAGES = {
    "adversary.md": adversary_page,
    "cascade-file.md": file_reference,
    "cli.md": cli_reference,
    "exporters/index.md": export_reference,
    "review-formats.md": review_formats,
}


if __name__ == "__main__":
    for page, render in PAGES.items():
        (HERE / page).write_text(render(), encoding="utf-8")
