"""A run made into a folder that a repository accepts, signed, and checked again offline."""
