"""To be paid: what may go into a batch now, what not yet and why, and the preview before a batch is made."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, QueryDict

from payments import owing
from payments.desk.common import whole
from payments.gates import Prospect, prospects
from payments.owing import ZERO
from payments.selectors import total_of, unpaid_lines
from payments.services.batches import MOST
from policy.enums import ProgrammeCode

PAGE_SIZE = 50
#: Lines that stay behind which a preview names; more than that nobody reads.
STAYING_SHOWN = 100
READY, ALL = "ready", "all"


@dataclass(frozen=True)
class Chosen:
    """What the list shows: the programme, whether only what the notice lets go, and the search."""

    programme: str
    show: str
    search: str

    @classmethod
    def of(cls, data: QueryDict) -> "Chosen":
        programme = data.get("programme", "")
        return cls(
            programme if programme in ProgrammeCode.values else ProgrammeCode.OFFSHORE,
            ALL if data.get("show") == ALL else READY,
            data.get("q", "").strip()[:60],
        )

    @property
    def lines(self):
        return unpaid_lines(self.programme, search=self.search, noticed=self.show == READY)


def page_of(request: HttpRequest, chosen: Chosen) -> dict:
    """Context of the list: a page of lines with what hinders each."""
    page = Paginator(chosen.lines, PAGE_SIZE).get_page(request.GET.get("p"))
    kept = request.GET.copy()
    kept.pop("p", None)
    return {
        "page_obj": page,
        "rows": prospects(list(page)),
        "chosen": chosen,
        "programmes": ProgrammeCode.choices,
        "kept": kept.urlencode(),
        "most": MOST,
    }


def preview(data: QueryDict) -> dict:
    """Context of the preview: what would go into a batch, and what not and why."""
    chosen = Chosen.of(data)
    if "all" in data:
        lines = chosen.lines[: MOST + 1]
    else:
        keys = [whole(text) for text in data.getlist("line")[: MOST + 1]]
        lines = unpaid_lines(chosen.programme, noticed=False).filter(pk__in=keys)
    judged = prospects(list(lines))
    cut = len(judged) > MOST
    judged = judged[:MOST]
    going = [prospect for prospect in judged if not prospect.hindrances]
    staying = [prospect for prospect in judged if prospect.hindrances]
    kept = [sum(owed.values(), ZERO) for owed in owing.set_offs_for([prospect.line for prospect in going])]
    return {
        "going": list(zip(going, kept, strict=True)),
        "kept_rmb": sum(kept, ZERO),
        "to_bank_rmb": total_of(going) - sum(kept, ZERO),
        "staying": staying[:STAYING_SHOWN],
        "staying_more": max(0, len(staying) - STAYING_SHOWN),
        "staying_count": len(staying),
        "total": total_of(going),
        "cut_at": MOST if cut else None,
        "chosen": chosen,
        "token": token_of(going),
    }


def token_of(going: list[Prospect]) -> str:
    """Each line with the account that the preview showed, in one field: forms of thousands of fields are refused."""
    return ",".join(f"{prospect.line.pk}:{prospect.account.pk}" for prospect in going)


def read_token(text: str) -> dict[int, int]:
    """What `token_of` wrote; parts that it did not write are left out."""
    found = {}
    for part in text.split(",")[: MOST + 1]:
        line, _colon, account = part.partition(":")
        if whole(line) > 0 and whole(account) > 0:
            found[whole(line)] = whole(account)
    return found
