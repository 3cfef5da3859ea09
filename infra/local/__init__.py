"""The embedded servers: real ones, as plain processes, for people and tests without Docker."""

from pathlib import Path

DOCTOR = Path(__file__).with_name("doctor.sh")
