"""Checks of a file's inner structure. Standard library only: they run in a process that sees nothing else."""

from collections.abc import Callable

from documents.gate.structure import jpeg, pdf, png

CHECKS: dict[str, Callable[[bytes], dict[str, int]]] = {
    "pdf": pdf.check,
    "png": png.check,
    "jpeg": jpeg.check,
}
