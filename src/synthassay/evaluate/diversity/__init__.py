"""Diversity: whether synthetic images vary as real ones do."""
