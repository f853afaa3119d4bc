"""Synthetic CloudTrail: a whole instance of any cascade, twins that differ in one thing, and what they are made of.

>>> from cloudcascade.catalog import load_catalog
>>> sample = instance(load_catalog().get("aws.iam.delete-user"), "pipeline", effects=["iam:DeleteAccessKey"])
>>> [event.node for event in sample.events]
['iam:DeleteAccessKey', 'iam:DeleteUser']
>>> [event.node for event in twin(sample, "alone", "iam:DeleteAccessKey").events]
['iam:DeleteAccessKey']
"""

from .callers import Caller
from .demands import OPERATORS, Demand, Operator, Unsatisfiable
from .event import make_event
from .filling import installed_models
from .identifiers import Ids, iso
from .instance import ACCOUNT, REGION, START, UnknownSample, chosen_nodes, instance
from .keys import solve
from .profiles import PROFILES, suited
from .records import Call, record, service_event
from .sample import Sample, SampleEvent
from .shapes import Scene
from .twins import KINDS, inapplicable, twin, twins

__all__ = [
    "ACCOUNT",
    "KINDS",
    "OPERATORS",
    "PROFILES",
    "REGION",
    "START",
    "Call",
    "Caller",
    "Demand",
    "Ids",
    "Operator",
    "Sample",
    "SampleEvent",
    "Scene",
    "UnknownSample",
    "Unsatisfiable",
    "chosen_nodes",
    "inapplicable",
    "installed_models",
    "instance",
    "iso",
    "make_event",
    "record",
    "service_event",
    "solve",
    "suited",
    "twin",
    "twins",
]
