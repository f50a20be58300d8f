"""What to implement or mend next, of a backend that is half built: ``keras-conformance next``.

A recorded run tells, case by case, what went wrong first (:mod:`~conformance.bringup.faults`).
Cases that fail for one cause are put together and counted (:mod:`~conformance.bringup.ranking`); a
recording of which functions the cases enter names those that they share
(:mod:`~conformance.bringup.sharing`). Nothing is run.
"""
