"""Reports of Vivado HLS, Vitis HLS and Vivado, read into records."""

from l1ml.vendor.reading import read_report
from l1ml.vendor.summary import vendor_summary

__all__ = ["read_report", "vendor_summary"]
