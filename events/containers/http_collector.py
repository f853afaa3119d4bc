"""Events as they are sent to Splunk's HTTP collector, and under the name `event` in general."""

from .container import Container

CONTAINER = Container(title="HTTP event collector", paths=("event", "properties"))
