"""Which names CloudTrail logs events under, as far as the service models, the catalogue and public logs say."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from ..catalog import Cascade, ServiceModels, known_actions
from ..catalog.record_facts import record_facts

UNDESCRIBED = frozenset(
    {"aws-portal", "billing", "cloudshell", "console", "controltower", "health", "signin", "sso", "sso-directory",
     "support", "trustedadvisor", "s3"}
)  # fmt: skip
"""Services whose consoles call operations that no public model has, such as sso:AssociateDirectory; and S3, whose
replication and lifecycle bear names of their own.
https://docs.aws.amazon.com/singlesignon/latest/userguide/logging-using-cloudtrail.html"""
_VERSION = re.compile(r"\d{8}(v\d+)?$")


@dataclass(frozen=True)
class EventNames:
    """Known events. `models` None: no service model is at hand, and no name is called unknown."""

    cascades: Iterable[Cascade]
    models: ServiceModels | None

    @cached_property
    def sources(self) -> Mapping[str, frozenset[str]]:
        """By name of an event the services that log it: the first labels of eventSource."""
        found: dict[str, set[str]] = defaultdict(set)
        for action in self._actions():
            source, _, name = action.partition(":")
            found[name].add(source)
        if self.models is not None:
            for source in self.models.sources():
                for name in self.models.event_names(source):
                    found[name].add(source.removesuffix(".amazonaws.com"))
        return {name: frozenset(among) for name, among in found.items()}

    @cached_property
    def _seen(self) -> frozenset[str]:
        return frozenset(self._actions())

    def seen(self, action: str) -> bool:
        """Whether the catalogue, a public log or the literature on attacks has that event."""
        return action in self._seen

    def _actions(self) -> Iterable[str]:
        yield from known_actions()
        yield from record_facts().actions
        for cascade in self.cascades:
            yield cascade.root.action
            yield from (effect.action for effect in cascade.effects)

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        # Most languages compare without case.
        return {name.lower(): name for name in self.sources}

    def unknown(self, name: str, services: Set[str] = frozenset()) -> bool:
        """Whether no service logs an event of that name, as far as is known. Of `services` that the rule names some log
        operations that no model describes: of these nothing is said."""
        if self.models is None or services & UNDESCRIBED:
            return False
        return name.lower() not in self._folded

    def nearest(self, name: str) -> str | None:
        """The known name that is most like it."""
        versions = [each for each in self.sources if _VERSION.sub("", each) == name]
        if versions:
            return max(versions)
        near = get_close_matches(name.lower(), self._folded, n=1, cutoff=0.85)
        return self._folded[near[0]] if near else None

    def others(self, name: str, source: str) -> tuple[str, ...]:
        """The other services that log an event of that name, sorted."""
        return tuple(sorted(self.sources.get(name, frozenset()) - {source}))
