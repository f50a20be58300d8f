"""What is wrong on purpose: seeded faults, which prove that a check can fail."""
