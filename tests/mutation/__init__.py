"""A mutation tester for the core: small faults, planted one by one, and the tests that must find each.

``python -m tests.mutation`` runs it; README.md beside this file says how, and what came of it.
"""
