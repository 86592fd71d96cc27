from allauth.account.decorators import secure_admin_login
from allauth.socialaccount.providers.openid_connect.views import login as identity_login
from django.contrib import admin
from django.urls import include, path

from accounts.identity_provider import callback
from casework import views as casework
from nanchang_portal import views
from reports.api import token_views
from reports.api.api import api

admin.autodiscover()
# One way in for everybody: allauth's, with its rate limits and second factor.
admin.site.login = secure_admin_login(admin.site.login)

handler400 = "nanchang_portal.errors.bad_request"
handler429 = "nanchang_portal.errors.too_many_requests"  # allauth's name for it
handler500 = "nanchang_portal.errors.server_error"

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.ready, name="healthz"),
    path("healthz/live", views.live, name="live"),
    path("healthz/ready", views.ready, name="ready"),
    path("metrics", views.metrics_text, name="metrics"),
    path("session", views.session_state, name="session_state"),
    path("display", views.display_settings, name="display_settings"),
    path("language/setlang/", views.set_language, name="set_language"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("accounts/identity/", include("allauth.socialaccount.urls")),
    path("accounts/oidc/<str:provider_id>/login/", identity_login, name="openid_connect_login"),
    path("accounts/oidc/<str:provider_id>/login/callback/", callback, name="openid_connect_callback"),
    path("admin/", admin.site.urls),
    path("desk/", casework.dashboard, name="dashboard"),
    path("cases/", include("casework.urls")),
    path("", include("reports.public.urls")),
    path("api/v1/", api.urls),
    path("organisations/<int:pk>/tokens", token_views.tokens, name="api_tokens"),
    path("tokens/<int:pk>/revoke", token_views.revoke, name="api_token_revoke"),
    path("", include("notices.urls")),
    path("", include("accounts.urls")),
    path("documents/", include("documents.urls")),
    path("workbooks/", include("workbooks.urls")),
    path("messages/", include("messaging.urls")),
    path("payments/", include("payments.urls")),
    path("offshore/", include("applications.urls")),
    path("training/", include("training.urls")),
]
