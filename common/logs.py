"""Structured logs: a constant event name and fields, one line per message handled.

Every line goes through here, libraries' too, and loses what gives access: signatures of presigned
URLs and passwords in URLs.
"""

import logging
import re
import sys
from types import TracebackType

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from common.settings import Settings

_SIGNED = re.compile(
    r"(X-Amz-(?:Signature|Credential|Security-Token)[\"']?\s*(?:=|:|%3D|%3A)\s*[\"']?)[^\s&\"'<>,;)}]+",
    re.IGNORECASE,
)
# The last @ before the host ends the password: one that was not escaped may hold more of them.
_PASSWORD = re.compile(r"([a-z][a-z0-9+.-]*://[^\s/:@\"']*:)[^\s/?#]*(?=@)", re.IGNORECASE)
# What could end a line or steer a terminal, and with that forge the next line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure(settings: Settings, *, function: str) -> None:
    """Send every log line to stderr, as JSON or for a terminal, with the function's name."""

    def name_function(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        event["function"] = function  # bound here, not to a context: other threads log as well
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        name_function,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        strip_secrets,
    ]
    last = _rendering(settings.log_format)
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _take_over_libraries(shared, last)
    sys.excepthook = _log_the_end


def _rendering(log_format: str) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.JSONRenderer()]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return [escape_control, plain]


def _take_over_libraries(shared: list[Processor], last: list[Processor]) -> None:
    """Have what libraries warn of take the same way; their errors quote URLs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *shared,
                *last,
            ],
        )
    )
    root = logging.getLogger()
    for old in [h for h in root.handlers if _is_ours(h)]:
        root.removeHandler(old)
    root.addHandler(handler)


def _is_ours(handler: logging.Handler) -> bool:
    return isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)


def _log_the_end(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    structlog.get_logger().critical("died", exc_info=(kind, error, trace))


# --- what must not be read ------------------------------------------------------------------


def strip_secrets(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Take signatures and passwords out of every field, the traceback included."""
    return {name: _stripped(value) for name, value in event.items()}


def _stripped(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {_stripped(key): _stripped(content) for key, content in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_stripped(content) for content in value]
        case _:
            return _PASSWORD.sub(r"\1***", _SIGNED.sub(r"\1***", str(value)))


def escape_control(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Keep what was said by others from looking like lines of ours.

    A traceback keeps its lines, each of them indented.
    """
    escaped = {name: _escaped(value) for name, value in event.items()}
    if isinstance(story := event.get("exception"), str):
        escaped["exception"] = "\n".join(f"    {_escaped(line)}" for line in story.split("\n"))
    return escaped


def _escaped(value: object) -> object:
    if not isinstance(value, str):
        return value  # shown by its repr, which escapes
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), value)
