"""Whether what a synthetic image shows could be a body: shapes, borders and parts against real patients."""
