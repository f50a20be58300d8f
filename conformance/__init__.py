"""Does this framework, in this version, do what Keras documents?

The package is laid out in the order in which the data walks through it: ``cases`` →
``reference`` and ``adapters`` → ``verdicts`` → ``records`` → ``report``; ``run`` drives them.
This file stays empty of imports: it is also loaded inside the adapter processes, which may run an
old Python that has nothing but the standard library, NumPy and a framework.
"""

__version__ = "0.1.0"
