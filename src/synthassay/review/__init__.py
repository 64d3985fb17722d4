"""A systematic review: records, deduplication, screening, extraction, flow and evidence map."""
