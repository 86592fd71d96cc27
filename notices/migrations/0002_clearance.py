"""The one place that says whether the notice stands in the way of paying an award, for queries and triggers alike."""

from django.db import migrations

CREATE = """
CREATE FUNCTION notices_award_clearance(wanted bigint, at timestamptz DEFAULT now()) RETURNS text
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
DROP = "DROP FUNCTION notices_award_clearance(bigint, timestamptz)"


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]
    operations = [
        migrations.RunSQL(CREATE, DROP),
        migrations.RunSQL(
            "CREATE SEQUENCE notices_notice_number; CREATE SEQUENCE notices_objection_number;"
            " CREATE SEQUENCE notices_letter_number",
            "DROP SEQUENCE notices_notice_number; DROP SEQUENCE notices_objection_number;"
            " DROP SEQUENCE notices_letter_number",
        ),
    ]
