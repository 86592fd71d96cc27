from django.urls import path

from casework import converters, views  # noqa: F401  (registers case_number)
from casework.prints import views as prints

app_name = "casework"
urlpatterns = [
    path("<case_number:number>", views.case, name="case"),
    path("<case_number:number>/submission", views.submission, name="submission"),
    path("<case_number:number>/calculation", views.calculation, name="calculation"),
    path("<case_number:number>/withdraw", views.withdraw, name="withdraw"),
    path("<case_number:number>/print", prints.page, name="print"),
    path("<case_number:number>/print.pdf", prints.document, name="print_pdf"),
]
