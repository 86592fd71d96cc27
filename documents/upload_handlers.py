"""A ceiling over everything that is uploaded anywhere in the portal."""

from django.core.files.uploadhandler import FileUploadHandler

# Above every limit of a checklist or a workbook: those say in words that a file is too large.
CEILING = 64 * 1024 * 1024


class LimitHandler(FileUploadHandler):
    """Reads on but keeps nothing beyond the ceiling: a file of 10 GB fills no disk, and is refused as too large."""

    def new_file(self, *args, **kwargs) -> None:
        super().new_file(*args, **kwargs)
        self.kept = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.kept += len(raw_data)
        return raw_data if self.kept <= CEILING else None

    def file_complete(self, file_size: int) -> None:
        return None
