"""Structures: whether they are all there, where they are in the real image, and as large."""
