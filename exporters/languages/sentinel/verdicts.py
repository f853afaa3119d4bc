"""Analytics rules on the verdicts of `cascade watch`, in a table of their own.

The Azure Monitor Agent reads the file that a watch writes, a JSON object a line:
https://learn.microsoft.com/azure/azure-monitor/vm/data-collection-log-json
"""

from pathlib import PurePosixPath
from typing import Any

from ...query import Query
from ...target import Options
from ...verdict import EXPLAINED, SILENT, UNEXPLAINED
from .analytics_rule import verdict_rule
from .kusto import folded, table_name, text_list, text_literal
from .timing import Timing, prompt_timing

TABLE = "CascadeVerdicts_CL"
FOLDER = PurePosixPath("Detections/CascadeVerdicts")


def schedule(options: Options) -> Timing:
    """When a rule runs: by when verdicts came in, so that nothing is late.

    Raises:
        ExportError: Sentinel runs no rule so often; the nearest that it does.
    """
    return prompt_timing(0, 0, options.every)


def verdict_query(query: Query, options: Options) -> str:
    """The final verdicts on the subjects' actions of the run's slice, but for those that may be silenced."""
    silent = f"verdict == {text_literal(EXPLAINED)} and policy != {text_literal(SILENT)}"
    return folded(
        [
            *schedule(options).slice.lines(),
            table_name(options.table or TABLE),
            "// TimeGenerated is when the verdict came in.",
            "| where TimeGenerated >= Since and TimeGenerated < Until",
            f"| where final == true and action in {text_list(query.actions)}",
            f"| where verdict in {text_list(UNEXPLAINED)} or ({silent})",
            "| summarize arg_min(TimeGenerated, *) by event_id",
            "| project TimeGenerated, EventId = event_id, Action = action, Verdict = verdict, Policy = policy, "
            "Cascade = cascade, Account = account, UserIdentityArn = actor_arn, SourceIpAddress = source_ip",
        ]
    )


def document(query: Query, options: Options) -> dict[str, Any]:
    """The rule."""
    return verdict_rule(query, verdict_query(query, options), schedule(options))
