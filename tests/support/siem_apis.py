"""The APIs themselves, a class each: what they take, what they refuse, how they page."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from itertools import count
from typing import ClassVar
from urllib.parse import unquote
from uuid import UUID

from cloudcascade.tests.support.siem_server import Platform, Reply, Request

SECRET = "s3cret-t0ken"


COLUMNS = ["event_id", "cascade", "effect", "origin_event_id", "event_time"]


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def uploaded(request: Request) -> bytes:
    """The one file of a form."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    (part,) = BytesParser(policy=policy.HTTP).parsebytes(head + request.body).iter_parts()
    assert part.get_param("name", header="content-disposition") == "file"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


class Splunk(Platform):
    """The KV store: https://docs.splunk.com/Documentation/Splunk/latest/RESTREF/RESTkvstore"""

    credentials: ClassVar[Mapping[str, str]] = {"authorization": f"Bearer {SECRET}"}
    path = "/servicesNS/nobody/cloudcascade/storage/collections/data/cascade_explained"
    types: ClassVar[Mapping[str, type]] = {
        "event_id": str,
        "cascade": str,
        "event_time": int,
        "eventName": str,
        "added": int,
    }
    most = 500

    def __init__(self) -> None:
        super().__init__()
        self.documents: dict[str, dict[str, object]] = {}

    def serve(self, request: Request) -> Reply:
        if not request.path.startswith(self.path) or not self.there:
            return Reply(404, {"messages": [{"type": "ERROR", "text": "Could not find object."}]})
        if request.method == "GET":
            assert request.query["sort"] == "_key:1"
            last = json.loads(request.query["query"])["_key"]["$gt"]
            keys = sorted(key for key in self.documents if key > last)
            return Reply(body=[self.documents[key] for key in keys[: self.page]])
        if request.method == "DELETE":
            if "query" not in request.query:
                self.documents.clear()
                return Reply()
            for each in json.loads(request.query["query"])["$or"]:
                self.documents.pop(each["_key"], None)
            return Reply()
        assert request.path == f"{self.path}/batch_save"
        documents = request.json()
        if len(documents) > self.most:
            return Reply(400, {"messages": [{"type": "ERROR", "text": "too many documents"}]})
        for each in documents:
            for name, kind in self.types.items():
                assert isinstance(each[name], kind), each
            self.documents[each["_key"]] = {**each, "_user": "nobody"}
        return Reply(body=[each["_key"] for each in documents])

    def ids(self) -> list[str]:
        return sorted(str(each["event_id"]) for each in self.documents.values())

    def columns(self) -> set[str]:
        return {name for each in self.documents.values() for name in each if name[0] != "_"}

    def seed(self, event_id: str, time: float, cascade: str = "aws.iam.other") -> None:
        self.documents[event_id] = {
            "_key": event_id,
            "event_id": event_id,
            "cascade": cascade,
            "event_time": f"{time:.3f}",
            "eventName": "DeleteLoginProfile",
            "added": int(time),
        }


class Datadog(Platform):
    """Reference tables: https://docs.datadoghq.com/api/latest/reference-tables/"""

    credentials: ClassVar[Mapping[str, str]] = {
        "dd-api-key": SECRET,
        "dd-application-key": f"{SECRET}-app",
    }
    path = "/api/v2/reference-tables/tables"
    most = 200

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, str]] = {}
        self.fields = COLUMNS

    def refusal(self) -> Reply:
        return Reply(403, {"errors": ["Forbidden"]})

    def serve(self, request: Request) -> Reply:
        if request.path == self.path:
            assert request.query["filter[table_name][exact]"] == "cascade_explained"
            fields = [{"name": name} for name in self.fields]
            schema = {"fields": fields, "primary_keys": ["event_id"]}
            facts = {"table_name": "cascade_explained", "schema": schema}
            return Reply(body={"data": [{"id": "t 1", "attributes": facts}] if self.there else []})
        assert unquote(request.path).startswith(f"{self.path}/t 1/rows"), request.path
        if request.method == "GET":
            assert int(request.query["page[limit]"]) <= 1_000
            start = int(request.query.get("page[continuation_token]", "0"))
            keys = sorted(self.rows)
            data = [
                {"id": key, "type": "row", "attributes": {"values": self.rows[key]}}
                for key in keys[start : start + self.page]
            ]
            more = start + self.page < len(keys)
            page = {"next_continuation_token": str(start + self.page)} if more else {}
            return Reply(body={"data": data, "links": {}, "meta": {"page": page}})
        data = request.json()["data"]
        if len(data) > self.most:
            return Reply(400, {"errors": ["at most 200 rows"]})
        assert all(each["type"] == "row" for each in data)
        for each in data:
            if request.method == "DELETE":
                self.rows.pop(each["id"], None)
            else:
                assert each["attributes"]["values"]["event_id"] == each["id"]
                self.rows[each["id"]] = each["attributes"]["values"]
        return Reply(200 if request.method == "POST" else 204)

    def ids(self) -> list[str]:
        return sorted(self.rows)

    def columns(self) -> set[str]:
        return {name for each in self.rows.values() for name in each}

    def seed(self, event_id: str, time: float, cascade: str = "aws.iam.other") -> None:
        values = [event_id, cascade, "iam:DeleteLoginProfile", "root", iso(time)]
        self.rows[event_id] = dict(zip(COLUMNS, values, strict=True))


class SecOps(Platform):
    """Data tables:
    https://cloud.google.com/chronicle/docs/reference/rest/v1alpha/projects.locations.instances.dataTables.dataTableRows
    """

    credentials: ClassVar[Mapping[str, str]] = {"authorization": f"Bearer {SECRET}"}
    base = "/v1alpha/projects/p/locations/eu/instances/i"
    most = 1_000

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self.names = count(1)
        self.fields = COLUMNS

    def serve(self, request: Request) -> Reply:
        table = f"{self.base}/dataTables/cascade_explained"
        if not request.path.startswith(table) or not self.there:
            return Reply(404, {"error": {"code": 404, "status": "NOT_FOUND"}})
        if request.path == table:
            # The first index is zero, which JSON of protocol buffers leaves out.
            columns = [
                {"originalColumn": name, "columnType": "STRING"}
                | ({"columnIndex": index} if index else {})
                for index, name in reversed(list(enumerate(self.fields)))
            ]
            return Reply(body={"name": table[9:], "columnInfo": columns})
        if request.method == "DELETE":
            gone = self.rows.pop(request.path.rpartition("/")[2], None)
            return Reply(body={}) if gone else Reply(404, {"error": {"code": 404}})
        if request.method == "GET":
            assert int(request.query["pageSize"]) <= 1_000
            start = int(request.query.get("pageToken", "0"))
            names = sorted(self.rows)[start : start + self.page]
            rows = [
                {"name": f"{table[9:]}/dataTableRows/{name}", "values": self.rows[name]}
                for name in names
            ]
            more = (
                {"nextPageToken": str(start + self.page)}
                if start + self.page < len(self.rows)
                else {}
            )
            return Reply(body=({"dataTableRows": rows} if rows else {}) | more)
        assert request.path == f"{table}/dataTableRows:bulkCreate"
        wanted = request.json()["requests"]
        if len(wanted) > self.most or len(request.body) > 4 << 20:
            return Reply(400, {"error": {"code": 400, "status": "INVALID_ARGUMENT"}})
        for each in wanted:
            assert len(each["dataTableRow"]["values"]) == len(self.fields)
            self._add(each["dataTableRow"]["values"])
        return Reply(body={})

    def _add(self, values: list[str]) -> None:
        self.rows[f"row-{next(self.names):08}"] = values

    def ids(self) -> list[str]:
        return sorted(each[0] for each in self.rows.values())

    def columns(self) -> set[str]:
        return set(self.fields)

    def seed(self, event_id: str, time: float, cascade: str = "aws.iam.other") -> None:
        self._add([event_id, cascade, "iam:DeleteLoginProfile", "root", iso(time)])


class LogScale(Platform):
    """Lookup files: https://library.humio.com/logscale-api/api-lookup.html"""

    credentials: ClassVar[Mapping[str, str]] = {"authorization": f"Bearer {SECRET}"}
    base = "/api/v1/repositories/trail"

    def __init__(self) -> None:
        super().__init__()
        self.file: bytes | None = (",".join(COLUMNS) + "\n").encode()

    def serve(self, request: Request) -> Reply:
        if request.method == "GET" and request.path == f"{self.base}/files/cascade_explained.csv":
            return Reply(404) if self.file is None else Reply(body=self.file)
        assert (request.method, request.path) == ("POST", f"{self.base}/files")
        self.file = uploaded(request)
        return Reply(200)

    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO((self.file or b"").decode(), newline="")))

    def ids(self) -> list[str]:
        return sorted(each["event_id"] for each in self.rows())

    def columns(self) -> set[str]:
        return set(self.rows()[0])

    def seed(self, event_id: str, time: float, cascade: str = "aws.iam.other") -> None:
        line = f'"{event_id}",{cascade},iam:DeleteLoginProfile,root,{iso(time)}\n'
        self.file = (self.file or b"") + line.encode()


class Kibana(Platform):
    """Value lists: https://www.elastic.co/docs/api/doc/kibana/group/endpoint-security-lists-api"""

    credentials: ClassVar[Mapping[str, str]] = {"authorization": f"ApiKey {SECRET}"}
    base = "/s/soc"

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[str, dict[str, str]] = {}
        self.names = count(1)
        self.list_type = "keyword"
        self.made: list[str] = []
        self.clock = 0.0

    def serve(self, request: Request) -> Reply:
        path = request.path.removeprefix(self.base)
        if request.changes and "kbn-xsrf" not in request.headers:
            return Reply(400, {"message": "Request must contain a kbn-xsrf header."})
        if (request.method, path) == ("POST", "/api/lists/index"):
            return Reply(409, {"message": "data stream already exists"})
        if (request.method, path) == ("POST", "/api/lists"):
            body = request.json()
            assert (body["id"], body["type"]) == ("cascade-explained", "keyword")
            self.there = True
            self.made.append(body["id"])
            return Reply(body=body)
        if not self.there:
            return Reply(404, {"message": 'list id: "cascade-explained" not found'})
        if (request.method, path) == ("GET", "/api/lists"):
            return Reply(body={"id": "cascade-explained", "type": self.list_type})
        if (request.method, path) == ("GET", "/api/lists/items/_find"):
            return self._find(request)
        if (request.method, path) == ("DELETE", "/api/lists/items"):
            gone = self.items.pop(request.query["id"], None)
            return Reply(body={}) if gone else Reply(404, {"message": "not found"})
        assert (request.method, path) == ("POST", "/api/lists/items/_import"), path
        assert request.query == {"list_id": "cascade-explained", "type": "keyword"}
        if len(request.body) > 9_000_000:
            return Reply(413, {"message": "Payload content length greater than maximum"})
        for value in uploaded(request).decode().splitlines():
            self._add(value, self.clock)
        return Reply(body={})

    def _find(self, request: Request) -> Reply:
        assert int(request.query["per_page"]) <= 10_000
        assert request.query["list_id"] == "cascade-explained"
        keys = [key for key in sorted(self.items) if key > request.query.get("cursor", "")][
            : self.page
        ]
        data = [self.items[key] for key in keys]
        cursor = keys[-1] if keys else request.query.get("cursor", "")
        return Reply(body={"cursor": cursor, "data": data, "total": len(self.items)})

    def _add(self, value: str, time: float) -> None:
        name = f"item-{next(self.names):08}"
        self.items[name] = {"id": name, "value": value, "created_at": iso(time)}

    def ids(self) -> list[str]:
        return sorted(each["value"] for each in self.items.values())

    def columns(self) -> set[str]:
        return {"value"}

    def seed(self, event_id: str, time: float, cascade: str = "aws.iam.other") -> None:
        self._add(event_id, time)


class Sentinel(Platform):
    """Watchlist items: https://learn.microsoft.com/rest/api/securityinsights/watchlist-items"""

    credentials: ClassVar[Mapping[str, str]] = {"authorization": f"Bearer {SECRET}"}
    base = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/soc"
    )

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[str, dict[str, str]] = {}
        self.search_key = "AwsEventId"
        self.elsewhere: str | None = None
        """The host that links to further pages lead to, if it is another."""

    def serve(self, request: Request) -> Reply:
        watchlist = f"{self.base}/providers/Microsoft.SecurityInsights/watchlists/cascade_explained"
        assert request.query["api-version"] == "2023-02-01"
        if not request.path.startswith(watchlist) or not self.there:
            return Reply(404, {"error": {"code": "NotFound"}})
        if request.path == watchlist:
            return Reply(body={"properties": {"itemsSearchKey": self.search_key}})
        if request.method == "GET":
            return self._list(request)
        name = request.path.removeprefix(f"{watchlist}/watchlistItems/")
        assert str(UUID(name)) == name
        if request.method == "DELETE":
            return Reply(200 if self.items.pop(name, None) else 204)
        if name in self.items:
            return Reply(409, {"error": {"code": "Conflict", "message": "give the etag"}})
        self.items[name] = request.json()["properties"]["itemsKeyValue"]
        return Reply(201, {"name": name})

    def _list(self, request: Request) -> Reply:
        start = int(request.query.get("$skipToken", "0"))
        names = sorted(self.items)[start : start + self.page]
        value = [
            {"name": name, "properties": {"itemsKeyValue": self.items[name]}} for name in names
        ]
        body: dict[str, object] = {"value": value}
        if start + self.page < len(self.items):
            host = self.elsewhere or f"http://{request.headers['host']}"
            link = f"{host}{request.path}?api-version=2023-02-01&%24skipToken={start + self.page}"
            body["nextLink"] = link
        return Reply(body=body)

    def ids(self) -> list[str]:
        return sorted(each["AwsEventId"] for each in self.items.values())

    def columns(self) -> set[str]:
        return {name for each in self.items.values() for name in each}

    def seed(self, event_id: str, time: float, cascade: str = "aws.iam.other") -> None:
        name = str(UUID(int=len(self.items) + (1 << 100)))
        self.items[name] = {
            "AwsEventId": event_id,
            "Cascade": cascade,
            "Relation": "consequence",
            "OriginEventId": "root",
            "Expires": iso(time + 30 * 86_400),
        }


PLATFORMS: dict[str, type[Platform]] = {
    "datadog": Datadog,
    "elastic": Kibana,
    "logscale": LogScale,
    "secops": SecOps,
    "sentinel": Sentinel,
    "splunk": Splunk,
}
SECRETS = {
    "DD_API_KEY": SECRET,
    "DD_APP_KEY": f"{SECRET}-app",
    "KIBANA_API_KEY": SECRET,
    "LOGSCALE_TOKEN": SECRET,
    "SECOPS_ACCESS_TOKEN": SECRET,
    "AZURE_ACCESS_TOKEN": SECRET,
    "SPLUNK_TOKEN": SECRET,
}
