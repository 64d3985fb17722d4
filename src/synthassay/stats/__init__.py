"""Resampling, comparison and agreement: how sure a number is."""
