"""The queue as the admin's list: tabs, menus, pages by key, a count that stops at a thousand, saved views."""

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import F, Lookup
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from casework.desk import filters, keyset, queue, rows, saved_views, search
from policy.workdays import working_days

#: Nobody counts further; the list says "more than".
COUNTED = 1000
#: What of an address says where in the list one is, not what the list holds.
PLACE = ("p", keyset.AFTER, keyset.BEFORE)


class Page(Paginator):
    """What Django's templates ask of a paginator; the rows come by key."""

    def __init__(self, rows, count: int, size: int) -> None:
        super().__init__(rows, size)
        self.__dict__["count"] = count


class AnyOf(Lookup):
    """Keys as one array: of a thousand single ones Django would check and write each."""

    def get_prep_lookup(self) -> list[int]:
        return list(self.rhs)

    def as_sql(self, compiler, connection):
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY(%s::bigint[])", [*params, self.rhs]


class Queue(ChangeList):
    """The list with its filters laid out as tabs and menus above the table."""

    def __init__(self, request, *args, **kwargs):
        self.cursor, self.request = keyset.read(request.GET), request
        super().__init__(request, *args, **kwargs)
        self.title = _("Review queue")
        self.views = saved_views.of(request.user)

    def get_filters_params(self, params=None):
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in PLACE}

    def get_queryset(self, request, exclude_parameters=None):
        found = super().get_queryset(request, exclude_parameters)
        words = request.GET.get("q", "").strip()
        # Sorting is the page's business: the whole list is never put in order.
        found = found.order_by()
        return found.filter(search.condition(words)) if words else found

    def get_results(self, request):
        newest_first = self.waiting_filter.chosen == filters.WaitingFilter.ALL
        found = list(self.queryset.values_list("pk", flat=True)[: COUNTED + 1])
        # Few rows are fetched by their keys and put in order: along the index, most rows would be read in vain.
        few = len(found) <= COUNTED
        wanted = self.root_queryset.filter(AnyOf(F("pk"), found)) if few else self.queryset
        page = keyset.take(wanted, self.cursor, self.list_per_page, newest_first=newest_first)
        age = queue.ages(timezone.localdate(), working_days())
        for case in page.rows:
            case.age = age(case)
        self.result_list, self.page = page.rows, page
        self.result_count = self.full_result_count = len(found)
        self.show_full_result_count, self.show_admin_actions = False, bool(page.rows)
        self.can_show_all, self.multi_page = False, False
        self.paginator = Page(page.rows, len(found), self.list_per_page)

    def get_ordering(self, request, queryset):
        return []

    def get_ordering_field_columns(self):
        return {}

    # What the template asks for

    @property
    def markable(self) -> bool:
        return "action_checkbox" in self.list_display

    @property
    def rows(self) -> SafeString:
        kept = self.model_admin.get_preserved_filters(self.request)
        return rows.drawn(self.result_list, kept=kept, markable=self.markable)

    @property
    def count_text(self) -> str:
        if self.result_count > COUNTED:
            return _("more than %(count)s") % {"count": f"{COUNTED:,}"}
        return f"{self.result_count:,}"

    @property
    def previous_url(self) -> str:
        return self._at(keyset.BEFORE, self.page.previous)

    @property
    def following_url(self) -> str:
        return self._at(keyset.AFTER, self.page.following)

    def _at(self, name: str, cursor: str) -> str:
        return self.get_query_string({name: cursor}, [n for n in PLACE if n != name]) if cursor else ""

    @property
    def waiting_filter(self) -> filters.WaitingFilter:
        return next(spec for spec in self.filter_specs if isinstance(spec, filters.WaitingFilter))

    @property
    def menus(self) -> list[filters.FixedFilter]:
        return [spec for spec in self.filter_specs if isinstance(spec, filters.FixedFilter)]

    @property
    def amounts(self) -> filters.AmountFilter:
        return next(spec for spec in self.filter_specs if isinstance(spec, filters.AmountFilter))

    @property
    def tabs(self) -> list[dict]:
        spec = self.waiting_filter
        return [
            {
                "label": label,
                "code": code,
                "url": self.get_query_string({spec.parameter_name: code}, PLACE),
                "selected": code == spec.chosen,
            }
            for code, label in spec.lookup_choices
        ]

    @property
    def narrowed(self) -> bool:
        return bool(self.query or any(menu.chosen for menu in self.menus) or self.amounts.chosen)

    @property
    def search_everywhere(self) -> str:
        """The same search over all cases."""
        return self.get_query_string({self.waiting_filter.parameter_name: filters.WaitingFilter.ALL}, PLACE)

    @property
    def view_query(self) -> str:
        """What a saved view of this list would keep."""
        return saved_views.clean(self.get_query_string(remove=PLACE).lstrip("?"))
