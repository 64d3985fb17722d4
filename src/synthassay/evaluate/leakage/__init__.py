"""Leakage: whether synthetic images give training patients away."""
