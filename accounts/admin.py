"""People and organisations on the officials' desk."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from accounts import appointment_admin, appointments, lost_factor_admin, services  # noqa: F401  (these register)
from accounts.admin_forms import EndForm, GrantForm
from accounts.enums import OfficialRole
from accounts.models import Accreditation, Membership, Organisation, User
from accounts.permissions import may_accredit, may_appoint, may_lead_account, may_reset_factors
from audit import services as audit
from audit.admin_base import ReadOnlyAdmin, ReadOnlyInline, with_people

# Roles are fixed by a migration; addresses and second factors are their owners' to change, on their own pages.
for model in (Group, EmailAddress, Authenticator, UserSession, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


def role_label(name: str) -> str:
    return str(OfficialRole(name).label) if name in OfficialRole.values else name


class RolesField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, group):
        return role_label(group.name)


@admin.register(User)
class PortalUserAdmin(UserAdmin):
    """For superusers: who is an official, in which roles. Nobody is deleted: history names them."""

    list_display = ("username", "display_name", "email", "roles", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "is_superuser")
    search_fields = ("username", "display_name", "email")
    search_help_text = _("User name, name or email")
    show_full_result_count = False
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "display_name", "email")}),
        (_("Official"), {"fields": ("is_staff", "groups", "is_superuser")}),
        (_("Access"), {"fields": ("is_active", "last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "display_name", "usable_password", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")
    change_form_template = "admin/accounts/user/change_form.html"

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name == "groups":
            roles = Group.objects.filter(name__in=OfficialRole.values).order_by("pk")
            return RolesField(
                roles,
                required=False,
                label=_("Official roles"),
                help_text=_(
                    "They count for members of staff only. Two steps of one case always need two people."
                ),
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description=_("roles"))
    def roles(self, user):
        return ", ".join(role_label(group.name) for group in user.groups.all())

    def has_module_permission(self, request):
        return request.user.is_active and request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return self.has_module_permission(request)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request, obj=None):
        return False

    def get_readonly_fields(self, request, obj=None):
        """Administrators are made beside the portal (`createsuperuser`); the desk takes the right away, or closes."""
        fixed = set(super().get_readonly_fields(request, obj))
        if obj is None:
            return tuple(fixed)
        if not obj.is_superuser or obj.pk == request.user.pk:
            fixed.add("is_superuser")
        if obj.is_superuser and not obj.is_active:
            fixed.add("is_active")
        if not may_lead_account(request.user, obj):
            fixed |= {"username", "display_name", "email", "groups"}
        return tuple(fixed)

    def get_fieldsets(self, request, obj=None):
        found = super().get_fieldsets(request, obj)
        if obj is None or may_lead_account(request.user, obj):
            return found
        shown = [name for name in found[0][1]["fields"] if name != "password"]
        return ((found[0][0], {"fields": shown}), *found[1:])

    def user_change_password(self, request, id, form_url=""):
        found = self.get_object(request, unquote(id))
        if found is not None and not (answer := may_lead_account(request.user, found)):
            raise PermissionDenied(answer.reason)
        return super().user_change_password(request, id, form_url)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, unquote(object_id))
        context = {
            "may_reset_factors": bool(may_reset_factors(request.user)),
            "led_elsewhere": "" if found is None else may_lead_account(request.user, found).reason,
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def save_related(self, request, form, formsets, change):
        """Whoever's rights change signs in again with the new ones; a new password ends sessions by itself."""
        super().save_related(request, form, formsets, change)
        if change and set(form.changed_data) & {"is_staff", "is_superuser", "is_active", "groups"}:
            services.end_sessions_of(form.instance)

    def log_addition(self, request, obj, message):
        self._record(request, obj, "user.created", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request, obj, message):
        self._record(request, obj, "user.changed", message)
        return super().log_change(request, obj, message)

    def _record(self, request, user, action, message):
        """Names of what changed and who the person now is; never a password."""
        audit.record(
            actor=request.user,
            action=action,
            obj=user,
            data={
                "changed": message,
                "username": user.username,
                "is_active": user.is_active,
                "is_staff": user.is_staff,
                "is_superuser": user.is_superuser,
                "roles": sorted(Group.objects.filter(user=user).values_list("name", flat=True)),
            },
        )


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = ("user", "role", "created_at")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user", "organisation")


class AccreditationInline(ReadOnlyInline):
    model = Accreditation
    fields = ("kind", "document_number", "valid_from", "valid_to", "granted_by", "granted_at")
    show_change_link = True

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("granted_by")


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    list_display = ("name", "credit_code", "kind", "division_label", "contact_name", "created_at")
    list_filter = ("kind",)
    search_fields = ("name", "credit_code")
    search_help_text = _("Name or credit code")
    inlines = [MembershipInline, AccreditationInline]

    @admin.display(description=_("division"))
    def division_label(self, organisation):
        return organisation.division_label

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, object_id)
        context = {
            "may_accredit": bool(may_accredit(request.user)),
            "may_appoint": found is not None
            and bool(may_appoint(request.user, found))
            and appointments.is_orphaned(found),
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))


@admin.register(Accreditation)
class AccreditationAdmin(ReadOnlyAdmin):
    """Reviewers grant, and end by a date; the rest of a document's entry stays as it was made."""

    list_display = ("document_number", "kind", "organisation", "valid_from", "valid_to", "granted_by")
    list_select_related = ("organisation", "granted_by")
    list_filter = ("kind",)
    search_fields = ("document_number", "organisation__name", "organisation__credit_code")
    search_help_text = _("Document number, organisation or credit code")
    ENTERED = ("kind", "organisation", "document_number", "valid_from")
    STAMPED = ("granted_by", "granted_at")

    def has_add_permission(self, request):
        return bool(may_accredit(request.user))

    def has_change_permission(self, request, obj=None):
        return bool(may_accredit(request.user, obj.organisation if obj else None))

    def get_fields(self, request, obj=None):
        return with_people(self.model, (*self.ENTERED, "valid_to", *(self.STAMPED if obj else ())))

    def get_readonly_fields(self, request, obj=None):
        return with_people(self.model, (*self.ENTERED, *self.STAMPED)) if obj else ()

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = EndForm if obj else type("GrantFormOfUser", (GrantForm,), {"user": request.user})
        return super().get_form(request, obj, change, form=form, **kwargs)

    def save_model(self, request, obj, form, change):
        services.grant_accreditation(user=request.user, accreditation=obj)

    def changeform_view(self, request, *args, **kwargs):
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError as error:
            if "accreditation_document_once" not in str(error):
                raise
            # Somebody entered the same document in between: now the form finds it and says so at the field.
            return super().changeform_view(request, *args, **kwargs)
