"""Events of EventBridge: https://docs.aws.amazon.com/eventbridge/latest/ref/overview-event-structure.html"""

from .container import Container

CONTAINER = Container(title="EventBridge", paths=("detail", "Detail"))
