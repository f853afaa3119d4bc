"""The app of the detections that are no cascades: scheduled searches, and the collections of sessions."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from ...detections import Burst, Detection, FirstSeen, Lineage
from ...field_maps import FieldMap
from ...target import Artefact, Options
from . import conf, spl_detections
from .app import app_files, collection_files, file, pruning
from .scheduled import alerting, back_of, described, scheduled
from .spl import Command, spl
from .spl_reading import judged

APP = PurePosixPath("cloudcascade_detections")


def detection_files(
    wanted: Sequence[tuple[Detection, Sequence[str]]], options: Options, fields: FieldMap
) -> Iterator[Artefact]:
    """The app's files. Each detection comes with the lines that are said about it.

    Raises:
        CannotEncode: the language cannot hold a value.
        ExportError: cron cannot say the interval exactly.
    """
    stanzas = []
    for detection, about in wanted:
        stanzas.append(conf.comment(about))
        stanzas += _searches(detection, options, fields)
    yield file(APP, "default/savedsearches.conf", "\n".join(stanzas), options)
    if any(isinstance(detection, Lineage) for detection, _ in wanted):
        collections = {
            spl_detections.SESSIONS: spl_detections.SESSION_COLUMNS,
            spl_detections.LINEAGES: spl_detections.LINEAGE_COLUMNS,
        }
        yield from collection_files(APP, collections, 1, options)
    yield from app_files(APP, "cloudcascade detections", options)


def _searches(detection: Detection, options: Options, fields: FieldMap) -> Iterator[str]:
    match detection:
        case Burst():
            commands = spl_detections.burst(detection, options, fields)
            # Two windows: the event before the first of the slice is to be judged as it was.
            before = 2 * detection.window
            yield _alert(detection, detection.actions, commands, before, options)
        case FirstSeen():
            commands = spl_detections.first_seen(detection, options, fields)
            yield _alert(detection, [detection.action], commands, detection.lookback, options)
        case Lineage():
            yield from _lineage(detection, options)


def _alert(
    detection: Detection,
    actions: Sequence[str],
    commands: Sequence[Command],
    before: int,
    options: Options,
) -> str:
    reach = spl_detections.reach(options)
    back = back_of(0, reach, before, options.every)
    text = "\n".join([spl_detections.calls(actions, options), *map(spl, commands)])
    return conf.stanza(
        f"Cascade - {detection.id}",
        [
            ("search", text),
            described(options),
            *scheduled(detection.id, back, options),
            *alerting(reach, options.every),
        ],
    )


def _lineage(detection: Lineage, options: Options) -> Iterator[str]:
    name, every = f"Cascade - {detection.id}", options.every
    back = back_of(0, spl_detections.reach(options), 0, every)
    yield conf.stanza(
        f"{name} - sessions",
        [
            ("search", spl_detections.sessions(detection, options)),
            described(options),
            *scheduled(f"{detection.id}.sessions", back, options),
        ],
    )
    back = back_of(spl_detections.lineage_hold(options), judged(options), 0, every)
    yield conf.stanza(
        name,
        [
            ("search", spl_detections.lineage(detection, options)),
            described(options),
            *scheduled(detection.id, back, options),
        ],
    )
    for collection in (spl_detections.SESSIONS, spl_detections.LINEAGES):
        yield pruning(
            f"Cascade - prune {collection}",
            collection,
            "session_key",
            "added",
            spl_detections.KEPT_DAYS,
            options,
        )
