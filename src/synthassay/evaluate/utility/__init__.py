"""Utility: what a model trained with synthetic images does on real patients."""
