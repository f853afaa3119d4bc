"""The cascade document: what one YAML file of the catalogue says.

The models are strict: an unknown field is an error. `structure.py` holds the rules that span
several fields, `loader.py` reads files, docs/cascade-file.md is rendered from the descriptions here.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from .terms import (
    EVIDENCE_ORDER,
    Action,
    ActorRule,
    CascadeId,
    Duration,
    EvidenceKind,
    Family,
    FieldPath,
    KeyName,
    NodeName,
    Occurs,
    Outcome,
    Policy,
    Relation,
    Technique,
    Text,
    Transform,
    Unexplained,
)

Scalar = StrictBool | StrictInt | StrictStr


class Model(BaseModel):
    """What all parts of the document share: frozen, and no field that is not declared."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,  # most questions validate few of the models
    )


def _path_shorthand(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


class KeySource(Model):
    """Where the value of a key stands in an event. A bare string is short for `path`."""

    path: FieldPath | None = Field(default=None, description="The field that holds the value.")
    first_of: Annotated[tuple[FieldPath, ...], Field(min_length=2)] | None = Field(
        default=None,
        alias="first-of",
        description="Fields tried in this order; the first that holds a value counts.",
    )
    transform: Transform | None = Field(
        default=None,
        description="`lower` compares without case; `arn-name` takes the last part of an ARN, and `resource-name` the "
        "name in the ARN of a thing whose ARN has one elsewhere; both leave anything else as it is (docs/semantics.md, "
        "Names in ARNs).",
    )

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields to try, in order."""
        return self.first_of or ((self.path,) if self.path else ())


Key = Annotated[
    KeySource, BeforeValidator(_path_shorthand, json_schema_input_type=FieldPath | KeySource)
]
Keys = dict[KeyName, Key]


def _equals_shorthand(value: object) -> object:
    return {"equals": value} if isinstance(value, str | int | bool) else value


def _only_true(value: object) -> object:
    # Without this pydantic takes 1 for true.
    if value is not True:
        raise ValueError("says `true` or is left out")
    return value


Yes = Annotated[Literal[True], BeforeValidator(_only_true)]


class Condition(Model):
    """A test of one field. Several operators in one condition must all hold.

    Except for `absent`, a condition on a field that is missing or null does not hold, and on a
    list (`[]` in the path) it must hold for every element, of which there must be one.
    A bare value is short for `equals`.
    """

    equals: Scalar | None = Field(default=None, description="The value, of the same type.")
    in_: Annotated[tuple[Scalar, ...], Field(min_length=1)] | None = Field(
        default=None, alias="in", description="One of these values."
    )
    startswith: Text | None = Field(default=None, description="The text begins so.")
    endswith: Text | None = Field(default=None, description="The text ends so.")
    exists: Yes | None = Field(
        default=None,
        description="The field holds something: not null, no empty list, object or text.",
    )
    absent: Yes | None = Field(default=None, description="The opposite of `exists`.")
    grants: Literal["own-account"] | None = Field(
        default=None,
        description="The field is a resource policy (object or JSON text) whose Allow statements name "
        "nobody outside the event's own account: no other account, no `*`, no NotPrincipal.",
    )
    only: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="The field is an object, and of its members none but these is anything other than null. "
        "What a call may carry is so told by what is allowed, and a member that AWS adds some day does not fit.",
    )
    not_: "Annotated[Condition, BeforeValidator(_equals_shorthand, Scalar | Condition)] | None" = (
        Field(
            default=None,
            alias="not",
            description="The field holds something, and this condition fails.",
        )
    )


Where = dict[
    FieldPath,
    Annotated[
        Condition,
        BeforeValidator(_equals_shorthand, json_schema_input_type=Scalar | Condition),
    ],
]


class Window(Model):
    """How far from its parent an event may lie, both ends included."""

    before: Duration = Field(default=0, description="At most this long before the parent.")
    after: Duration = Field(default=0, description="At most this long after the parent.")


class Origin(Model):
    """The event that a human or an automation meant."""

    action: Action
    keys: Keys = Field(default_factory=dict, description="Named values for effects to join on.")
    where: Where = Field(default_factory=dict, description="Conditions on the event's fields.")
    attack: tuple[Technique, ...] = Field(
        default=(), description="ATT&CK ids of the action itself."
    )
    note: Text | None = Field(default=None, description="What a reader of the event should know.")


class Ensemble(Model):
    """A cascade without one originating event: its members explain each other."""

    require: Annotated[tuple[NodeName, ...], Field(min_length=2)] = Field(
        description="Names of the effects that must all be there. The first is the root which the "
        "others join."
    )


class Effect(Model):
    """An event that the origin brings along."""

    action: Action
    name: NodeName | None = Field(
        default=None,
        description="Needed only when two effects share an action. Default: the action.",
    )
    relation: Relation = Field(
        description="`precondition`: the caller must do it first. `consequence`: the service does it "
        "afterwards. `companion`: a console or an orchestrator does it alongside."
    )
    occurs: Occurs = Field(
        default="optional",
        description="How often it is seen in one instance. Informs readers; no verdict rests on it.",
    )
    keys: Keys = Field(default_factory=dict, description="Named values for joins.")
    parent: NodeName | None = Field(
        default=None,
        description="The effect it hangs on, by name. Default: the origin, or an ensemble's root.",
    )
    join: tuple[KeyName, ...] = Field(
        default=(),
        description="Keys whose values must be present and equal here and in the parent.",
    )
    distinct: tuple[KeyName, ...] = Field(
        default=(), description="Keys whose values must be present and differ."
    )
    within: Window = Field(
        default_factory=Window, description="Where it may lie relative to its parent."
    )
    actor: ActorRule = "same"
    account: Literal["same", "any"] = Field(
        default="same", description="Whether the recipient account must be the parent's."
    )
    region: Literal["same", "any"] = Field(
        default="any",
        description="With `same`, both events must name one awsRegion: where a key is a name that may exist "
        "once in every Region. Global services log in another Region than the caller's.",
    )
    tool: Literal["same", "any"] = Field(
        default="any",
        description="With `same`, both userAgents must be of one family; one that differs or is missing breaks the "
        "explanation, an equal one never makes it.",
    )
    where: Where = Field(default_factory=dict, description="Conditions on the event's fields.")
    outcome: Outcome = Field(
        default="success", description="`any` lets a failed call be an effect, too."
    )
    policy: Policy | None = Field(
        default=None, description="A stricter policy than the cascade's, for this effect alone."
    )
    unexplained: Unexplained = Field(
        default="orphan",
        description="What an event of this action is when nothing explains it. `unlisted` is for calls that "
        "are made all day. It does not hold against another effect that says `orphan` and that the event could be, "
        "unless both ask AWS to attest one caller. What is everyday in every account is unlisted anyway.",
    )
    attack: tuple[Technique, ...] = Field(
        default=(), description="ATT&CK ids that the same call has in an attacker's hands."
    )
    note: Text | None = Field(default=None, description="What a reader of the event should know.")

    @property
    def node(self) -> str:
        """The name by which other effects, evidence and overrides refer to this one."""
        return self.name or self.action


class Spoiler(Model):
    """An event that voids an instance, or with `between` an explanation, when it joins the instance's root.

    One whose key cannot be read voids, too.
    """

    action: Action
    keys: Keys = Field(default_factory=dict, description="Named values to join on the root's keys.")
    join: Annotated[tuple[KeyName, ...], Field(min_length=1)] = Field(
        description="Keys whose values must be present and equal here and in the root."
    )
    within: Window | None = Field(
        default=None, description="Where it may lie relative to the root. Either this or `between`."
    )
    between: Yes | None = Field(
        default=None,
        description="It voids an explanation when it lies between the explained event and the root, both seconds "
        "included: what is done to an entity before its removal belongs to the removal that comes next.",
    )
    account: Literal["same", "any"] = "same"
    where: Where = Field(default_factory=dict, description="Conditions on the event's fields.")
    reason: Text = Field(
        default="spoiled", description="What a near miss says of it, such as `user recreated`."
    )


class Abuse(Model):
    """How an attacker would hide behind the cascade, and what stops it."""

    scenario: Text
    countered_by: Text


class Harmless(Model):
    """Why a kind of attack gains nothing from effects that are silenced."""

    effects: tuple[NodeName, ...] = Field(
        default=(), description="Names of effects. Default: all that are silenced."
    )
    family: Family = Field(
        description="`recreated`: made again under its name, and removed again. `decoy`: a namesake elsewhere. "
        "`chain`: tied to the origin by something that is shared. `smuggled`: more in the same call. "
        "`used`: used before the origin. `guardrail`: what held survivors back is gone. `edge`: at the end of the "
        "log. `hand`: another hand with the same principal. `copies`: a copy lives on."
    )
    reason: Text


class Suppression(Model):
    """What may be done with an explained effect, and what remains to fear."""

    policy: Policy = Field(
        description="`suppress`: exports may silence it. `annotate`: label it, still show it. "
        "`never`: neither."
    )
    residual_risk: Text = Field(
        description="What an attacker still gains when the effect is silenced."
    )
    windows: Text | None = Field(
        default=None,
        description="Why windows of more than 15 minutes are as wide as they are. Required where an effect "
        "has one: whatever lies in a window may be explained by chance, or by design.",
    )
    abuse: tuple[Abuse, ...] = ()
    harmless: tuple[Harmless, ...] = Field(
        default=(),
        description="Which kinds of attack gain nothing here, and why. What is tried on the catalogue by machine "
        "reads it.",
    )


class Evidence(Model):
    """Why the catalogue believes a claim."""

    kind: EvidenceKind
    ref: Text = Field(
        description="A URL, a service model's operation, or a data set and its event ids."
    )
    supports: Annotated[tuple[NodeName, ...], Field(min_length=1)] = Field(
        description="Names of the effects it speaks of; the origin's action for the origin."
    )
    note: Text | None = None


class Cascade(Model):
    """An originating action, or an ensemble, and the events around it."""

    id: CascadeId
    title: Text = Field(max_length=100, description="One line, no full stop.")
    provider: Literal["aws"]
    description: Text = Field(description="Why the effects happen, in the author's own words.")
    origin: Origin | None = Field(default=None, description="Either this or `ensemble`.")
    ensemble: Ensemble | None = Field(default=None, description="Either this or `origin`.")
    effects: Annotated[tuple[Effect, ...], Field(min_length=1)]
    spoilers: tuple[Spoiler, ...] = ()
    suppression: Suppression
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1)]

    @property
    def root(self) -> Origin | Effect:
        """The node the tree hangs on: the origin, or the first required member of an ensemble."""
        if self.origin is not None:
            return self.origin
        assert self.ensemble is not None
        return self.effect(self.ensemble.require[0])

    @property
    def root_node(self) -> str:
        """The root's name."""
        root = self.root
        return root.action if isinstance(root, Origin) else root.node

    def effect(self, node: str) -> Effect:
        """The effect of that name.

        Raises:
            KeyError: there is none.
        """
        for effect in self.effects:
            if effect.node == node:
                return effect
        raise KeyError(node)

    def parent_node(self, effect: Effect) -> str:
        """The name of the node which `effect` hangs on."""
        return effect.parent or self.root_node

    def policy_of(self, effect: Effect) -> Policy:
        """The policy that counts for `effect`: its own where it has one."""
        return effect.policy or self.suppression.policy

    def evidence_for(self, effect: Effect) -> tuple[EvidenceKind, ...]:
        """The kinds of evidence that support `effect`, the strongest first."""
        kinds = {each.kind for each in self.evidence if effect.node in each.supports}
        return tuple(sorted(kinds, key=EVIDENCE_ORDER.index, reverse=True))
