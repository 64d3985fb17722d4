"""Reader studies of many readers and many cases: figures of merit, their covariance, and tests that generalise."""
