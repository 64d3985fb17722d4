"""The judge: what synthetic images are worth, measured on real ones, with intervals and reasons."""
