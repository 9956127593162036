"""Makes the fixture ``keras`` known, and sets Keras up before a test module imports hls4ml."""

from __future__ import annotations

from networks import keras

__all__ = ["keras"]
