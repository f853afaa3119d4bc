"""What came of the attacks, as a page."""

from collections.abc import Iterable, Iterator, Sequence

from .proof import FAMILIES, Outcome, Proof

_MARKS = {
    "impossible": "·",
    "harmless": "harmless",
    "succeeds": "**succeeds**",
    "untried": "untried",
}


def markdown(proofs: Sequence[Proof]) -> str:
    """A table of effects and families, and of each cascade what stops what."""
    lines = [
        f"| cascade | effect | {' | '.join(FAMILIES)} |",
        "|---" * (len(FAMILIES) + 2) + "|",
    ]
    for proof in proofs:
        marks = [_MARKS[outcome.answer] for outcome in proof.outcomes]
        lines.append(f"| {proof.cascade} | {proof.effect} | {' | '.join(marks)} |")
    for cascade in dict.fromkeys(proof.cascade for proof in proofs):
        lines += ["", f"### {cascade}", ""]
        lines += _told([proof for proof in proofs if proof.cascade == cascade])
    return "\n".join(lines) + "\n"


def _told(proofs: Sequence[Proof]) -> Iterator[str]:
    for proof in proofs:
        if proof.idle:
            yield f"- {proof.effect} is never silenced: {'; '.join(proof.idle)}"
    for family in FAMILIES:
        by_words: dict[tuple[str, str], list[str]] = {}
        for proof in proofs:
            for outcome in proof.outcomes:
                if outcome.family == family:
                    words = "; ".join(_reasons(outcome))
                    by_words.setdefault((outcome.answer, words), []).append(proof.effect)
        for (answer, words), effects in by_words.items():
            whose = f" ({', '.join(effects)})" if len(by_words) > 1 else ""
            yield f"- {family}{whose}: {answer}: {words}"


def _reasons(outcome: Outcome) -> Iterable[str]:
    if outcome.answer == "succeeds" and outcome.attack is not None:
        attack = outcome.attack
        return (f"{attack.story}: {attack.calls} calls, loses {attack.loses}",)
    return outcome.reasons
