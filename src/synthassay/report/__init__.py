"""Run folder -> one HTML file that opens anywhere, offline."""

from synthassay.report.build import build_report

__all__ = ["build_report"]
