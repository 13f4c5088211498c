"""Measurements, printed and not asserted. Each script says its command; ``README.md`` keeps the figures."""
