"""The knowledge: cascade documents, their models, and what reads and resolves them."""

from .attack import Tactic, Technique, attack_version, tactics, technique, techniques
from .check import check_cascades
from .check_codes import CHECK_CODES
from .controllers import KnownController, attested_services, known_controllers, unattested
from .derived import DERIVED_SERVICE, derived_cascades, handlers, is_derived
from .digest import catalog_digest
from .document import Document, Loc, parse_document, read_document
from .findings import LOAD_CODES, CatalogError, Finding, Severity, UnknownName
from .fingerprint import fingerprint
from .in_force import InForce
from .kept import dump_cascade, load_cascade
from .known_actions import LOGS, KnownAction, known_action_problems, known_actions
from .loader import Catalog, load_catalog, read_cascade
from .models import (
    Abuse,
    Cascade,
    Condition,
    Effect,
    Ensemble,
    Evidence,
    Harmless,
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
from .statistics import Coverage, Statistics, coverage, read_actions, statistics
from .structure import structure_problems
from .survey import Survey, survey
from .terms import (
    EVIDENCE_ORDER,
    POLICY_ORDER,
    EvidenceKind,
    Family,
    Policy,
    Relation,
    format_duration,
    parse_duration,
)

__all__ = [
    "CHECK_CODES",
    "CONFIG_NAME",
    "DERIVED_SERVICE",
    "EVIDENCE_ORDER",
    "LOAD_CODES",
    "LOGS",
    "POLICY_ORDER",
    "Abuse",
    "Cascade",
    "Catalog",
    "CatalogError",
    "Condition",
    "Config",
    "Controller",
    "Coverage",
    "Document",
    "Effect",
    "Ensemble",
    "Evidence",
    "EvidenceKind",
    "Family",
    "Finding",
    "Harmless",
    "InForce",
    "KeySource",
    "KnownAction",
    "KnownController",
    "Loc",
    "MissingExtra",
    "Origin",
    "Policy",
    "Relation",
    "ServiceModels",
    "Severity",
    "Spoiler",
    "Statistics",
    "Suppression",
    "Survey",
    "Tactic",
    "Technique",
    "UnknownName",
    "Window",
    "attack_version",
    "attested_services",
    "catalog_digest",
    "check_cascades",
    "coverage",
    "derived_cascades",
    "dump_cascade",
    "fingerprint",
    "format_duration",
    "handlers",
    "is_derived",
    "json_schema",
    "known_action_problems",
    "known_actions",
    "known_controllers",
    "load_cascade",
    "load_catalog",
    "load_service_models",
    "parse_cascade_id",
    "parse_document",
    "parse_duration",
    "read_actions",
    "read_cascade",
    "read_config",
    "read_document",
    "resolve_action",
    "resolve_cascade",
    "scaffold",
    "schema_text",
    "statistics",
    "structure_problems",
    "survey",
    "tactics",
    "technique",
    "techniques",
    "unattested",
]
