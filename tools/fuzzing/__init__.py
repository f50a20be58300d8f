"""Seeded fuzzers of what comes from outside: ``python tools/campaign.py`` runs them."""
