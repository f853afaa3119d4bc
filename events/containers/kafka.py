"""Records of Kafka, from Connect's JSON converter, kcat and REST proxies.

https://docs.confluent.io/platform/current/connect/concepts.html
"""

from .container import Container

CONTAINER = Container(title="Kafka", paths=("payload", "value"))
