"""Implementations that are wrong in a known way, and others that are merely different: what the kit's power is
measured with.

:class:`PlainDevice` is a correct service, written without our core. Every fault of :data:`CATALOGUE` is a small
override of it, and every variant of :data:`VARIANTS` differs from ours in a way that the rules allow.
"""

from .catalogue import CATALOGUE, by_id
from .fault import Fault
from .plain import PlainDevice
from .variants import VARIANTS, Variant

__all__ = ["CATALOGUE", "VARIANTS", "Fault", "PlainDevice", "Variant", "by_id"]
