from django.urls import path

from casework import converters as case_converters  # noqa: F401  (registers case_number)
from documents import converters, views  # noqa: F401  (registers subject)

app_name = "documents"
urlpatterns = [
    path("cases/<case_number:number>", views.case, name="case"),
    path("of/<subject:subject>", views.papers, name="papers"),
    path("files/<int:pk>", views.file, name="file"),
    path("files/<int:pk>/download", views.download, name="download"),
    path("files/<int:pk>/page", views.page, name="page"),
    path("files/<int:pk>/remove", views.remove, name="remove"),
]
