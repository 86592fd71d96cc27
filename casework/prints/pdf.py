"""A print as PDF/A, drawn by WeasyPrint with pango; without pango the browser prints the same page."""

from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

#: Above so many rows drawing would hold the web process for too long; the browser prints such a list.
MOST_ROWS = 1000


@cache
def is_available() -> bool:
    """False where the library that draws text is not installed."""
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return False
    return True


def drawn(html: str) -> bytes:
    """The PDF of a print's page. Nothing is fetched: what the page refers to beside its style does not appear."""
    import weasyprint

    style = weasyprint.CSS(string=Path(finders.find("css/prints.css")).read_text(encoding="utf-8"))
    page = weasyprint.HTML(string=html, base_url="about:blank", url_fetcher=_nothing)
    return page.write_pdf(stylesheets=[style], pdf_variant="pdf/a-3u")


def _nothing(url: str, *args, **kwargs):
    raise ValueError("a print fetches nothing")
