"""An ATT&CK Navigator layer: the techniques whose traces cascades explain, and by how many.

Layer format 4.5: https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
"""

from collections.abc import Mapping
from typing import Any

from ...catalog import Policy, attack_version, technique
from ...catalog.statistics import Statistics

_SUPPRESSED, _ANNOTATED = "#c0392b", "#f1c40f"


def navigator_layer(counted: Statistics) -> dict[str, Any]:
    """The layer as a JSON value. A technique's score is the number of cascades that suppress or annotate
    it; red ones are suppressed somewhere, yellow ones only labelled. Ids that are not current are left
    out, since the Navigator refuses them."""
    shown = {
        id_: by_policy
        for id_, by_policy in counted.techniques.items()
        if (known := technique(id_)) is not None and known.status == "current"
    }
    return {
        "name": "cloudcascade: techniques that cascades explain",
        "versions": {
            "attack": attack_version().partition(".")[0],
            "navigator": "5.1.0",
            "layer": "4.5",
        },
        "domain": "enterprise-attack",
        "description": f"{counted.cascades} cascades with {counted.effects} effects. A score is the number "
        "of cascades in which the technique's trace may be a side effect.",
        "filters": {"platforms": ["IaaS"]},
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True},
        "hideDisabled": False,
        "techniques": [_technique(id_, by_policy) for id_, by_policy in shown.items()],
        "gradient": {
            "colors": ["#ffffff", _SUPPRESSED],
            "minValue": 0,
            "maxValue": max((sum(each.values()) for each in shown.values()), default=1),
        },
        "legendItems": [
            {"label": "suppressed by some cascade", "color": _SUPPRESSED},
            {"label": "labelled and still shown", "color": _ANNOTATED},
        ],
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": True,
    }


def _technique(id_: str, by_policy: Mapping[Policy, int]) -> dict[str, Any]:
    suppressed, annotated = by_policy.get("suppress", 0), by_policy.get("annotate", 0)
    return {
        "techniqueID": id_,
        "score": suppressed + annotated,
        "color": _SUPPRESSED if suppressed else _ANNOTATED,
        "comment": f"cascades that suppress it: {suppressed}; that only label it: {annotated}",
        "enabled": True,
        "showSubtechniques": "." in id_,
    }
