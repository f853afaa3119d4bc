"""Azure Resource Manager templates for what Microsoft Sentinel keeps beside its rules.

https://learn.microsoft.com/azure/templates/microsoft.securityinsights/automationrules
https://learn.microsoft.com/azure/templates/microsoft.securityinsights/watchlists
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_PROVIDERS = "Microsoft.OperationalInsights/workspaces/providers"


def literal(text: str) -> str:
    """`text` as a template means it: a bracket at the beginning would make it an expression.

    >>> literal("[concat('a')]"), literal("a [b]")
    ("[[concat('a')]", 'a [b]')
    """
    return f"[{text}" if text.startswith("[") else text


def template(resources: Sequence[Mapping[str, Any]]) -> str:
    """A template that deploys `resources` to the workspace that is its one parameter."""
    document = {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"workspace": {"type": "string"}},
        "resources": list(resources),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def watchlist(alias: str, description: str, search_key: str, rows: str) -> dict[str, Any]:
    """A watchlist of that alias; `rows` is a CSV file, its header included."""
    return {
        "type": f"{_PROVIDERS}/Watchlists",
        "apiVersion": "2023-02-01",
        "name": _name(alias),
        "properties": {
            "displayName": alias,
            "description": literal(description),
            "provider": "cloudcascade",
            "source": f"{alias}.csv",
            "itemsSearchKey": search_key,
            "contentType": "text/csv",
            "numberOfLinesToSkip": 0,
            "rawContent": literal(rows),
        },
    }


def closing_rule(
    rule: str,
    title: str,
    *,
    analytics_rule: str,
    detail: tuple[str, str],
    comment: str,
    expires: date,
) -> dict[str, Any]:
    """An automation rule that closes an analytics rule's incidents with that custom detail.

    `rule` and `analytics_rule` are the ids of both; it ends at midnight UTC at the beginning of `expires`.
    """
    raised_by = (
        "[concat(resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspace')), "
        f"'/providers/Microsoft.SecurityInsights/alertRules/{analytics_rule}')]"
    )
    return {
        "type": f"{_PROVIDERS}/automationRules",
        "apiVersion": "2023-11-01",
        "name": _name(rule),
        "properties": {
            "displayName": literal(title),
            "order": 1,
            "triggeringLogic": {
                "isEnabled": True,
                "expirationTimeUtc": f"{expires.isoformat()}T00:00:00Z",
                "triggersOn": "Incidents",
                "triggersWhen": "Created",
                "conditions": [
                    _condition("IncidentRelatedAnalyticRuleIds", "Contains", raised_by),
                    _condition("IncidentCustomDetailsKey", "Equals", literal(detail[0])),
                    _condition("IncidentCustomDetailsValue", "Equals", literal(detail[1])),
                ],
            },
            "actions": [
                {
                    "order": 1,
                    "actionType": "ModifyProperties",
                    "actionConfiguration": {
                        "status": "Closed",
                        "classification": "BenignPositive",
                        "classificationReason": "SuspiciousButExpected",
                        "classificationComment": literal(comment),
                    },
                }
            ],
        },
    }


def _name(last: str) -> str:
    return f"[concat(parameters('workspace'), '/Microsoft.SecurityInsights/{last}')]"


def _condition(name: str, operator: str, value: str) -> dict[str, Any]:
    return {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": name,
            "operator": operator,
            "propertyValues": [value],
        },
    }
