"""What puts a core into a larger design: AXI4-Stream, AXI4-Lite, the pace of bunch crossings, links of an EMP board."""

from __future__ import annotations

from l1ml.wrappers.options import EmpOptions, StreamOptions, WrapperOptions
from l1ml.wrappers.writing import Wrapper, write_wrappers

__all__ = ["EmpOptions", "StreamOptions", "Wrapper", "WrapperOptions", "write_wrappers"]
