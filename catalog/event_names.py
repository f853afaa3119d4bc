"""How CloudTrail spells the name of an API operation, where that is not the operation's own name."""

import re

# Lambda's operations carry the date of the API version in their path, and CloudTrail appends it;
# later operations (function URLs, code signing, event invocation) go by their plain name.
# https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
_LAMBDA_DATE = re.compile(r"/(\d{4})-(\d{2})-(\d{2})/")
_LAMBDA_LAST_SUFFIXED_YEAR = 2018
_LAMBDA_DATA_EVENTS = frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"})
# Operations whose second revision is what today's calls are logged as.
_LAMBDA_SECOND_REVISION = frozenset(
    {
        "AddPermission",
        "GetFunction",
        "GetFunctionConfiguration",
        "GetPolicy",
        "RemovePermission",
        "TagResource",
        "UntagResource",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    }
)

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
_S3_NAMES = {
    ("s3", "DeletePublicAccessBlock"): "DeleteBucketPublicAccessBlock",
    ("s3", "GetBucketAccelerateConfiguration"): "GetAccelerateConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "GetBucketLifecycle",
    ("s3", "GetBucketNotificationConfiguration"): "GetBucketNotification",
    ("s3", "GetObjectLockConfiguration"): "GetBucketObjectLockConfiguration",
    ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
    ("s3", "PutBucketAccelerateConfiguration"): "PutAccelerateConfiguration",
    ("s3", "PutBucketLifecycleConfiguration"): "PutBucketLifecycle",
    ("s3", "PutBucketNotificationConfiguration"): "PutBucketNotification",
    ("s3", "PutObjectLockConfiguration"): "PutBucketObjectLockConfiguration",
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3control", "DeletePublicAccessBlock"): "DeleteAccountPublicAccessBlock",
    ("s3control", "GetPublicAccessBlock"): "GetAccountPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
}


def event_names(service: str, operation: str, versioned_name: str, uri: str) -> tuple[str, ...]:
    """The event names that CloudTrail gives to calls of an operation, the usual one first.

    None when the calls are logged under another event source than the service's.

    `service` is botocore's name, `versioned_name` and `uri` are the operation's `name` and
    `http.requestUri` in the service model; CloudFront's versioned names end in the API version.

    >>> event_names("lambda", "CreateFunction", "CreateFunction", "/2015-03-31/functions")
    ('CreateFunction20150331',)
    >>> event_names("iam", "DeleteUser", "DeleteUser", "/")
    ('DeleteUser',)
    """
    if service == "lambda" and operation not in _LAMBDA_DATA_EVENTS:
        dated = _LAMBDA_DATE.match(uri)
        if dated is not None and int(dated[1]) <= _LAMBDA_LAST_SUFFIXED_YEAR:
            name = operation + "".join(dated.groups())
            return (name + "v2", name) if operation in _LAMBDA_SECOND_REVISION else (name,)
    if service == "s3control" and "Bucket" in operation:
        return ()  # buckets on Outposts, which log as s3-outposts
    if renamed := _S3_NAMES.get((service, operation)):
        return (renamed,)
    if service == "cloudfront" and versioned_name != operation:
        return (operation, versioned_name)
    return (operation,)
