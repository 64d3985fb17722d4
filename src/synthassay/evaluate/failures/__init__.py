"""Failures that a mean over pixels hides: what synthetic images show that no patient has."""
