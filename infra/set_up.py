"""Prepare the servers of a deployment, once or again: `python -m infra.set_up`.

It is their administrator, after they are healthy and before any function; nobody else ever is.
PostgreSQL's schema is `python -m infra.postgres`; RabbitMQ loads its topology by itself.
"""

from common.settings import Administration, Settings
from common.store_admin import StoreAdmin
from infra import mongo, store


def main() -> None:
    """Prepare store and database; what is there already is brought to what it should be."""
    settings, known = Settings(), Administration()
    admin = StoreAdmin(
        url=settings.s3_endpoint_url or "",
        access_key=known.s3_access_key,
        secret_key=known.s3_secret_key.get_secret_value(),
        bucket=settings.bucket,
    )
    secrets = {name: secret.get_secret_value() for name, secret in known.s3_secrets.items()}
    store.prepare(admin, settings.bucket, target=known.s3_target, secrets=secrets)
    mongo.prepare(
        known.mongo_url.get_secret_value(),
        member=known.mongo_member,
        password=known.mongo_password.get_secret_value(),
    )


if __name__ == "__main__":
    main()
