"""Pathology: whether stain, nuclei and tissue architecture of synthetic sections are those of real ones."""
