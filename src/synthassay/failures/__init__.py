"""Failures that are injected into real images, each in graded physical doses, to find out which measure sees them."""
