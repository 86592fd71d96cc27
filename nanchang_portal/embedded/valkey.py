"""Valkey in `DATA_DIR/valkey`: an append-only file, nothing evicted, one socket."""

import signal

import redis

from nanchang_portal import processes

from .engine import Engine
from .places import valkey_socket
from .programs import valkey_program


class Valkey(Engine):
    name = "valkey"
    stopping = [(signal.SIGTERM, 15.0)]

    def start(self, lock: int) -> None:
        socket = valkey_socket(self.data_dir)
        options = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "dir": str(socket.parent),
            "databases": "64",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "protected-mode": "yes",
            "enable-debug-command": "no",
            "enable-module-command": "no",
            "daemonize": "no",
        }
        self.process = processes.spawn(
            [valkey_program(), *(word for name, value in options.items() for word in (f"--{name}", value))],
            log=self.log,
            death_signal=signal.SIGTERM,
            cwd=socket.parent,
            pass_fds=[lock],
        )
        with redis.Redis(unix_socket_path=str(socket), socket_timeout=5) as client:
            self.wait_for(client.ping)
