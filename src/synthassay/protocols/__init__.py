"""What each modality's synthetic images must show: pure declarations that a clinician can read."""
