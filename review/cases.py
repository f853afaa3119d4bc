"""The records on which rules are executed: every event of every cascade by every profile, and attacks beside them."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any, Literal

from ..catalog import Cascade, Policy, ServiceModels
from ..samples import (
    ACCOUNT,
    KINDS,
    PROFILES,
    REGION,
    START,
    Ids,
    Sample,
    Scene,
    inapplicable,
    installed_models,
    instance,
    twin,
)

DIRECT = "direct"
"""The kind of attack in which somebody makes the call of an effect, with nothing around it."""
_ATTACKERS = ("cli", "cross-account")
_LINKED = "/aws-service-role/"
_DENIED = ("AccessDenied", "User is not authorized to perform this operation")


@dataclass(frozen=True, slots=True)
class Case:
    """A record, and what it is.

    `policy` is what the catalogue allows to do about it: None of an origin, which is no side effect, and of an attack.
    `attested` says that AWS writes into the record who is behind it: the caller cannot choose it. `attack` names the
    kind of attack, None of what is benign.
    """

    cascade: str
    node: str
    action: str
    profile: str
    record: Mapping[str, Any]
    policy: Policy | None
    attested: bool
    attack: str | None = None

    @property
    def side_effect(self) -> bool:
        """Whether it is a benign side effect."""
        return self.policy is not None


def attested(record: Mapping[str, Any]) -> bool:
    """Whether AWS itself says in a record which service made the call: in the name of somebody, or as itself.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
    """
    identity = record.get("userIdentity") or {}
    return bool(
        identity.get("invokedBy")
        or identity.get("type") == "AWSService"
        or record.get("eventType") == "AwsServiceEvent"
        or _LINKED in str(identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn"))
    )


class Cases:
    """The cases of a catalogue. Benign ones are made at once, attacks when they are asked for.

    With `models` None values of parameters come from the documents and a table alone.
    """

    def __init__(
        self,
        cascades: Sequence[Cascade],
        *,
        profiles: Sequence[str] = tuple(PROFILES),
        models: ServiceModels | Literal["installed"] | None = "installed",
    ) -> None:
        self._cascades = {each.id: each for each in cascades}
        self._profiles = profiles
        self.models = installed_models() if models == "installed" else models
        self._attacks: dict[tuple[str, str], tuple[Case, ...]] = {}

    @cached_property
    def benign(self) -> tuple[Case, ...]:
        """Every event of an instance of every cascade, by every profile; origins and effects."""
        return tuple(self._benign())

    def _benign(self) -> Iterator[Case]:
        for cascade in self._cascades.values():
            for profile in self._profiles:
                yield from _cases_of(cascade, self._sample(cascade, profile))

    def _sample(self, cascade: Cascade, profile: str) -> Sample:
        return instance(cascade, profile, models=self.models)

    def attacks(self, case: Case) -> tuple[Case, ...]:
        """The attacks that look like a side effect: the call alone, made by somebody directly, and the twins of its
        instance, in which it is explained by nothing. Each is the one record of that effect.
        """
        key = (case.cascade, case.node)
        if key not in self._attacks:
            self._attacks[key] = tuple(self._attacks_on(case))
        return self._attacks[key]

    def _attacks_on(self, case: Case) -> Iterator[Case]:
        for profile in _ATTACKERS:
            record = made_directly(case.record, profile)
            yield Case(case.cascade, case.node, case.action, profile, record, None, False, DIRECT)
        cascade = self._cascades[case.cascade]
        sample = self._sample(cascade, case.profile)
        for kind in KINDS:
            if inapplicable(cascade, kind, case.node) is not None:
                continue
            event = twin(sample, kind, case.node).event(case.node)
            yield Case(
                case.cascade, case.node, case.action, case.profile, event.record, None,
                attested(event.record), kind,
            )  # fmt: skip


def _cases_of(cascade: Cascade, sample: Sample) -> Iterator[Case]:
    effects = {effect.node: effect for effect in cascade.effects}
    for event in sample.events:
        effect = effects.get(event.node)
        policy = None if effect is None else cascade.policy_of(effect)
        action = cascade.root.action if effect is None else effect.action
        yield Case(
            cascade.id, event.node, action, sample.profile, event.record, policy,
            attested(event.record),
        )  # fmt: skip


def made_directly(record: Mapping[str, Any], profile: str = "cli") -> dict[str, Any]:
    """The same call, made by somebody himself: no service is behind it, and nothing is attested.

    A service's own event becomes a call of an API, as somebody makes it who wants the same.
    """
    seed = f"{record.get('eventID')} {profile}"
    ids = Ids(Random(seed), token_chunks=1)  # noqa: S311 - no secrets
    account = str(record.get("recipientAccountId") or ACCOUNT)
    scene = Scene(ids, account, str(record.get("awsRegion") or REGION), START, None)
    caller = PROFILES[profile](scene)
    made = {
        name: deepcopy(value) for name, value in record.items() if name != "serviceEventDetails"
    }
    made["userIdentity"] = deepcopy(caller.identity)
    made["sourceIPAddress"] = caller.address
    made["userAgent"] = caller.agent
    made["eventType"] = "AwsApiCall"
    made["eventID"] = ids.uuid()
    made.pop("sessionCredentialFromConsole", None)
    return made


def denied(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same call, refused for want of permission."""
    code, message = _DENIED
    return {**record, "errorCode": code, "errorMessage": message, "responseElements": None}


def elsewhere(record: Mapping[str, Any], event_source: str) -> dict[str, Any]:
    """The same name of an event, logged by another service."""
    return {**record, "eventSource": event_source}
