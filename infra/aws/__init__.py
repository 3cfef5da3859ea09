"""Set up what DataCore needs of AWS, or of a server that speaks its protocols: bucket and queues.

Done again it changes nothing. The database, MongoDB and Redis are services of their own.
"""

import json
from contextlib import suppress
from typing import Any

import boto3
from localstack_client.session import Session as EmulatorSession

from common.events import FUNCTIONS, ObjectCreated
from common.settings import Settings

# Lambda asks for six times its own timeout (5 minutes at most here). Our runtime sets the wait of
# each message it works on; this one is for those of a batch that wait for their turn.
VISIBILITY_S = 1800
KEEP_S = 14 * 24 * 3600
# The runtime counts tries and parks. SQS gives up only on what kills every worker before it counts.
MOST_RECEIVES = 1000
_DEAD = "dead"


def set_up(settings: Settings) -> None:
    """Create the bucket, the queues and the notifications between them."""
    s3, sqs = _client("s3", settings), _client("sqs", settings)
    _make_bucket(s3, settings)
    dead = _make_queue(sqs, settings.queue_prefix + _DEAD, {})
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": MOST_RECEIVES})
    arns = {
        name: _make_queue(sqs, settings.queue_prefix + name, {"RedrivePolicy": redrive})
        for name in FUNCTIONS
    }
    _announce(s3, sqs, settings, arns[ObjectCreated.queue])


def _client(service: str, settings: Settings) -> Any:
    url = settings.s3_endpoint_url if service == "s3" else settings.sqs_endpoint_url
    if url is None:
        return boto3.client(service, region_name=settings.aws_region)
    session = EmulatorSession(
        aws_access_key_id=settings.aws_access_key_id or "test",
        aws_secret_access_key=settings.aws_secret_access_key.get_secret_value() or "test",
        region_name=settings.aws_region,
    )
    # It knows one address for all services; the two of our settings may differ.
    session._service_endpoint_mapping[service] = url  # noqa: SLF001
    return session.client(service)


def _make_bucket(s3: Any, settings: Settings) -> None:
    # us-east-1 is the one region that may not be named.
    where = (
        {}
        if settings.aws_region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": settings.aws_region}}
    )
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=settings.bucket, **where)
    s3.put_bucket_versioning(Bucket=settings.bucket, VersioningConfiguration={"Status": "Enabled"})


def _make_queue(sqs: Any, name: str, more: dict[str, str]) -> str:
    """Create the queue, or bring it to these attributes; return its ARN."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = {
        "VisibilityTimeout": str(VISIBILITY_S),
        "MessageRetentionPeriod": str(KEEP_S),
        "SqsManagedSseEnabled": "true",
        **more,
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def _announce(s3: Any, sqs: Any, settings: Settings, arn: str) -> None:
    """Have the bucket tell the queue of every object that comes or goes.

    Without a filter: S3 compares endings with case, and tills write `.CSV` as often as `.csv`.
    """
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {
                    "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{settings.bucket}"},
                    # A bucket's name is free for others to take once it is deleted.
                    "StringEquals": {"aws:SourceAccount": arn.split(":")[4]},
                },
            }
        ],
    }
    url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    s3.put_bucket_notification_configuration(
        Bucket=settings.bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "Id": "datacore",
                    "QueueArn": arn,
                    "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                }
            ]
        },
    )
