"""The gate: what may come in at all, judged while the person waits and before the scanner and any parser.

A limited process looks into the file (`structure.py`): the web process unpacks nothing of somebody else's.
"""

import json
import subprocess
import sys
from pathlib import Path

from workbooks.reading.refusals import Unreadable

MAX_BYTES = 30 * 1024 * 1024
_FORMATS = ("xlsx", "xls", "ods", "csv")
_TWINS = {"txt": "csv", "xlt": "xls", "xltx": "xlsx", "ots": "ods"}
_WITH_MACROS = ("xlsm", "xltm", "xlsb", "xlam", "xla")
_STRUCTURE = Path(__file__).with_name("structure.py")
#: Above the process's own limit of processor time, which a busy machine may stretch.
_SECONDS = 30


def look(path: Path, name: str) -> str:
    """The format of the file: xlsx, xls, ods or csv. Raises Unreadable."""
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("empty")
    if size > MAX_BYTES:
        raise Unreadable("too_large", limit=MAX_BYTES // 1024 // 1024)
    found = _format(path)
    suffix = name.rpartition(".")[2].lower()
    if suffix in _WITH_MACROS:
        raise Unreadable("macros")
    expected = _TWINS.get(suffix, suffix)
    if expected not in _FORMATS:
        raise Unreadable("format")
    if expected != found:
        raise Unreadable("mismatch", name=suffix, found=found)
    return found


def _format(path: Path) -> str:
    """What the limited process says. Raises Unreadable, also when it hit a limit."""
    command = [sys.executable, "-I", "-S", str(_STRUCTURE), str(path)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            env={"PATH": "", "PYTHONUTF8": "1"},
            cwd="/",
            check=False,
        )
        said = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise Unreadable("slow") from None
    if "refused" in said:
        raise Unreadable(said["refused"])
    return said["format"]
