"""The hls4ml backend "Verilog": a graph of hls4ml becomes a network. It knows nothing of data or training.

hls4ml is imported here, before any module of this package: it loads the plugin in turn, and so the order of imports is
the same whether a user starts from hls4ml or from l1ml.
"""

from __future__ import annotations

import hls4ml  # noqa: F401
