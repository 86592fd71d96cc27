"""Static files where `make run` serves them."""

import gzip
from collections.abc import Iterator
from pathlib import Path

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage

#: What every page loads. The desk's libraries and what is compressed already stay as they are.
FIRST_VIEW = ("bootstrap/", "css/", "django_htmx/", "img/", "js/")
TEXTS = (".css", ".js", ".svg")


class FirstViewCompressedStorage(ManifestStaticFilesStorage):
    """Names with hashes as in production; of a page's own files also the `.gz` that WhiteNoise sends.

    All files, with brotli too, as production compresses them, would take ten seconds.
    """

    def post_process(self, *args, **kwargs) -> Iterator[tuple]:
        for name, hashed, processed in super().post_process(*args, **kwargs):
            yield name, hashed, processed
            if processed and hashed and name.startswith(FIRST_VIEW) and name.endswith(TEXTS):
                path = Path(self.path(hashed))
                Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
