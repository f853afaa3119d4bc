"""Calls that hand out temporary credentials, and the sessions that begin with them."""

from cloudcascade.samples import callers
from cloudcascade.samples.callers import Caller, Json
from cloudcascade.samples.identifiers import spoken
from cloudcascade.samples.records import Call, record

from .household import Household


def hand_out(home: Household, at: int) -> Json:
    """Somebody assumes a role; the session replaces one of those at work."""
    chance = home.ids.rng.random()
    if chance < 0.7:
        return _for_a_service(home, at)
    if chance < 0.9:
        return _between_roles(home, at)
    return _for_the_pipeline(home, at)


def issued(home: Household, at: int, arn: str, session_id: str) -> Json:
    """The responseElements of a call that hands out the credentials of a session."""
    return {
        "credentials": {
            "accessKeyId": home.ids.unique("ASIA"),
            "sessionToken": home.ids.token(),
            "expiration": spoken(at + 3_600),
        },
        "assumedRoleUser": {"assumedRoleId": session_id, "arn": arn},
    }


def assume(
    home: Household,
    caller: Caller,
    of: callers.Role,
    name: str,
    at: int,
    *,
    address: str,
    agent: str,
    action: str = "sts:AssumeRole",
    more: Json | None = None,
) -> tuple[Json, Caller]:
    """The record of `caller` assuming a role, and the session it is handed."""
    arn = f"arn:aws:sts::{of.account}:assumed-role/{of.name}/{name}"
    response = issued(home, at, arn, f"{of.unique_id}:{name}")
    request = {"roleArn": of.arn, "roleSessionName": name, "durationSeconds": 3_600}
    extra: Json = {
        "resources": [{"accountId": of.account, "type": "AWS::IAM::Role", "ARN": of.arn}]
    }
    if caller.identity["type"] in ("AWSService", "AWSAccount"):
        extra["sharedEventID"] = home.ids.uuid()
    call = Call(action, request | (more or {}), response, read_only=True, extra=extra)
    made = record(home.ids, caller, call, at, region=home.region, account=home.account)
    key = response["credentials"]["accessKeyId"]
    return made, callers.session(
        home.ids, of, name, since=at, address=address, agent=agent, access_key=key
    )


def _for_a_service(home: Household, at: int) -> Json:
    service = home.ids.of("lambda", "ecs-tasks", "ec2", "ec2", "lambda", "scheduler")
    of = home.roles[int(home.ids.rng.random() * len(home.roles))]
    name = home.pick(home.instances if service == "ec2" else home.functions)
    seen, begun = assume(
        home, callers.aws_service(f"{service}.amazonaws.com"), of, name, at,
        address=f"10.20.{home.ids.rng.randrange(32)}.9", agent=callers.JAVA,
    )  # fmt: skip
    home.replace_one("node" if service == "ec2" else "workload", begun)
    return seen


def _between_roles(home: Household, at: int) -> Json:
    group = home.ids.of("workload", "person", "user", "vendor")
    of = home.roles[-1]
    caller = (
        callers.cross_account(home.ids, "777788889999") if group == "vendor" else home.caller(group)
    )
    name = f"botocore-session-{at}" if group != "vendor" else "vendor-scan"
    seen, begun = assume(home, caller, of, name, at, address=caller.address, agent=caller.agent)
    home.replace_one("workload", begun)
    return seen


def _for_the_pipeline(home: Household, at: int) -> Json:
    run = home.ids.rng.randrange(10**9, 10**10)
    seen, begun = begin_run(home, f"run-{run}", at, agent=callers.TERRAFORM)
    home.replace_one("pipeline", begun)
    return seen


def begin_run(
    home: Household, name: str, at: int, *, agent: str, repository: str = "example/infrastructure"
) -> tuple[Json, Caller]:
    """The pipeline of a repository assumes the deployment role with the token of its OpenID provider."""
    provider = "token.actions.githubusercontent.com"
    stranger = callers.web_identity(
        home.account, provider, "sts.amazonaws.com", f"repo:{repository}:ref:refs/heads/main"
    )
    return assume(
        home, stranger, home.deploy, name, at,
        address=f"20.57.78.{home.ids.rng.randrange(1, 255)}", agent=agent,
        action="sts:AssumeRoleWithWebIdentity",
    )  # fmt: skip
