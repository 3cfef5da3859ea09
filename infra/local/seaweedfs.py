"""SeaweedFS out of a wheel, as the S3 server: one versioned bucket, its changes announced."""

import dataclasses
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.home import HOST, SECOND_PORT, Home, Ports, Secrets, write_json
from infra.local.object_store_keys import BUCKET, OPERATOR, s3_client
from infra.local.process import Command
from infra.local.programs import program_in_scripts

SERVICE_KEY = "datacore"


class SeaweedServer:
    """`weed mini`: master, volumes, filer and S3 gateway in one process."""

    name = "seaweedfs"

    def __init__(self, home: Home, ports: Ports, secrets: Secrets) -> None:
        self._home = home
        self._ports = ports
        self._secrets = secrets
        self._identities = home.path / "s3.json"

    @property
    def url(self) -> str:
        """Endpoint of the S3 gateway."""
        return f"http://{HOST}:{self._ports.s3}"

    def prepare(self, run: Callable[[Command], None]) -> None:  # noqa: ARG002 - nothing to run
        """Write who may come in without being made at run time, and where changes go."""
        self.remove_sockets()
        write_json(
            self._identities,
            {
                "identities": [
                    _identity(OPERATOR, self._secrets.s3_operator, ["Admin"]),
                    _identity(SERVICE_KEY, self._secrets.s3_service, _service_actions()),
                ]
            },
        )
        notification = self._folder / "notification.toml"
        notification.touch(mode=0o600)
        notification.write_text(self._notification())

    @property
    def _folder(self) -> Path:
        return self._home.folder("seaweedfs")

    def _notification(self) -> str:
        # Strings of TOML are those of JSON here. An update only changes attributes.
        options = {
            "enabled": True,
            "endpoint": f"http://{HOST}:{self._ports.announcer}/",
            "bearer_token": self._secrets.announcer,
            "event_types": ["create", "delete"],
            "path_prefixes": [f"/buckets/{BUCKET}/"],
        }
        lines = (f"{name} = {json.dumps(value)}\n" for name, value in options.items())
        return "[notification.webhook]\n" + "".join(lines)

    def command(self) -> Command:
        """Return how to run it: all its listeners on loopback, calling nobody outside."""
        options = {
            "dir": self._home.folder("seaweedfs/data"),
            "ip": HOST,
            "ip.bind": HOST,
            "s3.config": self._identities,
            "s3.autoCreateBucket": "false",
            "s3.iam.readOnly": "false",  # keys of clients are made while it runs
            "s3.allowedOrigins": ",".join(self._origins()),
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "admin.ui": "false",
            "webdav": "false",
            "master.telemetry": "false",
            "s3.port": self._ports.s3,
            "master.port": self._ports.master,
            "filer.port": self._ports.filer,
            "volume.port": self._ports.volume,
            "admin.port": self._ports.admin,
            "volume.preStopSeconds": 0,
        }
        return Command(
            name=self.name,
            argv=(
                *(program_in_scripts("weed"), "-logtostderr=true", "mini"),
                *(f"-{name}={value}" for name, value in options.items()),
            ),
            # It looks for notification.toml where it runs.
            cwd=self._folder,
            log=self._home.log(self.name),
            environment={
                "HOME": str(self._folder),
                # Without these keys anybody on this machine could pass by the S3 gateway.
                "WEED_JWT_SIGNING_KEY": self._secrets.s3_internal,
                "WEED_JWT_SIGNING_READ_KEY": self._secrets.s3_internal,
                "WEED_JWT_FILER_SIGNING_KEY": self._secrets.s3_internal,
                "WEED_JWT_FILER_SIGNING_READ_KEY": self._secrets.s3_internal,
            },
            stop_within_s=15.0,
        )

    def remove_sockets(self) -> None:
        """Remove the socket files that it leaves in the folder for temporary files."""
        own = dataclasses.astuple(self._ports)
        for port in (*own, *(port + SECOND_PORT for port in own)):
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 - fixed there
                socket.unlink(missing_ok=True)

    def _origins(self) -> tuple[str, str]:
        """Return the page's origins: a browser on them may put files here."""
        return f"http://{HOST}:{self._ports.api}", f"http://localhost:{self._ports.api}"

    def is_ready(self) -> bool:
        """Say whether the S3 gateway knows its keys and its buckets, and gives out what is there.

        It answers before it has learnt from the volume server where the bytes are.
        """
        s3 = s3_client(self.url, OPERATOR, self._secrets.s3_operator)
        try:
            if BUCKET in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
                for found in s3.list_objects_v2(Bucket=BUCKET, MaxKeys=1).get("Contents", ()):
                    s3.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].close()
        except (BotoCoreError, ClientError):
            return False
        return True

    def bootstrap(self) -> None:
        """Make sure that the bucket is there and keeps versions."""
        s3 = s3_client(self.url, OPERATOR, self._secrets.s3_operator)
        with suppress(s3.exceptions.BucketAlreadyExists, s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def _identity(name: str, secret: str, actions: list[str]) -> dict[str, object]:
    key = {"accessKey": name, "secretKey": secret}
    return {"name": name, "credentials": [key], "actions": actions}


def _service_actions() -> list[str]:
    """Return what the functions may do: read, list, sign uploads; nothing outside the bucket."""
    return [f"{action}:{BUCKET}" for action in ("Read", "Write", "List", "Tagging")]
