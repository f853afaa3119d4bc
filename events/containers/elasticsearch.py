"""Hits of Elasticsearch and OpenSearch: the document, or the fields that were asked for, each a list of values.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/retrieve-selected-fields
"""

from collections.abc import Iterable

from .container import Container, Inside, Members


def _open(value: Members) -> Iterable[Inside] | None:
    source = value.get("_source")
    if isinstance(source, dict) and source:
        return (source,)
    fields = value.get("fields")
    if not isinstance(fields, dict):
        return None
    return (
        {
            name: each[0] if isinstance(each, list) and len(each) == 1 else each
            for name, each in fields.items()
        },
    )


CONTAINER = Container(title="Elasticsearch", open=_open)
