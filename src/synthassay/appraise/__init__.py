"""Risk of bias, reporting checklists and the scorecard of a run, each answer with its evidence."""
