"""Lines of Fluent Bit, Fluentd, Docker and Vector, which keep the text under a name.

https://docs.fluentbit.io/manual/data-pipeline/outputs/http
"""

from .container import Container

CONTAINER = Container(
    title="Fluent Bit", paths=("log", "line", "msg", "textPayload", "jsonPayload")
)
