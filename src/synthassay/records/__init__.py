"""What is written to disk: frozen pydantic records that refuse unknown keys."""
