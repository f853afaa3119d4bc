"""Evidence looked at again: simulated preconditions, the service models' words, records in real logs."""

from .observation import Sighting, Sightings, observe
from .recording import RecordingError, record_program
from .report import Looked, look_again
from .simulation import SCENARIOS, Outcome, Scenario, simulate
from .wording import Wording, wording_of

__all__ = [
    "SCENARIOS",
    "Looked",
    "Outcome",
    "RecordingError",
    "Scenario",
    "Sighting",
    "Sightings",
    "Wording",
    "look_again",
    "observe",
    "record_program",
    "simulate",
    "wording_of",
]
