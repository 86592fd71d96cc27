from django.urls import path

from casework import converters  # noqa: F401  (registers case_number)
from notices import applicant_views, views

app_name = "notices"
urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/<case_number:number>/", views.notice, name="notice"),
    path("notices/<case_number:number>/pdf", views.notice_pdf, name="notice_pdf"),
    path("notices/entries/<int:pk>/object", views.object_to, name="object"),
    path("objections/answer", views.answer, name="answer"),
    path("objections/<int:pk>/statement", applicant_views.statement, name="statement"),
    path("letters/", views.letters, name="letters"),
    path("letters/<case_number:code>/", views.letter, name="letter"),
    path("letters/<case_number:number>/pdf", applicant_views.letter_pdf, name="letter_pdf"),
    path("cases/<case_number:number>/appeal", applicant_views.appeal, name="appeal"),
]
