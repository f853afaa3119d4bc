"""An account as a log shows it: the principals who work in it and the things they work on."""

from dataclasses import dataclass, field

from cloudcascade.samples import callers
from cloudcascade.samples.callers import Caller, Role
from cloudcascade.samples.identifiers import Ids

_PEOPLE = ("alex.kim", "priya.nair", "tomas.berg", "lena.vogt", "sam.osei", "mei.tanaka")
_BUCKETS = (
    "app-assets",
    "access-logs",
    "data-lake-raw",
    "data-lake-curated",
    "backups",
    "artifacts",
)
_FUNCTIONS = ("orders-api", "invoice-render", "thumbnailer", "nightly-report", "webhook-fanout")
_LINKED = (
    ("config", "AWSServiceRoleForConfig", "AWSConfig-Describe"),
    ("autoscaling", "AWSServiceRoleForAutoScaling", "AutoScaling"),
    ("elasticloadbalancing", "AWSServiceRoleForElasticLoadBalancing", "ElasticLoadBalancing"),
    ("trustedadvisor", "AWSServiceRoleForTrustedAdvisor", "TrustedAdvisor_{account}_{uuid}"),
    ("inspector2", "AWSServiceRoleForAmazonInspector2", "Inspector2"),
    ("resource-explorer-2", "AWSServiceRoleForResourceExplorer", "resource-explorer-2"),
    ("access-analyzer", "AWSServiceRoleForAccessAnalyzer", "access-analyzer"),
)
# Groups of callers, by the share of an action's calls that the group makes.
GROUPS = ("workload", "person", "pipeline", "user", "linked", "service", "node")


@dataclass(slots=True)
class Household:
    """One account in one region: `groups` are its callers, the lists are its resources."""

    ids: Ids
    account: str
    region: str
    groups: dict[str, list[Caller]] = field(default_factory=dict)
    instances: list[str] = field(default_factory=list)
    buckets: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    deploy: Role = field(init=False)

    def __post_init__(self) -> None:
        self.deploy = callers.role(self.ids, self.account, "deploy-pipeline")

    def caller(self, group: str) -> Caller:
        """Somebody of that group."""
        members = self.groups[group]
        return members[int(self.ids.rng.random() * len(members))]

    def replace_one(self, group: str, newcomer: Caller) -> None:
        """One session of the group has expired; another was begun."""
        members = self.groups[group]
        members[int(self.ids.rng.random() * len(members))] = newcomer

    def pick(self, things: list[str]) -> str:
        """One of the account's things."""
        return things[int(self.ids.rng.random() * len(things))]

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource of this account."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def household(ids: Ids, account: str, region: str, start: int) -> Household:
    """An account with its usual inhabitants, whose sessions began shortly before `start`."""
    home = Household(ids, account, region)
    rng = ids.rng
    home.instances = [f"i-{ids.hex(17)}" for _ in range(40)]
    home.buckets = [f"example-{name}-{account[:4]}-{region}" for name in _BUCKETS]
    home.functions = list(_FUNCTIONS)
    home.keys = [home.arn("kms", f"key/{ids.uuid()}") for _ in range(6)]
    home.secrets = [
        home.arn("secretsmanager", f"secret:prod/{name}-{ids.upper(6)}")
        for name in ("orders-db", "billing-db", "stripe", "smtp")
    ]
    home.roles = [
        callers.role(ids, account, f"{name}-role", "/service-role/") for name in _FUNCTIONS
    ]
    home.roles += [
        callers.role(ids, account, name)
        for name in ("ecs-task-orders", "ecs-task-search", "eks-node-group", "app-server")
    ]
    *lambdas, task_orders, task_search, nodes, server = home.roles
    since = start - rng.randrange(600, 3_000)
    home.groups["workload"] = [
        callers.session(ids, of, name, since=since, address=_outside(ids), agent=callers.BOTO)
        for of, name in zip(lambdas, _FUNCTIONS, strict=True)
    ] + [
        callers.session(ids, of, ids.hex(32), since=since, address=_inside(ids), agent=callers.JAVA)
        for of in (task_orders, task_search)
        for _ in range(4)
    ]
    home.groups["node"] = [
        callers.session(
            ids,
            of,
            instance,
            since=since,
            address=_inside(ids),
            agent=ids.of(callers.GO, callers.GO_V1, callers.SSM_AGENT),
            ec2=True,
        )
        for of, instance in zip((nodes, server) * 20, home.instances, strict=True)
    ]
    readers = callers.sso_role(ids, account, "ReadOnlyAccess")
    engineers = callers.sso_role(ids, account, "PowerUserAccess")
    home.groups["person"] = []
    for number, name in enumerate(_PEOPLE):
        for console in (True, False):
            agent = callers.BROWSER if console else callers.CLI.format(command="ec2.describe")
            home.groups["person"].append(
                callers.session(
                    ids,
                    (readers, engineers)[number % 2],
                    f"{name}@example.com",
                    since=since,
                    address=f"198.51.100.{20 + number}",
                    agent=agent,
                    console=console,
                )
            )
    home.groups["pipeline"] = [
        callers.session(
            ids, home.deploy, f"run-{rng.randrange(10**9, 10**10)}", since=since,
            address=f"20.57.78.{rng.randrange(1, 255)}", agent=callers.TERRAFORM,
        )
        for _ in range(4)
    ]  # fmt: skip
    home.groups["user"] = [
        callers.iam_user(ids, account, name, address=_outside(ids), agent=agent)
        for name, agent in (
            ("svc-metrics", callers.BOTO),
            ("svc-billing-export", callers.JAVA),
            ("legacy-sftp", callers.GO),
        )
    ]
    home.groups["linked"] = [
        callers.service_linked(
            ids, account, service, name, as_.format(account=account, uuid=ids.uuid()), since
        )
        for service, name, as_ in _LINKED
    ]
    home.groups["service"] = [
        callers.aws_service(f"{name}.amazonaws.com")
        for name in ("cloudtrail", "delivery.logs", "lambda", "ec2", "ecs-tasks", "ssm", "events")
    ]
    return home


def _inside(ids: Ids) -> str:
    return f"10.20.{ids.rng.randrange(0, 32)}.{ids.rng.randrange(4, 250)}"


def _outside(ids: Ids) -> str:
    return f"203.0.113.{ids.rng.randrange(1, 255)}"
