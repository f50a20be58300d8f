"""Searching over releases: bisect, sweep, and two versions compared.

Each makes columns (:mod:`conformance.environments`), runs them (:mod:`conformance.run`), and says
what changed from one release to another.
"""
