from django.contrib import admin

from simulations.desk.simulation_admin import SimulationAdmin
from simulations.models import Simulation

admin.site.register(Simulation, SimulationAdmin)
