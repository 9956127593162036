"""A million events and more: RTL in a simulator that reads them natively, against C++ in all cores, resumably."""

from l1ml.verification.soak.run import Soak, SoakJob, soak

__all__ = ["Soak", "SoakJob", "soak"]
