"""PostgreSQL: roles and schema. `migrate` brings a database to the newest schema."""

from pathlib import Path


def migrate(owner_url: str) -> None:
    """Run all migrations that `owner_url`'s database has not seen yet, as its owner.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database cannot be reached, or a statement failed.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    # A percent sign is an interpolation to the configuration's parser.
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    command.upgrade(config, "head")
