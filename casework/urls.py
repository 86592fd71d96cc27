from django.urls import path

from casework import converters, views  # noqa: F401  (registers case_number)

app_name = "casework"
urlpatterns = [
    path("<case_number:number>", views.case, name="case"),
    path("<case_number:number>/submission", views.submission, name="submission"),
    path("<case_number:number>/calculation", views.calculation, name="calculation"),
    path("<case_number:number>/withdraw", views.withdraw, name="withdraw"),
]
