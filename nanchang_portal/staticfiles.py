"""Bootstrap's compiled assets, taken from the installed package instead of a copy in the repository."""

import importlib.util
import re
from pathlib import Path

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage

FILES = ("css/bootstrap.min.css", "js/bootstrap.bundle.min.js")
SOURCE_MAP = re.compile(rb"^(/\*|//)# sourceMappingURL=[^\n]*\n?", re.MULTILINE)


class _Storage(FileSystemStorage):
    """Serves the files without their last line, which names a source map that the manifest storage would look for."""

    prefix = "bootstrap"

    def _open(self, name: str, mode: str = "rb") -> File:
        with super()._open(name, mode) as stored:
            return ContentFile(SOURCE_MAP.sub(b"", stored.read()), name=name)


class BootstrapFinder(BaseFinder):
    """Finds `bootstrap/css/bootstrap.min.css` and `bootstrap/js/bootstrap.bundle.min.js`."""

    def __init__(self, app_names=None, *args, **kwargs) -> None:
        spec = importlib.util.find_spec("bootstrap_wrapper")
        if spec is None or spec.origin is None:
            raise ImproperlyConfigured("The package bootstrap-wrapper is not installed: run `make setup`.")
        self.storage = _Storage(Path(spec.origin).parents[1] / "bootstrap")

    def check(self, **kwargs) -> list:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs) -> list[str] | str:
        name = Path(path).as_posix()
        found = [self.storage.path(file) for file in FILES if name == f"{self.storage.prefix}/{file}"]
        return found if find_all else next(iter(found), [])

    def list(self, ignore_patterns):
        for file in FILES:
            if not matches_patterns(file, ignore_patterns):
                yield file, self.storage
