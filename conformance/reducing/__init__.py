"""From a case that deviates to the smallest that deviates in the same way.

Delta debugging over what a case says: :mod:`~conformance.reducing.smaller` proposes,
:mod:`~conformance.reducing.bench` judges, :mod:`~conformance.reducing.reduction` keeps what is
still the same failure. What is left becomes a script of a few lines
(:mod:`conformance.repro.short`).
"""
