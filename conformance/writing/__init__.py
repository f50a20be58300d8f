"""For whoever writes cases: what is wrong with them, a first one, one order of their keys."""
