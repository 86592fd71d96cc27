"""Log lines that carry the number of the request or task they belong to, and nothing personal.

One line of JSON each in a deployment, one line of text on one machine (`LOG_FORMAT`). Whatever looks like an identity
or account number, a mobile number or an address of mail is masked in every line, tracebacks included: the last wall,
behind the rule that nobody logs what people typed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

PERSONAL = re.compile(
    r"(?P<number>(?<![\w.-])\d{11,19}[Xx]?(?![\w.-]))|(?P<mail>[\w.+%-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,})"
)


def scrub(text: str) -> str:
    """`text` with everything that may be a person's number or address masked."""
    return PERSONAL.sub(lambda found: f"[{found.lastgroup}]", text)


def begin_request(number: str) -> None:
    """Every line of this thread carries the request's number from now on, until the next request begins.

    Not only while the middleware runs: Django logs a refused or failed request after it.
    """
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=number)


@contextmanager
def numbered(**numbers: str) -> Iterator[None]:
    """Every line that this block logs carries `numbers` (request, task), and none of what was bound before."""
    before = structlog.contextvars.get_contextvars()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**{name: value for name, value in numbers.items() if value})
    try:
        yield
    finally:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**before)


def current(name: str) -> str:
    """The number `name` that is bound now, or an empty text."""
    return structlog.contextvars.get_contextvars().get(name, "")


def _extra(logger: object, method: str, event: dict) -> dict:
    """What was logged with `extra={"fields": {...}}` as fields of the line; Django's lines without the address."""
    record = event.get("_record")
    if request := getattr(record, "request", None):
        match = getattr(request, "resolver_match", None)
        event["event"] = (
            f"{event['event'].partition(':')[0]}: {match.view_name if match else 'no such route'}"
        )
    return event | getattr(record, "fields", {})


def _scrubbed(logger: object, method: str, event: dict) -> dict:
    return {name: scrub(value) if isinstance(value, str) else value for name, value in event.items()}


def _as_text(logger: object, method: str, event: dict) -> str:
    at, level, name = event.pop("at"), event.pop("level").upper(), event.pop("logger")
    text, trace = event.pop("event"), event.pop("exception", "")
    numbers = "".join(f" {key}={value}" for key, value in event.items())
    return f"{at} {level} {name} {text}{numbers}" + (f"\n{trace}" if trace else "")


def configuration(style: str) -> dict:
    """Django's LOGGING; `style` is "json" or "line"."""
    render = structlog.processors.JSONRenderer(ensure_ascii=False) if style == "json" else _as_text
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    structlog.contextvars.merge_contextvars,
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                ],
                "processors": [
                    _extra,
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    _scrubbed,
                    render,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "INFO"},
        # Django's own handlers (mail to the administrators) would send what people typed; only the console is left.
        "loggers": {"django": {"handlers": [], "level": "INFO", "propagate": True}},
    }
