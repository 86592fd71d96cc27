"""A process of its own for what could take long or grow: `python -I child.py KIND` reads a file, writes what it is.

It limits itself before it reads a byte: 10 seconds of processor, 512 MB, no files. It imports nothing but the standard
library and the checks, so it starts fast and holds no secret.
"""

import json
import sys
from pathlib import Path

SECONDS = 10
BYTES = 512 * 1024 * 1024


def limit() -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system; the parent's clock remains
        return
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    except (ValueError, OSError):  # macOS knows the limit and does not keep it
        pass


def main(kind: str) -> dict:
    from documents.gate.structure import CHECKS
    from documents.gate.structure.broken import Broken

    try:
        return {"facts": CHECKS[kind](sys.stdin.buffer.read())}
    except Broken as broken:
        return {"code": broken.code, "values": broken.values}


if __name__ == "__main__":
    limit()
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.stdout.write(json.dumps(main(sys.argv[1])))
