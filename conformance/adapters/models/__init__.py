"""Models of the user's own, each in a process of its own: what ``compare`` asks about."""
