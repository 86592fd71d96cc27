from django.urls import path

from casework import views

app_name = "casework"
urlpatterns = [
    path("<str:number>", views.case, name="case"),
    path("<str:number>/calculation", views.calculation, name="calculation"),
    path("<str:number>/withdraw", views.withdraw, name="withdraw"),
]
