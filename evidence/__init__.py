"""Evidence looked at again: simulated preconditions, the service models' words, records of real logs classified."""

from .datasets import LogsError
from .observation import Claim, Dataset, Observed, Rerun, rerun
from .recording import RecordingError, record_program
from .report import Looked, look_again
from .simulation import SCENARIOS, Outcome, Scenario, simulate
from .wording import Wording, wording_of

__all__ = [
    "SCENARIOS",
    "Claim",
    "Dataset",
    "LogsError",
    "Looked",
    "Observed",
    "Outcome",
    "RecordingError",
    "Rerun",
    "Scenario",
    "Wording",
    "look_again",
    "record_program",
    "rerun",
    "simulate",
    "wording_of",
]
