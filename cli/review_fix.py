"""`cascade review --fix`: the change of each rule, shown as a diff with its proof, or written."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .options import warn
from .shown import shown

if TYPE_CHECKING:
    from ..review import Cases, Fix, Found, Reviewed, Unfixed


def offer(reviewed: "Sequence[Reviewed]", cases: "Cases", found: "Found", *, write: bool) -> None:
    """Print the changes that are proved, each with what was tried; say of the others why not. With `write` the files
    are changed. Of one file there is one change a run: a second one would rest on lines that have moved."""
    from ..review import Fix, NotJudged, fixes

    changed: set[str] = set()
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
            against = _against(each, changed)
            if against is not None or not isinstance(each, Fix):
                refused += 1
                warn(f"{each.rule.title}: {_about(each.actions)}: {against}")
                continue
            if write:
                _write(each)
            offered += 1
            changed.add(each.rule.source.path)
            _show(each)
    done = f"; files written: {len(changed)}" if write else ""
    typer.echo(f"changes proved: {offered}, not offered: {refused}{done}", err=True)


def _against(each: "Fix | Unfixed", changed: Collection[str]) -> str | None:
    """Why a change is not offered, None where it is."""
    from ..review import Fix

    if not isinstance(each, Fix):
        return each.reason
    if not each.proof.holds:
        return "; ".join(each.proof.against)
    path = Path(each.rule.source.path)
    if str(path) in changed:
        return f"{path} has a change already: apply it, and run this again"
    if path.is_symlink():
        return f"{path} is a link: name the file itself"
    if b"\r" in path.read_bytes():
        return f"{path} ends its lines with CR LF, which a change would not keep: change it by hand"
    for name in each.patch.beside:
        if os.path.lexists(path.parent / name):
            return f"{path.parent / name} is there already"
    if not all(letter.isprintable() or letter in "\n\t" for letter in each.diff):
        return "the change touches letters that cannot be shown: change it by hand"
    return None


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
    typer.echo(fix.diff)  # all of it can be shown: see _against


def _about(actions: Sequence[str], most: int = 3) -> str:
    more = f" and {len(actions) - most} more" if len(actions) > most else ""
    return ", ".join(actions[:most]) + more


def _write(fix: "Fix") -> None:
    """Write the new files first: the rule is not changed where one of them cannot be."""
    path = Path(fix.rule.source.path)
    for name, text in fix.patch.beside.items():
        with (path.parent / name).open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    path.write_text(fix.patch.text, encoding="utf-8", newline="")
