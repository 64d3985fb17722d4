"""Cohorts: where images come from, how they are split by subject, and how they are read."""
