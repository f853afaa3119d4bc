"""`cascade.toml`: what an environment adds to the catalogue, changes in it and leaves out of it.

catalog = ["cascades"]                  # folders with cascade files, relative to this file

[cascades."aws.iam.delete-user"]
policy = "annotate"                     # stricter than the catalogue's; or: disabled = true

[cascades."aws.iam.delete-user".effects."iam:DeactivateMFADevice".within]
before = "10m"

[[controllers]]                         # the noisy roles of this environment
name = "terraform"
arn = "arn:aws:iam::111122223333:role/terraform-deploy"
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool

from ..errors import Place
from .document import Document, Loc, read_bounded
from .findings import CatalogError, Finding, Severity
from .models import Cascade, Effect, Model, Window
from .refusals import meant, spell, validate
from .terms import POLICY_ORDER, CascadeId, Duration, NodeName, Policy, Text, format_duration

CONFIG_NAME = "cascade.toml"


def _exact_principal(arn: str) -> str:
    if "*" in arn or "?" in arn:
        raise ValueError("a controller is one principal: no wildcards")
    if not re.fullmatch(r"arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[!-~]+", arn):
        raise ValueError(
            "must be the ARN of a principal, such as arn:aws:iam::111122223333:role/terraform"
        )
    return arn


class Controller(Model):
    """A principal of the environment that is known to cause cascades.

    `arn` is compared as it stands with `userIdentity.arn` and with the session issuer's ARN.
    """

    name: Text = Field(description="How verdicts call it.")
    arn: Annotated[str, AfterValidator(_exact_principal)] = Field(
        description="The principal's ARN: exact, no wildcards."
    )
    note: Text | None = None


class WindowChange(Model):
    """A window in place of the catalogue's; what is left out stays."""

    before: Duration | None = None
    after: Duration | None = None


class EffectChange(Model):
    """What changes in one effect."""

    within: WindowChange


class CascadeChange(Model):
    """What changes in one cascade."""

    disabled: StrictBool = False
    policy: Policy | None = None
    effects: dict[NodeName, EffectChange] = Field(default_factory=dict)


class Config(Model):
    """The content of a `cascade.toml`."""

    catalog: tuple[Text, ...] = ()
    cascades: dict[CascadeId, CascadeChange] = Field(default_factory=dict)
    controllers: tuple[Controller, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TomlDocument(Document):
    """A TOML file's content. Places are found by looking for the keys in the text."""

    text: str = ""

    def place(self, loc: Loc) -> Place:
        """The line and column where the key stands, as well as a search can tell."""
        return Place(self.file, *_find(self.text, loc))

    def key_place(self, loc: Loc) -> Place:
        """The same as `place`."""
        return self.place(loc)


def read_config(path: Path, file: str | None = None) -> tuple[Config, TomlDocument]:
    """Read a `cascade.toml`; `file` is its name in findings, by default the path.

    Raises:
        CatalogError: it cannot be read, is no TOML, or says what the format does not have.
    """
    name = str(path) if file is None else file
    text = read_bounded(path, name)
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # a number of thousands of digits is no TOMLDecodeError
        where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(where[1]), int(where[2])) if where else (text.count("\n") + 1, 1)
        reason = re.sub(r" \(at .*\)$", "", str(error))
        raise _refused(name, line, column, f"is no valid TOML: {reason}") from error
    except RecursionError as error:
        raise _refused(name, 1, 1, "is nested too deeply") from error
    document = TomlDocument(name, data, {}, {}, text)
    config, findings = validate(Config, document)
    seen: dict[str, int] = {}
    for index, controller in enumerate(config.controllers if config else ()):
        if controller.arn in seen:
            loc: Loc = ("controllers", index, "arn")
            words = f"{spell(loc)}: is already in controllers[{seen[controller.arn]}]"
            findings.append(
                Finding(name, *_find(text, ("controllers", index)), "error", "config", words)
            )
        seen.setdefault(controller.arn, index)
    if config is None or findings:
        raise CatalogError(f"{name} cannot be used", findings)
    return config, document


def apply_change(
    cascade: Cascade, change: CascadeChange, document: Document
) -> tuple[Cascade, list[Finding]]:
    """The cascade with `change` applied, and what is wrong or noteworthy about the change."""
    loc: Loc = ("cascades", cascade.id)
    findings: list[Finding] = []
    if change.policy is not None:
        cascade, found = _with_policy(cascade, change.policy, document, (*loc, "policy"))
        findings += found
    effects = {effect.node: effect for effect in cascade.effects}
    for node, effect_change in change.effects.items():
        place = document.place((*loc, "effects", node))
        if node not in effects:
            words = f"{cascade.id} has no effect {node!r}{meant(node, effects)}"
            findings.append(_at(place, "error", "config-unknown", words))
            continue
        if cascade.ensemble is not None and node == cascade.root_node:
            words = f"{node} is the root of {cascade.id} and has no window"
            findings.append(_at(place, "error", "config", words))
            continue
        effects[node], found = _with_window(cascade, effects[node], effect_change.within, place)
        findings += found
    return cascade.model_copy(update={"effects": tuple(effects.values())}), findings


def unknown_cascade(
    id_: str, known: Mapping[str, object] | frozenset[str], document: Document
) -> Finding:
    """The finding that no cascade has the id which the configuration names."""
    return _at(
        document.place(("cascades", id_)),
        "error",
        "config-unknown",
        f"no cascade has the id {id_!r}{meant(id_, known)}",
    )


def with_policy(cascade: Cascade, policy: Policy) -> Cascade:
    """The cascade with that policy, and no effect with a looser one."""
    effects = tuple(
        effect.model_copy(update={"policy": None})
        if effect.policy is not None and _rank(effect.policy) < _rank(policy)
        else effect
        for effect in cascade.effects
    )
    suppression = cascade.suppression.model_copy(update={"policy": policy})
    return cascade.model_copy(update={"suppression": suppression, "effects": effects})


def _with_policy(
    cascade: Cascade, policy: Policy, document: Document, loc: Loc
) -> tuple[Cascade, list[Finding]]:
    now = cascade.suppression.policy
    if _rank(policy) < _rank(now):
        words = (
            f"{policy!r} is looser than the catalogue's {now!r}; a policy can only become stricter"
        )
        return cascade, [_at(document.place(loc), "error", "config-looser", words)]
    return with_policy(cascade, policy), []


def _with_window(
    cascade: Cascade, effect: Effect, change: WindowChange, place: Place
) -> tuple[Effect, list[Finding]]:
    window: Window = effect.within
    update: dict[str, int] = {}
    findings: list[Finding] = []
    for side, now, then in (
        ("before", window.before, change.before),
        ("after", window.after, change.after),
    ):
        if then is None:
            continue
        update[side] = then
        if then > now:
            words = (
                f"{cascade.id}: the window of {effect.node} becomes wider: {side} "
                f"{format_duration(now)} -> {format_duration(then)}; more events will be explained"
            )
            findings.append(_at(place, "warning", "config-wider", words))
    return effect.model_copy(update={"within": window.model_copy(update=update)}), findings


def _rank(policy: Policy) -> int:
    return POLICY_ORDER.index(policy)


def _at(place: Place, severity: Severity, code: str, message: str) -> Finding:
    return Finding(place.file, place.line, place.column, severity, code, message)


def _refused(file: str, line: int, column: int, message: str) -> CatalogError:
    return CatalogError(
        f"{file} cannot be used", [Finding(file, line, column, "error", "config", message)]
    )


def _find(text: str, loc: Loc) -> tuple[int, int]:
    """Line and column of the last part of `loc` that occurs in the text after those before it."""
    position, found = 0, 0
    for index, part in enumerate(loc):
        if isinstance(part, int):
            name = re.escape(str(loc[index - 1]))
            headers = list(re.finditer(rf"^[ \t]*\[\[[ \t]*({name})[ \t]*\]\]", text, re.M))
            if part >= len(headers):
                break
            found, position = headers[part].start(1), headers[part].end()
            continue
        key = rf"""(?<![\w:-])(["']?{re.escape(part)}["']?)"""
        here = re.compile(rf"[^#\n]*?{key}(?=[ \t]*[.\]=])")
        ahead = re.compile(
            rf"^(?:[ \t]*\[[^#\n]*?{key}(?=[ \t]*[.\]])|[^#\n\[]*?{key}(?=[ \t]*[.=]))", re.M
        )
        match = (here.match(text, position) if position else None) or ahead.search(text, position)
        if match is None:
            break
        found, position = match.span(match.lastindex or 0)
    return text.count("\n", 0, found) + 1, found - (text.rfind("\n", 0, found) + 1) + 1
