from django.urls import path

from messaging import views

app_name = "messaging"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("read", views.read_all, name="read_all"),
    path("preferences", views.preferences, name="preferences"),
    path("<int:pk>/open", views.open_message, name="open"),
    path("<int:pk>/unread", views.unread, name="unread"),
]
