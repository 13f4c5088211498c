"""Judging a service over HTTP: through the vendor's dialect alone, with real payloads (ibm-rest 5 to 7)."""
