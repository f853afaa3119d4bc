"""How the sample day is told: scenes of labelled events, each with the verdict that it should get."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cloudcascade.samples import callers
from cloudcascade.samples.callers import Caller, Json
from cloudcascade.samples.records import Call, record

from .changes import Step
from .cloudtrail import START
from .household import Household
from .sessions import assume

Verdict = tuple[str, str | None]
"""A verdict's name and cascade."""
UNLISTED: Verdict = ("unlisted", None)
ORPHAN: Verdict = ("orphan", None)


def clock(text: str) -> int:
    """A time of the day, `HH:MM:SS` in UTC, as seconds since 1970.

    >>> clock("00:01:00") - START
    60
    """
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return START + hours * 3_600 + minutes * 60 + seconds


def part_of(cascade: str, origin: str, *effects: str) -> dict[str, Verdict]:
    """The verdicts of a cascade's actions; `effects` are event names of the origin's service."""
    service = origin.partition(":")[0]
    verdicts: dict[str, Verdict] = {f"{service}:{name}": ("effect", cascade) for name in effects}
    return {**verdicts, origin: ("origin", cascade)}


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the story: its record, its scene, what it is, and the verdict it should get."""

    record: Json
    scene: str
    what: str
    verdict: Verdict = UNLISTED


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene, played in `home`; `told` fills as it is played."""

    name: str
    home: Household
    told: list[Told] = field(default_factory=list)

    def tell(
        self,
        caller: Caller,
        at: str | int,
        call: Call,
        what: str,
        verdict: Verdict = UNLISTED,
        *,
        where: Household | None = None,
    ) -> None:
        """`caller` makes `call` at that time of the day, in the scene's household or in another."""
        place = where or self.home
        time = clock(at) if isinstance(at, str) else at
        made = record(self.home.ids, caller, call, time, region=place.region, account=place.account)
        self.told.append(Told(made, self.name, what, verdict))

    def play(
        self, caller: Caller, at: str, steps: Sequence[Step], verdicts: Mapping[str, Verdict]
    ) -> None:
        """`caller` makes all steps of a change. A failed one explains nothing and is explained by nothing, unless
        all that failed it is that there was nothing to delete."""
        for step in steps:
            failed = step.call.error is not None and step.call.error[0] != "NoSuchEntityException"
            expected = ORPHAN if failed else verdicts.get(step.call.action, UNLISTED)
            self.tell(caller, clock(at) + step.after, step.call, step.label, expected)

    def assume(
        self,
        caller: Caller,
        of: callers.Role,
        name: str,
        at: str,
        what: str,
        *,
        address: str,
        agent: str,
        verdict: Verdict = UNLISTED,
    ) -> Caller:
        """`caller` assumes a role; returns the session."""
        seen, begun = assume(self.home, caller, of, name, clock(at), address=address, agent=agent)
        self.told.append(Told(seen, self.name, what, verdict))
        return begun


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the scenes play: the main account, the account of the backup vault, and the people."""

    home: Household
    vault: Household
    admin: Caller
    admin_console: Caller
    engineer: Caller


def stage(home: Household, vault: Household) -> Stage:
    """The people of the story, all signed in through IAM Identity Center."""
    ids = home.ids
    admins = callers.sso_role(ids, home.account, "AdministratorAccess")

    def person(name: str, address: str, agent: str, *, console: bool = False) -> Caller:
        return callers.session(
            ids,
            admins,
            f"{name}@example.com",
            since=clock("07:30:00"),
            address=address,
            agent=agent,
            console=console,
        )

    return Stage(
        home=home,
        vault=vault,
        admin=person("tomas.berg", "198.51.100.22", callers.TERRAFORM),
        admin_console=person("lena.vogt", "198.51.100.23", callers.BROWSER, console=True),
        engineer=person("priya.nair", "198.51.100.21", callers.CLI.format(command="s3api")),
    )
