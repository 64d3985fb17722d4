"""Distribution: how far the synthetic set as a whole lies from real images, beside how far real sets lie apart."""
