"""Dose of radiotherapy: does a plan on the synthetic CT give the dose that it gives on the real one?"""
