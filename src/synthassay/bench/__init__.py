"""The failure bench: how large a failure must be before a measure sees it."""
