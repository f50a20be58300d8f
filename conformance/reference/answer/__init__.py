"""What leaves the reference: an answer, what a case's own claims must agree with, the store."""
