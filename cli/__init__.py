"""The `datacore` command."""
