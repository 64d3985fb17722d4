"""Whether a data set keeps its sides apart: subjects, DICOM studies, exact and near-duplicate images across splits."""

from synthassay.audit.run import audit_cases, audit_data

__all__ = ["audit_cases", "audit_data"]
