"""Preconditions tried out on moto, the simulator of AWS, where it enforces them.

A scenario makes a thing with something on it, calls the origin, which must be refused, takes the thing
off, and calls it again, which must succeed. Only what moto refuses is proved: it lets a user with MFA
devices or access keys be deleted, for one, so that it says nothing of those.
https://docs.getmoto.org/
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

from ..catalog import MissingExtra

# A client by the name of its service.
Clients = Callable[[str], Any]

_TRUST = '{"Version": "2012-10-17", "Statement": []}'
_POLICY = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
)
_REGION = "us-east-1"
# What a simulator takes for credentials; they open nothing.
_NOBODY = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": _REGION,
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One precondition: `effect` must be called before `origin` is accepted.

    `prepare` makes what the origin is about and returns its names for `origin_call` and `effect_call`.
    """

    origin: str
    effect: str
    prepare: Callable[[Clients], Mapping[str, str]]
    effect_call: Callable[[Clients, Mapping[str, str]], object]
    origin_call: Callable[[Clients, Mapping[str, str]], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scenario. `refusal` is the error code of the first call; None: it was accepted.

    `accepted`: the origin succeeded once the effect had been called.
    """

    scenario: Scenario
    refusal: str | None
    accepted: bool

    @property
    def proved(self) -> bool:
        """Whether the precondition is one."""
        return self.refusal is not None and self.accepted


def simulate(scenario: Scenario) -> Outcome:
    """Play the scenario in an account of its own, in this process, without any network.

    Raises:
        MissingExtra: moto or boto3 is not installed.
    """
    refused = _module("botocore.exceptions").ClientError
    with _simulator() as clients:
        names = scenario.prepare(clients)
        refusal = None
        try:
            scenario.origin_call(clients, names)
        except refused as error:
            refusal = str(error.response["Error"]["Code"])
        if refusal is None:
            return Outcome(scenario, None, False)
        scenario.effect_call(clients, names)
        try:
            scenario.origin_call(clients, names)
        except refused:
            return Outcome(scenario, refusal, False)
        return Outcome(scenario, refusal, True)


@contextmanager
def _simulator() -> Iterator[Clients]:
    boto3, moto = _module("boto3"), _module("moto")
    before = {name: os.environ.get(name) for name in _NOBODY}
    os.environ.update(_NOBODY)
    try:
        with moto.mock_aws():
            yield lambda service: boto3.client(service, region_name=_REGION)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtra("simulations take moto: pip install 'cloudcascade[evidence]'") from error


def _user(aws: Clients) -> Mapping[str, str]:
    aws("iam").create_user(UserName="bob")
    return {"user": "bob"}


def _user_with_attached_policy(aws: Clients) -> Mapping[str, str]:
    arn = aws("iam").create_policy(PolicyName="deny", PolicyDocument=_POLICY)["Policy"]["Arn"]
    names = {**_user(aws), "policy": arn}
    aws("iam").attach_user_policy(UserName=names["user"], PolicyArn=arn)
    return names


def _user_with_inline_policy(aws: Clients) -> Mapping[str, str]:
    names = _user(aws)
    aws("iam").put_user_policy(UserName="bob", PolicyName="deny", PolicyDocument=_POLICY)
    return names


def _role(aws: Clients) -> Mapping[str, str]:
    aws("iam").create_role(RoleName="app", AssumeRolePolicyDocument=_TRUST)
    return {"role": "app"}


def _role_with_attached_policy(aws: Clients) -> Mapping[str, str]:
    arn = aws("iam").create_policy(PolicyName="deny", PolicyDocument=_POLICY)["Policy"]["Arn"]
    names = {**_role(aws), "policy": arn}
    aws("iam").attach_role_policy(RoleName="app", PolicyArn=arn)
    return names


def _role_with_inline_policy(aws: Clients) -> Mapping[str, str]:
    names = _role(aws)
    aws("iam").put_role_policy(RoleName="app", PolicyName="deny", PolicyDocument=_POLICY)
    return names


def _role_in_profile(aws: Clients) -> Mapping[str, str]:
    names = _role(aws)
    aws("iam").create_instance_profile(InstanceProfileName="app")
    aws("iam").add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
    return {**names, "profile": "app"}


def _delete_user(aws: Clients, names: Mapping[str, str]) -> object:
    return aws("iam").delete_user(UserName=names["user"])


def _delete_role(aws: Clients, names: Mapping[str, str]) -> object:
    return aws("iam").delete_role(RoleName=names["role"])


def _empty_profile(aws: Clients, names: Mapping[str, str]) -> object:
    return aws("iam").remove_role_from_instance_profile(
        InstanceProfileName=names["profile"], RoleName=names["role"]
    )


def _vpc(aws: Clients) -> str:
    return str(aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def _vpc_with_subnet(aws: Clients) -> Mapping[str, str]:
    vpc = _vpc(aws)
    subnet = aws("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    return {"vpc": vpc, "subnet": subnet}


def _vpc_with_route_table(aws: Clients) -> Mapping[str, str]:
    vpc = _vpc(aws)
    table = aws("ec2").create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    return {"vpc": vpc, "table": table}


def _attached_gateway(aws: Clients) -> Mapping[str, str]:
    vpc = _vpc(aws)
    gateway = aws("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws("ec2").attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return {"vpc": vpc, "gateway": gateway}


def _delete_vpc(aws: Clients, names: Mapping[str, str]) -> object:
    return aws("ec2").delete_vpc(VpcId=names["vpc"])


def _all() -> Iterator[Scenario]:
    yield Scenario(
        "iam:DeleteUser",
        "iam:DetachUserPolicy",
        _user_with_attached_policy,
        lambda aws, names: aws("iam").detach_user_policy(
            UserName=names["user"], PolicyArn=names["policy"]
        ),
        _delete_user,
    )
    yield Scenario(
        "iam:DeleteUser",
        "iam:DeleteUserPolicy",
        _user_with_inline_policy,
        lambda aws, names: aws("iam").delete_user_policy(UserName="bob", PolicyName="deny"),
        _delete_user,
    )
    yield Scenario(
        "iam:DeleteRole",
        "iam:DetachRolePolicy",
        _role_with_attached_policy,
        lambda aws, names: aws("iam").detach_role_policy(
            RoleName=names["role"], PolicyArn=names["policy"]
        ),
        _delete_role,
    )
    yield Scenario(
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        _role_with_inline_policy,
        lambda aws, names: aws("iam").delete_role_policy(RoleName="app", PolicyName="deny"),
        _delete_role,
    )
    yield Scenario(
        "iam:DeleteRole",
        "iam:RemoveRoleFromInstanceProfile",
        _role_in_profile,
        _empty_profile,
        _delete_role,
    )
    yield Scenario(
        "iam:DeleteInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
        _role_in_profile,
        _empty_profile,
        lambda aws, names: aws("iam").delete_instance_profile(InstanceProfileName=names["profile"]),
    )
    yield Scenario(
        "ec2:DeleteVpc",
        "ec2:DeleteSubnet",
        _vpc_with_subnet,
        lambda aws, names: aws("ec2").delete_subnet(SubnetId=names["subnet"]),
        _delete_vpc,
    )
    yield Scenario(
        "ec2:DeleteVpc",
        "ec2:DeleteRouteTable",
        _vpc_with_route_table,
        lambda aws, names: aws("ec2").delete_route_table(RouteTableId=names["table"]),
        _delete_vpc,
    )
    yield Scenario(
        "ec2:DeleteInternetGateway",
        "ec2:DetachInternetGateway",
        _attached_gateway,
        lambda aws, names: aws("ec2").detach_internet_gateway(
            InternetGatewayId=names["gateway"], VpcId=names["vpc"]
        ),
        lambda aws, names: aws("ec2").delete_internet_gateway(InternetGatewayId=names["gateway"]),
    )


SCENARIOS: Mapping[tuple[str, str], Scenario] = MappingProxyType(
    {(each.origin, each.effect): each for each in _all()}
)
"""By origin and effect."""
