"""Which names CloudTrail logs events under, as far as the service models, the catalogue and public logs say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from ..catalog import Cascade, ServiceModels, known_actions
from ..catalog.record_facts import record_facts


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

    def _actions(self) -> Iterable[str]:
        yield from known_actions()
        yield from record_facts().actions
        for cascade in self.cascades:
            yield cascade.root.action
            yield from (effect.action for effect in cascade.effects)

    def unknown(self, name: str) -> bool:
        """Whether no service logs an event of that name, as far as is known."""
        return self.models is not None and name not in self.sources

    def nearest(self, name: str) -> str | None:
        """The known name that is most like it."""
        folded = {each.lower(): each for each in self.sources}
        near = get_close_matches(name.lower(), folded, n=1, cutoff=0.75)
        return folded[near[0]] if near else None

    def others(self, name: str, source: str) -> tuple[str, ...]:
        """The other services that log an event of that name, sorted."""
        return tuple(sorted(self.sources.get(name, frozenset()) - {source}))
