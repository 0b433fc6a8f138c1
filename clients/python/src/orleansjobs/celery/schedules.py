"""What periodic tasks are due by, by the names that programs import it by."""
from .beat.crontab import ParseException, crontab
from .beat.every import BaseSchedule, maybe_schedule, schedule, solar

__all__ = ["BaseSchedule", "ParseException", "crontab", "maybe_schedule", "schedule", "solar"]
