"""The AWS service models that botocore ships, asked by what a CloudTrail record calls things.

botocore is the extra `check`; nothing here imports it before `load_service_models` is called, and
a model is read when something of its service is first asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from ..errors import CloudcascadeError
from .event_names import event_names
from .spellings import spellings

# Event sources behind which other services of botocore stand than the one of the same name.
# Unlisted sources are the service of that name, or those whose endpoint or signing name it is.
_SERVICES_OF_SOURCE: dict[str, tuple[str, ...]] = {
    "access-analyzer": ("accessanalyzer",),
    "airflow": ("mwaa",),
    "aoss": ("opensearchserverless",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "aps": ("amp",),
    "autoscaling": ("autoscaling", "application-autoscaling"),
    "bedrock": ("bedrock", "bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime"),
    "cassandra": ("keyspaces",),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "elasticmapreduce": ("emr",),
    "es": ("opensearch", "es"),
    "monitoring": ("cloudwatch",),
    "rds": ("rds", "neptune", "docdb"),
    "s3": ("s3", "s3control"),
    "s3express": ("s3",),
    "servicecatalog": ("servicecatalog", "servicecatalog-appregistry"),
    "ses": ("ses", "sesv2"),
    "sso": ("sso-admin", "sso", "sso-oidc"),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
}

# Services whose name in botocore is no event source.
_BEHIND_OTHER_SOURCES = {
    service: source
    for source, services in _SERVICES_OF_SOURCE.items()
    for service in services
    if service not in _SERVICES_OF_SOURCE and service != "application-autoscaling"
}


class MissingExtra(CloudcascadeError):
    """An optional package that the request needs is not installed; the text says how to install it."""


class Loader(Protocol):
    """What is used of botocore's `Loader`."""

    def list_available_services(self, type_name: str) -> list[str]:
        """The names of all services that have a model."""

    def load_service_model(self, service_name: str, type_name: str) -> Mapping[str, Any]:
        """The newest model of a service."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A type in a service model. `wire_name` is the name that its place gives it on the wire."""

    kind: str
    _definition: Mapping[str, Any] = field(repr=False)
    _shapes: Mapping[str, Any] = field(repr=False)

    @property
    def members(self) -> dict[str, "Member"]:
        """A structure's members by name."""
        return {
            name: Member(name, reference.get("locationName", name), self._resolve(reference))
            for name, reference in self._definition.get("members", {}).items()
        }

    @property
    def required(self) -> tuple[str, ...]:
        """A structure's members that must be given."""
        return tuple(self._definition.get("required", ()))

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that a text may have, where they are listed."""
        return tuple(self._definition.get("enum", ()))

    @property
    def pattern(self) -> str | None:
        """The regular expression that a text follows, where there is one; in Java's dialect, near to Python's."""
        pattern: str | None = self._definition.get("pattern")
        return pattern

    @property
    def least(self) -> int:
        """The smallest number, or the shortest text or list, that is allowed."""
        return int(self._definition.get("min", 0))

    @property
    def most(self) -> int | None:
        """The largest number, or the longest text or list, that is allowed."""
        most: float | None = self._definition.get("max")
        return None if most is None else int(most)

    @property
    def element(self) -> "Member":
        """What a list holds; its name is what one element is called on the wire."""
        reference = self._definition["member"]
        name = reference.get("locationName", "member")
        return Member(name, name, self._resolve(reference))

    @property
    def map_value(self) -> "Shape":
        """What a map holds."""
        return self._resolve(self._definition["value"])

    @property
    def is_open(self) -> bool:
        """Whether any member may stand here."""
        return bool(self._definition.get("document"))

    @property
    def is_flattened(self) -> bool:
        """Whether a list's elements stand without an element around them."""
        return bool(self._definition.get("flattened"))

    @property
    def payload(self) -> str | None:
        """The member that is a request's whole body, where one is."""
        payload: str | None = self._definition.get("payload")
        return payload

    def _resolve(self, reference: Mapping[str, Any]) -> "Shape":
        definition = self._shapes[reference["shape"]]
        return Shape(definition["type"], definition, self._shapes)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure, or the element of a list."""

    name: str
    wire_name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Operation:
    """An API operation. `service` is botocore's name of the service; None stands for no content."""

    service: str
    name: str
    protocol: str
    input: Shape | None
    output: Shape | None


class ServiceModels:
    """The service models, by CloudTrail's event sources and event names.

    One event source may be several services and one action several operations: the actions of
    `rds` are those of RDS, Neptune and DocumentDB.
    """

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._sources: dict[str, tuple[str, ...]] = {}
        self._operations: dict[str, dict[str, list[str]]] = {}
        self._models: dict[str, Mapping[str, Any]] = {}

    @cached_property
    def service_names(self) -> frozenset[str]:
        """botocore's names of all services."""
        return frozenset(self._loader.list_available_services("service-2"))

    def services(self, source: str) -> tuple[str, ...]:
        """botocore's services behind an event source, `elb` and `elbv2` for `elasticloadbalancing`.

        Empty when there is none.
        """
        if source in _BEHIND_OTHER_SOURCES or source in spellings().logged_as:
            return ()
        if source not in self._sources:
            listed = _SERVICES_OF_SOURCE.get(source, (source,))
            known = tuple(service for service in listed if service in self.service_names)
            self._sources[source] = known or self._services_of_endpoint(source)
        return self._sources[source]

    def sources(self) -> frozenset[str]:
        """Event sources that are likely to be meant by a misspelt one."""
        names = self.service_names | frozenset(_SERVICES_OF_SOURCE)
        return names - frozenset(_BEHIND_OTHER_SOURCES) - frozenset(spellings().logged_as)

    def sources_of(self, service: str) -> tuple[str, ...]:
        """The event source of a service that goes by another name there: `monitoring` of `cloudwatch`."""
        if logged_as := spellings().logged_as.get(service):
            return (logged_as.event_source,)
        source = _BEHIND_OTHER_SOURCES.get(service)
        return (source,) if source is not None else ()

    def operations(self, action: str) -> tuple[Operation, ...]:
        """The operations that are logged as an action; none when the models do not know it."""
        source, _, event_name = action.partition(":")
        return tuple(
            self._operation(service, name)
            for service in self.services(source)
            for name in self._names(service).get(event_name, ())
        )

    def event_names(self, source: str) -> frozenset[str]:
        """Every event name that an event source's operations are logged as."""
        return frozenset(name for service in self.services(source) for name in self._names(service))

    def logged_as(self, action: str) -> tuple[str, ...]:
        """The actions that an operation is logged as, given `source:Operation` by the API's name.

        `lambda:CreateFunction` is logged as `lambda:CreateFunction20150331`.
        """
        source, _, operation = action.partition(":")
        return tuple(
            f"{source}:{event_name}"
            for service in self.services(source)
            for event_name, names in self._names(service).items()
            if operation in names
        )

    def has_operation(self, service: str, operation: str) -> bool:
        """Whether botocore's `service` has the operation, by the API's name."""
        return service in self.service_names and operation in self._model(service)["operations"]

    def page_of(self, service: str, operation: str) -> str:
        """What the operation's page says of it and of the members of its request, as marked-up text."""
        model = self._model(service)
        definition = model["operations"][operation]
        shape = definition.get("input", {}).get("shape")
        members = model["shapes"][shape].get("members", {}) if shape else {}
        told = (definition, *members.values())
        return "\n".join(each.get("documentation", "") for each in told)

    def _names(self, service: str) -> dict[str, list[str]]:
        if service not in self._operations:
            # S3's deprecated operations share the event names of those that took their place.
            found: dict[str, list[str]] = {}
            for name, definition in self._model(service)["operations"].items():
                versioned = definition.get("name", name)
                uri = definition.get("http", {}).get("requestUri", "/")
                for event_name in event_names(service, name, versioned, uri):
                    found.setdefault(event_name, []).append(name)
            self._operations[service] = found
        return self._operations[service]

    def _operation(self, service: str, name: str) -> Operation:
        model = self._model(service)
        definition = model["operations"][name]

        def shape(part: str) -> Shape | None:
            if part not in definition:
                return None
            found = model["shapes"][definition[part]["shape"]]
            return Shape(found["type"], found, model["shapes"])

        return Operation(
            service, name, model["metadata"]["protocol"], shape("input"), shape("output")
        )

    def _model(self, service: str) -> Mapping[str, Any]:
        if service not in self._models:
            self._models[service] = self._loader.load_service_model(service, "service-2")
        return self._models[service]

    def _services_of_endpoint(self, source: str) -> tuple[str, ...]:
        # Rare and slow (all models, a few seconds): only for sources that nothing else explains.
        return tuple(
            service
            for service in sorted(self.service_names)
            if source in _endpoint_names(self._model(service)["metadata"])
        )


def _endpoint_names(metadata: Mapping[str, Any]) -> Iterable[str]:
    return (metadata["endpointPrefix"], metadata.get("signingName", ""))


def load_service_models() -> ServiceModels:
    """The models of the botocore that is installed.

    Raises:
        MissingExtra: botocore is not installed.
    """
    try:
        from botocore.loaders import create_loader  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtra("botocore is missing: pip install 'cloudcascade[check]'") from error
    return ServiceModels(create_loader())
