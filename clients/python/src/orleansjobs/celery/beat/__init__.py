"""Periodic tasks: schedules of the grid, put by the workers of the application that declares them. There is no process that has to beat."""
