from django.urls import path

from workbooks.web import jobs, templates

app_name = "workbooks"
urlpatterns = [
    path("", jobs.jobs, name="jobs"),
    path("new/<slug:kind>", jobs.upload, name="upload"),
    path("template/<slug:kind>.xlsx", templates.template, name="template"),
    path("export/<slug:kind>.xlsx", templates.export, name="export"),
    path("<int:pk>", jobs.job, name="job"),
    path("<int:pk>/progress", jobs.progress, name="progress"),
    path("<int:pk>/confirm", jobs.confirm, name="confirm"),
    path("<int:pk>/cancel", jobs.cancel, name="cancel"),
    path("<int:pk>/corrected.xlsx", jobs.corrected_file, name="corrected"),
]
