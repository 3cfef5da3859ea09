"""An S3 tool such as a client's till has: it knows an endpoint, a key, and nothing of us."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Tool:
    """Puts files with a client's own key."""

    endpoint_url: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)

    def put(self, file: Path, key: str) -> None:
        """Put `file` at `key`.

        Raises:
            botocore.exceptions.ClientError: The store does not allow it.
        """
        import boto3  # noqa: TID251 - it stands for the client's own tool, not for us
        from botocore.config import Config

        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(s3={"addressing_style": "path"}, proxies={}),
        )
        with file.open("rb") as content:
            client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType="text/csv")
