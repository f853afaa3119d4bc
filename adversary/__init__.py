"""The attacker who knows the documents: sequences by which an effect would be silenced though its harm stays.

They are built from a document itself and put before the matcher. docs/adversary.md says what is tried, and what came
of it.

>>> from cloudcascade.catalog import load_catalog
>>> proofs = prove(load_catalog().get("aws.iam.delete-role"), None, ["decoy"])
>>> [(proof.effect, outcome.answer) for proof in proofs for outcome in proof.outcomes]
[('iam:DetachRolePolicy', 'impossible'), ('iam:RemoveRoleFromInstanceProfile', 'impossible')]
"""

from .attempt import FOREVER, Attempt, Barred, By, Step, Untried
from .findings import attack_findings
from .markdown import markdown
from .proof import FAMILIES, Answer, Attack, Outcome, Proof, prove

__all__ = [
    "FAMILIES",
    "FOREVER",
    "Answer",
    "Attack",
    "Attempt",
    "Barred",
    "By",
    "Outcome",
    "Proof",
    "Step",
    "Untried",
    "attack_findings",
    "markdown",
    "prove",
]
