"""The limited process that colours a copy: `python annotate_child.py <file>`, what to say on stdin, the copy on stdout.

It imports nothing of the portal.
"""

import io
import json
import re
import resource
import sys
import unicodedata

MEMORY, SECONDS = 512 * 1024 * 1024, 20


def plain_key(text: object) -> str:
    return re.sub(r"[\s*＊:：]", "", unicodedata.normalize("NFKC", str(text or ""))).casefold()


def main(path: str) -> None:
    said = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    fill = PatternFill("solid", fgColor="FFF4B8B0")
    with open(path, "rb") as file:  # the name has no suffix, which openpyxl would ask for
        # Values for formulas, no other files: a colleague opens the copy, and it comes from the portal.
        book = openpyxl.load_workbook(io.BytesIO(file.read()), data_only=True, keep_links=False)
    for page in book.worksheets:
        disarm(page)
    names = {plain_key(name): name for name in book.sheetnames}
    for sheet in said["sheets"]:
        known = [names[plain_key(name)] for name in sheet["names"] if plain_key(name) in names]
        pages = (
            [book[known[0]]]
            if known
            else [book[n] for n in book.sheetnames if book[n].sheet_state == "visible"]
        )
        heads = {plain_key(head): name for head, name in sheet["heads"].items()}
        for page in pages[:1] if known else pages:
            columns = find_head(page, heads)
            if not columns:
                continue
            for row, errors in sheet["rows"].items():
                for column, message in errors:
                    cell = page.cell(int(row), columns.get(column, 1))
                    before = cell.comment.text + "\n" if cell.comment else ""
                    cell.comment = Comment(before + message, "Portal", height=120, width=320)
                    cell.fill = fill
            break
    target = io.BytesIO()
    book.save(target)
    sys.stdout.buffer.write(target.getvalue())


def disarm(page) -> None:
    """No cell calculates and none leads anywhere."""
    for row in page.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
            if getattr(cell, "hyperlink", None):
                cell.hyperlink = None


def find_head(page, heads: dict[str, str]) -> dict[str, int]:
    for row in page.iter_rows(min_row=1, max_row=6):
        columns = {heads[plain_key(c.value)]: c.column for c in row if plain_key(c.value) in heads}
        if len(columns) > 1:
            return columns
    return {}


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except MemoryError:
        sys.exit(77)
