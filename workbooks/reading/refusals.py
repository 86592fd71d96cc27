"""Why a file as a whole is not read. Each sentence says what is wrong and what to do."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

SENTENCES = {
    "empty": _("This file is empty. Choose the workbook again."),
    "too_large": _("This file is larger than %(limit)s MB. Split it into several workbooks."),
    "format": _(
        "This is no spreadsheet that the portal reads. Save it as .xlsx, .xls, .ods or .csv and upload"
        " it again."
    ),
    "mismatch": _(
        "The file's name ends in .%(name)s, but what is inside is .%(found)s. Save it again under its"
        " own format."
    ),
    "damaged": _(
        "This workbook is damaged and cannot be opened. Open it in your spreadsheet program, save it"
        " anew and upload that file."
    ),
    "macros": _(
        "This workbook contains macros. Save it as a workbook without macros (.xlsx) and upload that file."
    ),
    "external": _(
        "This workbook refers to other files. Replace the links by their values and save it again."
    ),
    "encrypted": _(
        "This workbook is protected by a password. Save it without a password and upload it again."
    ),
    "entities": _(
        "This workbook contains XML declarations that no spreadsheet program writes. Save it anew and"
        " upload that file."
    ),
    "bomb": _(
        "Unpacked, this workbook is far larger than a spreadsheet should be. Copy your rows into a fresh"
        " template."
    ),
    "many_parts": _(
        "This workbook has more parts than a spreadsheet should have. Copy your rows into a fresh template."
    ),
    "bad_part": _("This workbook contains a part with an unsafe name. Save it anew and upload that file."),
    "infected": _(
        "The virus scanner found “%(signature)s” in this workbook. It was not opened, and it is deleted. Have your"
        " computer checked before you upload another file."
    ),
    "no_scanner": _("The virus scanner does not answer, so this file cannot be opened now. Try again later."),
    "slow": _(
        "Reading this workbook took too long. Copy your rows into a fresh template, without empty rows"
        " and formats below them."
    ),
    "memory": _(
        "This workbook needs too much memory. Often a single cell far below or far right of your rows is the cause:"
        " delete the empty rows and columns after your data, or copy your rows into a fresh template."
    ),
    "encoding": _("The characters of this file cannot be read. Save it as CSV in UTF-8 or GB18030."),
    "no_sheet": _(
        "None of the template's sheets is in this workbook. Download the template and copy your rows into it."
    ),
    "no_head": _(
        "Sheet %(sheet)s lacks these columns: %(columns)s. The first row must hold the heads of the template."
    ),
    "other_heads": _(
        "Sheet %(sheet)s lacks these columns: %(columns)s. The first row must hold the heads of the template;"
        " it does not know these: %(others)s."
    ),
    "twice": _("Sheet %(sheet)s has the column %(column)s twice. Keep one of them."),
    "other_kind": _(
        "This workbook was made from another template (%(found)s). Use the template of this page."
    ),
    "version": _(
        "This workbook was made from version %(found)s of the template; now it is version %(version)s."
        " Download the template again and copy your rows into it."
    ),
    "too_many_rows": _("Sheet %(sheet)s has more than %(limit)s rows. Split it into several workbooks."),
    "stray": _(
        "Sheet %(sheet)s has something in row %(row)s, far below its other rows (the last is %(last)s). Delete"
        " what stands there."
    ),
    "too_many_columns": _(
        "Sheet %(sheet)s has more than %(limit)s columns. Keep the columns of the template."
    ),
    "no_rows": _("There is no row to read in this workbook. Rows marked as example are passed over."),
    "case": _("Choose the claim into which the receipts belong, and upload the workbook again."),
    "gone": _("The file is not here any more. Upload it again."),
    "died": _(
        "The portal could not finish reading this workbook. Nothing was changed; upload it again or tell"
        " the bureau."
    ),
}


class Unreadable(Exception):
    """The file as a whole cannot be read. `code` is stable."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    @property
    def message(self) -> str:
        return str(SENTENCES[self.code]) % {k: str(v) for k, v in self.params.items()}

    @property
    def both(self) -> dict[str, str]:
        """The sentence in both languages."""
        found = {}
        for key, language in (("en", "en"), ("zh", "zh-hans")):
            with override(language):
                found[key] = self.message
        return found
