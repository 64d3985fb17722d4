"""Virtual patients: images computed from known anatomy by the physics of their modality."""
