"""An award that was reversed, or whose case is proposed for reopening, is not paid."""

from django.db import migrations

NOW = """
CREATE OR REPLACE FUNCTION notices_award_clearance(wanted bigint, at timestamptz DEFAULT now()) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN EXISTS (SELECT 1 FROM casework_award WHERE id = wanted AND reversed_at IS NOT NULL) THEN 'reversed'
        WHEN EXISTS (
            SELECT 1 FROM casework_reopening WHERE award_id = wanted AND state = 'proposed'
        ) THEN 'reopening'
        WHEN entry.id IS NULL THEN 'not_noticed'
        WHEN EXISTS (
            SELECT 1 FROM notices_objection objection JOIN notices_noticeentry e ON e.id = objection.entry_id
            WHERE e.award_id = wanted AND objection.finding IN ('upheld', 'partly')
        ) THEN 'upheld'
        WHEN EXISTS (
            SELECT 1 FROM notices_objection objection JOIN notices_noticeentry e ON e.id = objection.entry_id
            WHERE e.award_id = wanted AND objection.state <> 'answered'
        ) THEN 'objection_open'
        WHEN (at AT TIME ZONE 'Asia/Shanghai')::date <= notice.ends_on THEN 'running'
        ELSE 'cleared'
    END
    FROM (SELECT 1) one
    LEFT JOIN notices_noticeentry entry ON entry.award_id = wanted AND entry.live AND EXISTS (
        SELECT 1 FROM notices_notice n WHERE n.id = entry.notice_id AND n.state = 'published'
    )
    LEFT JOIN notices_notice notice ON notice.id = entry.notice_id
$$
"""
BEFORE = """
CREATE OR REPLACE FUNCTION notices_award_clearance(wanted bigint, at timestamptz DEFAULT now()) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN entry.id IS NULL THEN 'not_noticed'
        WHEN EXISTS (
            SELECT 1 FROM notices_objection objection JOIN notices_noticeentry e ON e.id = objection.entry_id
            WHERE e.award_id = wanted AND objection.finding IN ('upheld', 'partly')
        ) THEN 'upheld'
        WHEN EXISTS (
            SELECT 1 FROM notices_objection objection JOIN notices_noticeentry e ON e.id = objection.entry_id
            WHERE e.award_id = wanted AND objection.state <> 'answered'
        ) THEN 'objection_open'
        WHEN (at AT TIME ZONE 'Asia/Shanghai')::date <= notice.ends_on THEN 'running'
        ELSE 'cleared'
    END
    FROM (SELECT 1) one
    LEFT JOIN notices_noticeentry entry ON entry.award_id = wanted AND entry.live AND EXISTS (
        SELECT 1 FROM notices_notice n WHERE n.id = entry.notice_id AND n.state = 'published'
    )
    LEFT JOIN notices_notice notice ON notice.id = entry.notice_id
$$
"""


class Migration(migrations.Migration):
    dependencies = [("notices", "0002_clearance"), ("casework", "0008_reopening")]
    operations = [migrations.RunSQL(NOW, BEFORE)]
