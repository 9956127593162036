"""From PyTorch to Verilog: a network in floating point, and the fixed-point types that it gets afterwards.

    python examples/from_pytorch.py [DIR]

It takes about a minute and needs `pip install '.[pytorch]'`.
"""

from __future__ import annotations

import sys
import tempfile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


def events(count: int = 1000, seed: int = 1) -> NDArray[np.float32]:
    """Random inputs for `small_model`."""
    return np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)


class SmallModel(nn.Module):
    """Two branches of 8 inputs that are added, and 3 outputs, with random weights."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.scores = nn.Linear(8, 12), nn.Linear(8, 12), nn.Linear(12, 3)
        self.norm, self.relu = nn.BatchNorm1d(12), nn.ReLU()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """The scores."""
        return self.scores(self.relu(self.norm(self.first(features))) + self.relu(self.second(features)))


def run(folder: str) -> None:
    """From a model to the proof that the Verilog computes what the C++ does."""
    torch.manual_seed(3)
    model, x = SmallModel().eval(), events()
    # begin
    import hls4ml

    import l1ml

    config = hls4ml.utils.config_from_pytorch_model(
        model, (8,), granularity="name", backend="Verilog", default_precision="fixed<12,4,RND,SAT>"
    )
    hls_model = hls4ml.converters.convert_from_pytorch_model(
        model, hls_config=config, backend="Verilog", output_dir=folder, project_name="tagger"
    )
    hls_model.compile()
    checked = l1ml.verify(hls_model, x)
    print(f"{checked.events} events, {checked.mismatches} mismatches")
    # end
    with torch.no_grad():
        away = np.abs(hls_model.predict(x) - model(torch.from_numpy(x)).numpy()).max()
    print(f"at most {away:.3f} away from PyTorch, latency {checked.simulation.latency} cycles")
    assert checked.mismatches == 0, checked.first_mismatch


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(sys.argv[1] if len(sys.argv) > 1 else scratch)
