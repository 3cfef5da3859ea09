"""Structured logs: a constant event name and fields, one line per message handled.

Every line goes through here, libraries' too, and loses what gives access: the secrets that this
function was given, wherever they stand, and what looks like a secret of somebody else.
"""

import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr

from common.settings import Settings


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Have a module look as if it were not installed, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment] # an import of it fails
    try:
        yield
    finally:
        del sys.modules[module]


# To draw errors, which no line of ours does, it would load what takes a tenth of a function's start.
with _without("rich"):
    import structlog
    from structlog.typing import EventDict, Processor, WrappedLogger

get_logger = structlog.get_logger
bound = structlog.contextvars.bound_contextvars

# Each keeps what stands before the secret.
_SECRETS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Presigned URLs and forms, and what S3 clients send as their authorization.
        r"((?:X-Amz-)?(?:Signature|Credential|Security-Token)[\"']?\s*(?:[=:]|%3[DA])\s*[\"']?)[^\s&\"'<>,;)}]+",
        # The last @ before the host ends a password: one that was not escaped may hold more.
        r"([a-z][a-z0-9+.-]*://[^\s/:@\"']*:)[^\s/?#]*(?=@)",
        r"(Bearer\s+)[^\s\"',]+",
        r"(dc_[a-z0-9-]+_)[\w-]{16,}",  # an API token
    )
)
# A shorter one is no secret, and a word that happens to be one would vanish from every line.
_SHORTEST = 8
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
        strip_secrets(settings),
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
    threading.excepthook = _log_the_end_of_a_thread


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


def _log_the_end_of_a_thread(end: threading.ExceptHookArgs) -> None:
    name = end.thread and end.thread.name
    error = (end.exc_type, end.exc_value, end.exc_traceback)
    structlog.get_logger().critical("thread_died", thread=name, exc_info=error)


# --- what must not be read ------------------------------------------------------------------


def strip_secrets(settings: Settings) -> Processor:
    """Return what takes secrets out of every field, the traceback included."""
    given = sorted(set(_given(settings)), key=len, reverse=True)  # a URL before its password
    patterns = [*map(re.compile, map(re.escape, given))]

    def strip(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return {name: _stripped(value, patterns) for name, value in event.items()}

    return strip


def _given(settings: Settings) -> Iterator[str]:
    """Yield each secret of the settings in every spelling: as given, escaped, out of its URL."""
    values = [v.get_secret_value() for _, v in settings if isinstance(v, SecretStr)]
    for secret in [*values, *(urlsplit(value).password or "" for value in values)]:
        if len(secret) >= _SHORTEST:
            yield from (secret, unquote(secret), quote(secret, safe=""))


def _stripped(value: object, given: list[re.Pattern[str]]) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {_stripped(k, given): _stripped(v, given) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_stripped(content, given) for content in value]
        case _:
            words = str(value)
            for pattern in _SECRETS:
                words = pattern.sub(r"\1***", words)
            for pattern in given:
                words = pattern.sub("***", words)
            return words


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
