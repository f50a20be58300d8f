"""Adapters: each runs cases in one framework, in a process of its own.

The coordinator starts and watches those processes (:mod:`.host`, :mod:`.registry`); in them runs
:mod:`.worker` and one folder per framework; :mod:`.wire` is what both sides speak. This file stays
empty of imports: it is also loaded inside the adapter processes.
"""
