"""What everyday calls carry: their parameters, in CloudTrail's spelling, drawn for a household."""

from collections.abc import Callable

from cloudcascade.samples.callers import Json

from .household import Household

Build = Callable[[Household], Json | None]


def nothing(_: Household) -> None:
    """No parameters at all: null."""


def everything(_: Household) -> Json:
    """Parameters of which none is given."""
    return {}


def fixed(**parameters: object) -> Build:
    """The same `parameters` each time."""
    return lambda _: dict(parameters)


def filtered(name: str, prefix: str) -> Build:
    """A filter on the resource that a field of EC2 names; `prefix` is that of its id."""
    return lambda home: {
        "filterSet": {
            "items": [
                {"name": name, "valueSet": {"items": [{"value": f"{prefix}{home.ids.hex(17)}"}]}}
            ]
        }
    }


def of_instance(home: Household) -> Json:
    """One EC2 instance."""
    instance = home.pick(home.instances)
    return {"instancesSet": {"items": [{"instanceId": instance}]}, "filterSet": {}}


def bucket(parameter: str) -> Build:
    """One bucket, and the part of it that is asked for."""

    def build(home: Household) -> Json:
        bucket = home.pick(home.buckets)
        host = f"{bucket}.s3.{home.region}.amazonaws.com"
        return {"bucketName": bucket, "Host": host, parameter: ""}

    return build


def s3_extra(home: Household) -> Json:
    """What S3 adds to a record."""
    return {
        "additionalEventData": {
            "SignatureVersion": "SigV4",
            "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": 0,
            "AuthenticationMethod": "AuthHeader",
            "x-amz-id-2": home.ids.hex(76),
            "bytesTransferredOut": home.ids.rng.randrange(200, 2_000),
        },
        "resources": [
            {
                "accountId": home.account,
                "type": "AWS::S3::Bucket",
                "ARN": f"arn:aws:s3:::{home.pick(home.buckets)}",
            }
        ],
    }


def key_extra(home: Household) -> Json:
    """The key that KMS says it used."""
    return {
        "resources": [
            {"accountId": home.account, "type": "AWS::KMS::Key", "ARN": home.pick(home.keys)}
        ]
    }


def object_context(home: Household) -> Json:
    """A ciphertext that S3 has KMS decrypt."""
    bucket = home.pick(home.buckets)
    return {
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::{bucket}"},
    }


def data_key(home: Household) -> Json:
    """A data key for an object in S3."""
    return {
        "keyId": home.pick(home.keys),
        "keySpec": "AES_256",
        "encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::{home.pick(home.buckets)}"},
    }


def log_stream(home: Household) -> Json:
    """A log stream of a function."""
    return {
        "logGroupName": f"/aws/lambda/{home.pick(home.functions)}",
        "logStreamName": f"2026/03/17/[$LATEST]{home.ids.hex(32)}",
    }


def tags(home: Household) -> Json:
    """Tags which the cluster puts on a volume."""
    return {
        "resourcesSet": {"items": [{"resourceId": f"vol-{home.ids.hex(17)}"}]},
        "tagSet": {
            "items": [
                {"key": "kubernetes.io/created-for/pvc/name", "value": f"data-{home.ids.hex(8)}"},
                {"key": "KubernetesCluster", "value": "prod"},
            ]
        },
    }


def image_layers(home: Household) -> Json:
    """A layer of a container image."""
    return {
        "registryId": home.account,
        "repositoryName": f"apps/{home.pick(home.functions)}",
        "layerDigest": f"sha256:{home.ids.hex(64)}",
    }


def registry(home: Household) -> Json:
    """The repository of a container image."""
    return {
        "resources": [
            {
                "accountId": home.account,
                "ARN": home.arn("ecr", f"repository/apps/{home.pick(home.functions)}"),
            }
        ]
    }


def ping(home: Household) -> Json:
    """What the SSM agent reports of its instance."""
    return {
        "instanceId": home.pick(home.instances),
        "agentVersion": "3.3.1345.0",
        "agentStatus": "Active",
        "platformType": "Linux",
        "platformName": "Amazon Linux",
        "platformVersion": "2023",
        "iPAddress": f"10.20.{home.ids.rng.randrange(32)}.17",
        "computerName": f"ip-10-20-{home.ids.rng.randrange(32)}-17.ec2.internal",
        "agentName": "amazon-ssm-agent",
        "availabilityZone": f"{home.region}a",
    }


def role_name(home: Household) -> Json:
    """One of the roles."""
    return {"roleName": home.roles[int(home.ids.rng.random() * len(home.roles))].name}


def policy_version(home: Household) -> Json:
    """A version of a policy."""
    name = home.pick(home.functions)
    return {"policyArn": f"arn:aws:iam::{home.account}:policy/{name}", "versionId": "v3"}


def alarm(home: Household) -> Json:
    """An alarm on a function."""
    return {"alarmNames": [f"{home.pick(home.functions)}-errors"], "maxRecords": 100}


def group(home: Household) -> Json:
    """An Auto Scaling group."""
    return {"autoScalingGroupNames": [f"eks-{home.ids.of('web', 'batch', 'gpu')}-workers"]}


def targets(home: Household) -> Json:
    """A target group."""
    name = home.pick(home.functions)
    return {
        "targetGroupArn": home.arn("elasticloadbalancing", f"targetgroup/{name}/0f1e2d3c4b5a6978")
    }


def function(home: Household) -> Json:
    """A function."""
    return {"functionName": home.arn("lambda", f"function:{home.pick(home.functions)}")}


def table(home: Household) -> Json:
    """A table."""
    return {"tableName": home.pick(home.functions)}


def table_extra(home: Household) -> Json:
    """The table that DynamoDB says was meant."""
    arn = home.arn("dynamodb", f"table/{home.pick(home.functions)}")
    return {"resources": [{"accountId": home.account, "type": "AWS::DynamoDB::Table", "ARN": arn}]}


def queue(home: Household) -> Json:
    """A queue."""
    name = home.pick(home.functions)
    url = f"https://sqs.{home.region}.amazonaws.com/{home.account}/{name}"
    return {"attributeNames": ["All"], "queueUrl": url}


def key(home: Household) -> Json:
    """Names a KMS key."""
    return {"keyId": home.pick(home.keys)}


def associations(home: Household) -> Json:
    """An instance, of which the SSM agent asks what to do."""
    return {"instanceId": home.pick(home.instances), "maxResults": 20}


def retention(home: Household) -> Json:
    """A log group, and the days that its events are kept."""
    return {"logGroupName": f"/aws/lambda/{home.pick(home.functions)}", "retentionInDays": 30}


def done(home: Household) -> Json:
    """What EC2 answers when there is nothing to say."""
    return {"requestId": home.ids.uuid(), "_return": True}
