"""Bring the database to the newest schema: `python -m infra.postgres`."""

from common.settings import Settings
from infra.postgres import migrate

if __name__ == "__main__":
    migrate(Settings().postgres_owner_url.get_secret_value())
