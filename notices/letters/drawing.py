"""A letter as PDF/A-3: drawn once from what was frozen; the data and its signature travel inside as a file."""

from pathlib import Path

import qrcode
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import mark_safe
from qrcode.image.svg import SvgPathImage

from audit.services import canonical_json
from notices.enums import LetterKind
from notices.letters import signing
from notices.models import Letter


def address_of(letter: Letter) -> str:
    """Where anybody verifies the letter."""
    return f"{settings.PORTAL_URL}{reverse('notices:letter', args=[letter.code])}"


def page(letter: Letter) -> str:
    """The letter's page: in Chinese, with a summary in English."""
    with translation.override("zh-hans"):
        return render_to_string(
            "prints/letters/page.html",
            {
                "letter": letter,
                "said": letter.data,
                "body": f"prints/letters/_{LetterKind(letter.kind).value}.html",
                "code": signing.shown(letter.code),
                "address": address_of(letter),
                "qr": _qr(address_of(letter)),
            },
        )


def _qr(text: str) -> str:
    drawn = qrcode.make(text, image_factory=SvgPathImage, box_size=10, border=2)
    return mark_safe(drawn.to_string(encoding="unicode"))  # noqa: S308 (our own address, drawn by the library)


def drawn(letter: Letter) -> bytes:
    """The PDF. Nothing is fetched while drawing."""
    import weasyprint

    styles = [
        weasyprint.CSS(string=Path(finders.find(f"css/{name}.css")).read_text(encoding="utf-8"))
        for name in ("prints", "letters")
    ]
    inside = canonical_json(
        {"code": letter.code, "data": letter.data, "hash": letter.data_hash, "signature": letter.signature}
    )
    document = weasyprint.HTML(string=page(letter), base_url="about:blank", url_fetcher=_nothing)
    return document.write_pdf(
        stylesheets=styles,
        pdf_variant="pdf/a-3u",
        attachments=[
            weasyprint.Attachment(
                string=inside.encode(),
                name=f"{letter.number}.json",
                description="Data of the letter",
                created=letter.issued_at,
                modified=letter.issued_at,
                relationship="Data",
            )
        ],
    )


def _nothing(url: str, *args, **kwargs):
    raise ValueError("a letter fetches nothing")
