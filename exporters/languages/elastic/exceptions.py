"""Exception lists: explained event ids, and the controllers of cascade.toml."""

from collections.abc import Sequence

from ...explained_table import by_source
from ...field_maps import FieldMap
from ...query import Query
from ...target import Options
from . import kibana

VALUE_LIST = "cascade-explained"


def explained_events(
    fields: FieldMap, note: Sequence[str], options: Options
) -> list[kibana.Object]:
    """A list and one item: what the value list of explained event ids holds is no alert."""
    list_id = "cloudcascade"
    item = kibana.exception_item(
        list_id,
        "cloudcascade-explained",
        "Explained by a cascade",
        f"The event id stands in the value list {VALUE_LIST}: cascade classify called it explained.",
        [kibana.in_value_list(fields.field("eventID"), VALUE_LIST)],
        options.expires,
        kibana.owner_tag(options.owner),
    )
    container = kibana.exception_list(list_id, "cloudcascade: explained events", note)
    return [container, item]


def controllers(
    queries: Sequence[Query], fields: FieldMap, note: Sequence[str], options: Options
) -> list[kibana.Object]:
    """A list with an item for every controller, place of its ARN and service."""
    list_id = "cloudcascade-controllers"
    objects = [kibana.exception_list(list_id, "cloudcascade: controllers", note)]
    places = {
        "role": fields.field("userIdentity.sessionContext.sessionIssuer.arn"),
        "user": fields.field("userIdentity.arn"),
    }
    for query in queries:
        for number, controller in enumerate(options.controllers, 1):
            for place, field in places.items():
                for source, names, may_fail in by_source(query):
                    service = source.partition(".")[0]
                    item_id = f"{query.cascade}.{number}.{place}.{service}"
                    entries = [
                        kibana.match(field, controller.arn),
                        kibana.match(fields.field("eventSource"), source),
                        kibana.match(fields.field("eventName"), *names),
                    ]
                    if not may_fail:
                        success = fields.success
                        entries.append(kibana.match(success.field, *success.values))
                    objects.append(
                        kibana.exception_item(
                            list_id,
                            f"{item_id}.any-outcome" if may_fail else item_id,
                            f"{query.cascade} by {controller.name}",
                            controller.note or f"{controller.name} causes this cascade.",
                            entries,
                            options.expires,
                            kibana.owner_tag(options.owner),
                        )
                    )
    return objects
