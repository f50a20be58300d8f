"""Two models of the user's own held against each other: the first layer that differs, and why.

One of them is a Keras model. Its layers' configs and weights, and what each was fed, give the
reference's truth of every layer with the bound of rounding; the other model's answers are held
against it, and where they differ, against the reference with each of its named faults.
"""
