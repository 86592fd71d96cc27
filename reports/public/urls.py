"""What everybody may read; included at the root."""

from django.urls import path

from reports.api import docs
from reports.public import check, feeds, lists, pages, search_engines
from reports.statistics import views as statistics

app_name = "public"
urlpatterns = [
    path("guide/<str:name>", pages.guide, name="guide"),
    path("questions", pages.page, {"name": "questions"}, name="questions"),
    path("accessibility", pages.page, {"name": "accessibility"}, name="accessibility"),
    path("privacy", pages.page, {"name": "privacy"}, name="privacy"),
    path("contact", pages.page, {"name": "contact"}, name="contact"),
    path("check/offshore", check.check_offshore, name="check_offshore"),
    path("check/training", check.check_training, name="check_training"),
    path("register", lists.organisations, name="organisations"),
    path("register.csv", lists.organisations_csv, name="organisations_csv"),
    path("awards", lists.awards, name="awards"),
    path("awards.csv", lists.awards_csv, name="awards_csv"),
    path("statistics", statistics.statistics, name="statistics"),
    path("statistics.csv", statistics.statistics_csv, name="statistics_csv"),
    path("statistics.xlsx", statistics.statistics_xlsx, name="statistics_xlsx"),
    path("notices.atom", feeds.notices, name="feed"),
    path("data", docs.open_data, name="open_data"),
    path("robots.txt", search_engines.robots, name="robots"),
    path("sitemap.xml", search_engines.sitemap, name="sitemap"),
]
