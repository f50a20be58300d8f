"""What reports, comparisons and histories say alike: text made harmless, outcomes, causes."""
