"""A real PostgreSQL and a real Valkey in DATA_DIR, from their wheels, for machines that have no servers.

Unix sockets only. Who owns the engines, and how they live and die: docs/decisions/0005-embedded-engines.md.
"""

from .engine import Engine
from .owner import Engines, running
from .places import (
    APP_ROLE,
    NAME,
    SOCKET_LIMIT,
    EngineError,
    Urls,
    answering,
    data_dir,
    postgres_socket,
    prepare,
    urls,
    valkey_socket,
)
from .programs import client_program

__all__ = [
    "APP_ROLE",
    "NAME",
    "SOCKET_LIMIT",
    "Engine",
    "EngineError",
    "Engines",
    "Urls",
    "answering",
    "client_program",
    "data_dir",
    "postgres_socket",
    "prepare",
    "running",
    "urls",
    "valkey_socket",
]
