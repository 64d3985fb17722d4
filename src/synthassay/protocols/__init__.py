"""What each modality's synthetic images must show: pure declarations that a clinician can read."""

from synthassay.protocols.protocol import PROTOCOLS, FailureMode, Protocol, Requirement

__all__ = ["PROTOCOLS", "FailureMode", "Protocol", "Requirement"]
