"""Whether a synthetic volume hangs together from slice to slice, against real volumes."""
