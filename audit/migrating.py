"""Operations of migrations that lock less than Django's own."""

from django.db.migrations import AlterField


class WithoutIndex(AlterField):
    """A foreign key loses its index, and nothing else happens.

    Django's own takes the constraint away and makes it again: until the migration is committed nobody reads the table
    to which the key leads (people, organisations), and every row is compared under that lock.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        kept = {item.name for item in (*model._meta.indexes, *model._meta.constraints)}
        names = schema_editor._constraint_names(
            model, [field.column], index=True, unique=False, primary_key=False, exclude=kept
        )
        for name in names:
            schema_editor.execute(schema_editor._delete_index_sql(model, name))

    def database_backwards(self, app_label, schema_editor, from_state, to_state) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        for statement in schema_editor._field_indexes_sql(model, model._meta.get_field(self.name)):
            schema_editor.execute(statement)
