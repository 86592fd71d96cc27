"""Client countries and regions (ISO 3166-1 alpha-2) and currencies (ISO 4217) that the forms offer.

Hong Kong, Macao and Taiwan count as offshore; mainland China does not (POLICY, Practice).
"""

from django.utils.translation import gettext_lazy as _

ONSHORE = "CN"

COUNTRIES = [
    ("US", _("United States")),
    ("JP", _("Japan")),
    ("HK", _("Hong Kong SAR")),
    ("MO", _("Macao SAR")),
    ("TW", _("Taiwan region")),
    ("SG", _("Singapore")),
    ("KR", _("Korea, Republic of")),
    ("GB", _("United Kingdom")),
    ("DE", _("Germany")),
    ("FR", _("France")),
    ("NL", _("Netherlands")),
    ("CH", _("Switzerland")),
    ("IE", _("Ireland")),
    ("SE", _("Sweden")),
    ("FI", _("Finland")),
    ("DK", _("Denmark")),
    ("NO", _("Norway")),
    ("IT", _("Italy")),
    ("ES", _("Spain")),
    ("BE", _("Belgium")),
    ("AT", _("Austria")),
    ("PL", _("Poland")),
    ("RU", _("Russian Federation")),
    ("CA", _("Canada")),
    ("AU", _("Australia")),
    ("NZ", _("New Zealand")),
    ("IN", _("India")),
    ("MY", _("Malaysia")),
    ("TH", _("Thailand")),
    ("VN", _("Viet Nam")),
    ("PH", _("Philippines")),
    ("ID", _("Indonesia")),
    ("AE", _("United Arab Emirates")),
    ("SA", _("Saudi Arabia")),
    ("IL", _("Israel")),
    ("BR", _("Brazil")),
    ("MX", _("Mexico")),
    ("ZA", _("South Africa")),
    ("CN", _("China (mainland)")),
    ("ZZ", _("Another country")),
]

CURRENCIES = [
    ("USD", _("US dollar")),
    ("EUR", _("Euro")),
    ("JPY", _("Japanese yen")),
    ("GBP", _("Pound sterling")),
    ("HKD", _("Hong Kong dollar")),
    ("SGD", _("Singapore dollar")),
    ("KRW", _("Korean won")),
    ("AUD", _("Australian dollar")),
    ("CAD", _("Canadian dollar")),
    ("CHF", _("Swiss franc")),
    ("TWD", _("New Taiwan dollar")),
    ("MOP", _("Macanese pataca")),
    ("CNY", _("Renminbi")),
]
