"""`cascade review --fix`: the change of each rule, shown as a diff with its proof, or written."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .options import warn
from .shown import shown

if TYPE_CHECKING:
    from ..review import Cases, Fix, Found, Reviewed, Unfixed


def offer(reviewed: "Sequence[Reviewed]", cases: "Cases", found: "Found", *, write: bool) -> None:
    """Print the changes that are proved, each with what was tried; say of the others why not. With `write` the
    files are changed, each by one change a run: a second one would rest on lines that have moved."""
    from ..review import Fix, NotJudged, fixes

    changed: dict[str, list[str]] = defaultdict(list)
    offered = refused = 0
    for of in reviewed:
        if of.not_judged is not None or of.aim != "action" or not of.side_effects:
            continue
        try:
            made = list(fixes(of.rule, of.fired, cases, found))
        except NotJudged as reason:
            warn(f"{of.rule.title}: {reason}")
            refused += 1
            continue
        for each in made:
            if not isinstance(each, Fix) or not each.proof.holds:
                refused += 1
                warn(_refusal(each))
                continue
            offered += 1
            _show(each)
            if write:
                if each.rule.source.path in changed:
                    warn(
                        f"{each.rule.source.path} is changed already: run this again for {_about(each.actions)}"
                    )
                else:
                    _write(each)
                changed[each.rule.source.path].append(each.rule.title)
    done = f"; files written: {len(changed)}" if write else ""
    typer.echo(f"changes proved: {offered}, not offered: {refused}{done}", err=True)


def _show(fix: "Fix") -> None:
    proof = fix.proof
    what = "labelled" if fix.kind == "label" else "silent"
    lines = [
        f"{fix.rule.title} ({fix.rule.place})",
        f"{what}: {_about(fix.actions)}",
        f"proof: {proof.silent} of {proof.meant} side effects are {what}, {proof.seen} of {proof.others} other "
        "records still fire: attacks, origins and what may not be silenced",
        *fix.limits,
    ]
    if fix.patch.note:
        lines.append(fix.patch.note)
    for line in lines:
        typer.echo("# " + "".join(map(shown, line.splitlines())))
    # A diff is for git: nothing in it may be changed, and a terminal is not written to by a rule.
    typer.echo("\n".join(shown(line) for line in fix.diff.split("\n")))


def _refusal(each: "Fix | Unfixed") -> str:
    from ..review import Fix

    reason = "; ".join(each.proof.against) if isinstance(each, Fix) else each.reason
    return f"{each.rule.title}: {_about(each.actions)}: {reason}"


def _about(actions: Sequence[str], most: int = 3) -> str:
    more = f" and {len(actions) - most} more" if len(actions) > most else ""
    return ", ".join(actions[:most]) + more


def _write(fix: "Fix") -> None:
    path = Path(fix.rule.source.path)
    path.write_text(fix.patch.text, encoding="utf-8", newline="")
    for name, text in fix.patch.beside.items():
        beside = path.parent / name
        if beside.exists():
            warn(f"{beside} is there already, and stays as it is")
            continue
        beside.write_text(text, encoding="utf-8", newline="")
