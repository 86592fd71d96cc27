"""Append-only, hash-chained record of every change and every disclosure.

One chain per stream (a case, an organisation, a policy version): writers of different cases never wait for each
other. `Stream` keeps the head of each chain, so a cut tail is as visible as an edited record.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from audit.words import action_words

SEAL_FOLLOWS = """
    IF NEW.number <> (SELECT count(*) + 1 FROM audit_seal)
       OR NEW.previous_hash <> coalesce((SELECT hash FROM audit_seal WHERE number = NEW.number - 1), '') THEN
        RAISE EXCEPTION 'audit_seal_follows' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class Stream(models.Model):
    """The head of one chain: how many records it has and the hash of the last."""

    key = models.CharField(_("stream"), max_length=80, unique=True)
    length = models.PositiveIntegerField(_("records"), default=0)
    head = models.CharField(_("hash of the last record"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit stream")
        verbose_name_plural = _("audit streams")
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="grows_by_one",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.key <> OLD.key OR NEW.length <> OLD.length + 1 THEN
                        RAISE EXCEPTION 'audit_stream_grows_by_one' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Record(models.Model):
    """One change or disclosure: who, when, what, on which object, with which values."""

    stream = models.ForeignKey(
        Stream, on_delete=models.PROTECT, related_name="records", verbose_name=_("stream")
    )
    number = models.PositiveIntegerField(_("number in the stream"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("actor")
    )
    actor_label = models.CharField(_("actor as written"), max_length=150)
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(_("kind of object"), max_length=60)
    object_id = models.CharField(_("object"), max_length=60)
    data = models.JSONField(_("values"), default=dict)
    previous_hash = models.CharField(_("hash of the record before"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("audit record")
        verbose_name_plural = _("audit records")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "number"], name="audit_record_number_once"),
            models.CheckConstraint(condition=~models.Q(actor_label=""), name="audit_record_has_actor"),
        ]
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_record_object")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.stream}/{self.number} · {action_words(self.action)}"


class Seal(models.Model):
    """All chains at one moment: a root over their heads, bound to the seal before, signed by a key kept elsewhere.

    The heads themselves are in the exported file (`audit.published`).
    """

    number = models.PositiveIntegerField(_("number"), unique=True)
    at = models.DateTimeField(_("at"))
    streams = models.PositiveIntegerField(_("streams"))
    records = models.PositiveBigIntegerField(_("records"))
    root = models.CharField(_("root over all heads"), max_length=64)
    previous_hash = models.CharField(_("hash of the seal before"), max_length=64, blank=True)
    key_name = models.CharField(_("name of the key"), max_length=40)
    hash = models.CharField(_("hash"), max_length=64)
    signature = models.CharField(_("signature"), max_length=88)

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        ordering = ["-number"]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="seal_follows",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=SEAL_FOLLOWS,
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)
