"""From one study file to one run folder: the only place that knows all stages."""
