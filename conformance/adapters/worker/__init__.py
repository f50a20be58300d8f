"""What runs inside an adapter process, beside the framework.

Standard library and NumPy alone, Python 3.9 and later: the process may run any interpreter, and
keras-conformance need not be installed there. :mod:`.bootstrap` is the script that is started,
:mod:`.loop` answers the host; :mod:`.failure`, :mod:`.outputs` and :mod:`.probe` are for adapters.
"""
