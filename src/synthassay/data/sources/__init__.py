"""Known public sources: what they are, under which licence, and how they are fetched and checked."""

from synthassay.data.sources.card import SOURCES, SourceCard
from synthassay.data.sources.fetching import fetch, verified_sha256

__all__ = ["SOURCES", "SourceCard", "fetch", "verified_sha256"]
