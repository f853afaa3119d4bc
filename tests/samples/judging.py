"""The engine's word on samples: the cascades, with their instances, that explain an event."""

from collections.abc import Iterable

import msgspec

from cloudcascade.events import decode_record
from cloudcascade.matcher import Engine, Plan
from cloudcascade.samples import Sample

Explanations = dict[str, set[tuple[str, str]]]


def explanations(plan: Plan, samples: Iterable[Sample]) -> Explanations:
    """By event id the (cascade, instance) of every explanation, all samples being one log."""
    engine = Engine(plan)
    engine.feed(
        [
            decode_record(msgspec.json.encode(record))
            for sample in samples
            for record in sample.records
        ]
    )
    return {
        verdict.event_id: {
            (verdict.cascade or "", verdict.instance or ""),
            *((each.cascade, each.instance) for each in verdict.also),
        }
        for verdict in engine.verdicts()
        if verdict.verdict == "effect"
    }


def effects_of(sample: Sample) -> list[str]:
    """The nodes of a sample that are effects: an ensemble's root is one, an origin is none."""
    is_origin = sample.cascade.origin is not None
    root = sample.cascade.root_node
    return [event.node for event in sample.events if not (is_origin and event.node == root)]
