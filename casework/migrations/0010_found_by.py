"""What cases are found by: pairs of characters of names, references without separators, and both for what is filed already.

Two Chinese characters defeat trigrams, so names are indexed by their single characters and neighbouring pairs.
"""

from django.db import migrations

GRAMS = """
CREATE FUNCTION casework_grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT gram) FROM (
        SELECT substr(lower(words), place, size) AS gram
        FROM generate_series(1, char_length(words)) AS place, generate_series(1, 2) AS size
    ) AS grams
$$;
CREATE INDEX organisation_name_grams ON accounts_organisation USING gin (casework_grams(name));
"""
UNDO = """
DROP INDEX organisation_name_grams;
DROP FUNCTION casework_grams(text);
"""
FILL = """
UPDATE casework_case SET division = organisation.division
FROM accounts_organisation organisation
WHERE organisation.id = casework_case.organisation_id AND casework_case.submitted_at IS NOT NULL;
INSERT INTO casework_filedreference (case_id, submission_id, key, written, plain)
SELECT submission.case_id, submission.id, line->>'receipt', line->>'bank_reference',
    regexp_replace(upper(line->>'bank_reference'), '[^[:alnum:]]', '', 'g')
FROM casework_submission submission, jsonb_array_elements(submission.snapshot->'lines') line
WHERE line ? 'bank_reference';
"""


class Migration(migrations.Migration):
    dependencies = [("casework", "0009_the_desk"), ("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(GRAMS, UNDO),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
