"""Documents of the Elastic Common Schema that keep the record as it came.

https://www.elastic.co/docs/reference/ecs/ecs-event#field-event-original
"""

from .container import Container

CONTAINER = Container(
    title="Elastic Common Schema", paths=("event.original", "original", "message"), first=True
)
