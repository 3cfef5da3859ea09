"""The servers as plain processes, for people and tests without Docker."""
