"""A project state that migrations move forward without building models again whose fields stay as they are.

Django builds a model and all its neighbours again for each index, constraint and trigger that a migration adds. The
portal adds hundreds: that was most of the half minute that an empty database took.
"""

from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState


class MigrationState(ProjectState):
    """Indexes, constraints and triggers are put into the models that are built already.

    A clone (what the database was before a step) shares these models; no step asks it for such lists.
    """

    def clone(self):
        copy = super().clone()
        new = type(self)(copy.models, copy.real_apps)
        new.__dict__ |= copy.__dict__
        return new

    def _append_option(self, app_label, model_name, option_name, obj):
        self._replace(app_label, model_name, option_name, lambda there: [*there, obj])

    def _remove_option(self, app_label, model_name, option_name, obj_name):
        self._replace(
            app_label, model_name, option_name, lambda there: [obj for obj in there if obj.name != obj_name]
        )

    def _replace(self, app_label, model_name, option_name, change):
        options = self.models[app_label, model_name].options
        options[option_name] = change(options[option_name])
        if model := self._built(app_label, model_name):
            setattr(model._meta, option_name, options[option_name])

    def reload_model(self, app_label, model_name, delay=False):
        """pgtrigger's operations change `options` themselves and then ask for this."""
        if model := self._built(app_label, model_name):
            triggers = self.models[app_label, model_name].options.get("triggers", [])
            if triggers != getattr(model._meta, "triggers", []):
                model._meta.triggers = triggers
                return
        super().reload_model(app_label, model_name, delay)

    def _built(self, app_label, model_name):
        """The model as it is built now; None when nothing is built yet, or it is new."""
        if "apps" not in self.__dict__:  # which would build everything
            return None
        return self.apps.all_models[app_label].get(model_name.lower())


class Executor(MigrationExecutor):
    def _create_project_state(self, with_applied_migrations=False):
        state = super()._create_project_state(with_applied_migrations)
        return MigrationState(state.models, state.real_apps)
