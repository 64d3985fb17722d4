"""Radiomic features in two and three dimensions, with masks, after the Image Biomarker Standardisation Initiative."""
