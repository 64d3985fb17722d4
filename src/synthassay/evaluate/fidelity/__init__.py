"""Fidelity: how near each synthetic image is to the real image that it should equal."""
