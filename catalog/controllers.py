"""The noisy principals that every account has: data/controllers.yaml, read once.

An environment's own roles are `Controller`s of its cascade.toml (`overlay.py`).
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import Annotated

import yaml
from pydantic import AfterValidator, Field, StrictBool, TypeAdapter

from .models import Model, Where
from .terms import Text

_INVOKER = "userIdentity.invokedBy"
_ISSUER = "userIdentity.sessionContext.sessionIssuer.arn"
_RESERVED = ":role/aws-service-role/"


def _one_pattern(text: str) -> str:
    if "*" in text.replace("*:", "", 1).removesuffix("*"):
        raise ValueError("only a whole service and the end of a name may be *")
    return text


class KnownController(Model):
    """A service or an automation that calls much by itself.

    `attested`: AWS vouches for it (`userIdentity.invokedBy`, or a role below `aws-service-role/`, a path
    that only AWS can give); what is merely claimed may be anybody.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
    """

    title: Text
    attested: StrictBool
    where: Annotated[Where, Field(min_length=1, description="How its events are recognised.")]
    calls: Annotated[
        tuple[Annotated[str, AfterValidator(_one_pattern)], ...],
        Field(
            min_length=1, description="Actions it is expected to call; `*` stands for any ending."
        ),
    ]
    note: Text

    def expects(self, action: str) -> bool:
        """Whether the action is one that it is expected to call."""
        whole, beginnings, name_beginnings = self._expected
        name = action.partition(":")[2]
        return (
            action in whole
            or name in whole
            or action.startswith(beginnings)
            or name.startswith(name_beginnings)
        )

    @cached_property
    def _expected(self) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
        """Actions and, of any service, bare names; beginnings of actions; beginnings of names."""
        of_any = [call[2:] for call in self.calls if call.startswith("*:")]
        of_one = [call for call in self.calls if not call.startswith("*:")]
        return (
            frozenset(call for call in (*of_one, *of_any) if not call.endswith("*")),
            tuple(call[:-1] for call in of_one if call.endswith("*")),
            tuple(name[:-1] for name in of_any if name.endswith("*")),
        )


@cache
def known_controllers() -> Mapping[str, KnownController]:
    """The table of the package, by name."""
    file = resources.files(__package__) / "data" / "controllers.yaml"
    table = yaml.load(
        file.read_text(encoding="utf-8"),
        Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),  # noqa: S506 - both are safe loaders
    )
    return MappingProxyType(
        TypeAdapter(dict[str, KnownController]).validate_python(table["controllers"])
    )


@cache
def attested_services() -> Mapping[str, str]:
    """The names of the controllers that AWS attests, by the service principal that it shows of them; one that begins
    with a full stop is the end of several."""
    found: dict[str, str] = {}
    for name, controller in known_controllers().items():
        if not controller.attested:
            continue
        invoker, issuer = controller.where.get(_INVOKER), controller.where.get(_ISSUER)
        if invoker is not None and isinstance(invoker.equals, str):
            found.setdefault(invoker.equals, name)
        elif invoker is not None and invoker.endswith is not None:
            found.setdefault(invoker.endswith, name)
        elif issuer is not None and issuer.endswith is not None:
            service = issuer.endswith.removeprefix(_RESERVED).partition("/")[0]
            found.setdefault(service, name)
    return MappingProxyType(found)


def unattested(controllers: Iterable[tuple[str, KnownController]]) -> Iterator[str]:
    """The names of those that call themselves attested and rest on no fact that AWS sets."""
    for name, controller in controllers:
        invoker, issuer = controller.where.get(_INVOKER), controller.where.get(_ISSUER)
        vouched = invoker is not None and bool(invoker.equals or invoker.endswith)
        reserved = issuer is not None and (issuer.endswith or "").startswith(_RESERVED)
        if controller.attested and not (vouched or reserved):
            yield name
