"""Logs of Datadog, from its archives and its interface: https://docs.datadoghq.com/logs/log_configuration/archives/"""

from .container import Container

CONTAINER = Container(
    title="Datadog",
    paths=("content.attributes", "attributes.attributes", "attributes", "content.message"),
)
