"""Appraisal: what a run proves of the questions that risk-of-bias tools and checklists ask, and what people add."""
