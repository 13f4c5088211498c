"""What the kit finds: every known fault against every tier, and whether anything right is accused.

A fault is *killed* by a tier if the tier finds anything wrong with it. Faults of the object level are driven as
objects, races by threads, those of services over HTTP, those of logs as lines.
"""

from .measuring import LEVELS, TIERS_OF_OBJECTS, measure
from .values import SLACK, Alarm, Kill, Known, Power, Told

__all__ = ["LEVELS", "SLACK", "TIERS_OF_OBJECTS", "Alarm", "Kill", "Known", "Power", "Told", "measure"]
