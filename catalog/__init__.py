"""The knowledge: cascade documents, their models, and what reads and resolves them."""

from .attack import Tactic, Technique, attack_version, tactics, technique, techniques
from .check import check_cascades
from .check_codes import CHECK_CODES
from .document import Document, Loc, parse_document, read_document
from .findings import LOAD_CODES, CatalogError, Finding, Severity, UnknownName
from .loader import Catalog, load_catalog, read_cascade
from .models import (
    Abuse,
    Cascade,
    Condition,
    Effect,
    Ensemble,
    Evidence,
    KeySource,
    Origin,
    Spoiler,
    Suppression,
    Window,
)
from .names import resolve_action, resolve_cascade
from .overlay import CONFIG_NAME, Config, Controller, read_config
from .scaffold import parse_cascade_id, scaffold
from .schema import json_schema, schema_text
from .service_models import MissingExtra, ServiceModels, load_service_models
from .structure import structure_problems
from .terms import POLICY_ORDER, Policy, Relation, format_duration, parse_duration

__all__ = [
    "CHECK_CODES",
    "CONFIG_NAME",
    "LOAD_CODES",
    "POLICY_ORDER",
    "Abuse",
    "Cascade",
    "Catalog",
    "CatalogError",
    "Condition",
    "Config",
    "Controller",
    "Document",
    "Effect",
    "Ensemble",
    "Evidence",
    "Finding",
    "KeySource",
    "Loc",
    "MissingExtra",
    "Origin",
    "Policy",
    "Relation",
    "ServiceModels",
    "Severity",
    "Spoiler",
    "Suppression",
    "Tactic",
    "Technique",
    "UnknownName",
    "Window",
    "attack_version",
    "check_cascades",
    "format_duration",
    "json_schema",
    "load_catalog",
    "load_service_models",
    "parse_cascade_id",
    "parse_document",
    "parse_duration",
    "read_cascade",
    "read_config",
    "read_document",
    "resolve_action",
    "resolve_cascade",
    "scaffold",
    "schema_text",
    "structure_problems",
    "tactics",
    "technique",
    "techniques",
]
