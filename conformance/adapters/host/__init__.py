"""The coordinator's side: which adapters there are, and their processes."""
