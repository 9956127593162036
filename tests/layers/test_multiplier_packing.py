"""Packing weights onto shared multipliers, and selecting the inputs of these."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from l1ml.layers.dense.folding.multipliers.packing import Group, Lane, Prices, pack, selection, share_selections

PRICES = Prices(lane=170.0, adder=20.0, result=40.0)
"""Those of a layer with weights of 6 bits and inputs of 9, to take eight slots."""


@st.composite
def layers(draw: st.DrawFn) -> tuple[NDArray[np.bool_], list[int], int]:
    """Which weights are not zero, where the rows are among the layer's inputs, and the slots."""
    n_in, n_out, slots = draw(st.integers(1, 40)), draw(st.integers(1, 20)), draw(st.integers(2, 20))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    used = rng.random((n_in, n_out)) < draw(st.sampled_from([0.0, 0.05, 0.22, 0.6, 1.0]))
    if draw(st.booleans()):  # some neurons in blocks
        blocks = rng.random((ceil(n_in / slots), n_out)) < 0.5
        blocked = rng.random(n_out) < 0.5
        used[:, blocked] = np.repeat(blocks, slots, axis=0)[:n_in, blocked]
    here = np.sort(rng.choice(n_in + draw(st.integers(0, 9)), n_in, replace=False))
    return used, here.tolist(), slots


def prices() -> st.SearchStrategy[Prices]:
    """What wide and narrow numbers lead to."""
    return st.builds(Prices, lane=st.floats(140, 400), adder=st.floats(2, 60), result=st.floats(4, 120))


def lanes_of(groups: list[Group]) -> list[Lane]:
    return [lane for group in groups for lane in group.lanes]


@settings(deadline=None, max_examples=300)
@given(layers(), prices())
def test_every_weight_is_in_one_slot_of_its_neurons_turn(
    layer: tuple[NDArray[np.bool_], list[int], int], prices: Prices
) -> None:
    used, positions, slots = layer
    groups = pack(used, positions, slots, prices)
    held = np.zeros(used.shape, dtype=int)
    for group in groups:
        assert group.lanes
        for lane in group.lanes:
            assert len(lane) == slots
            assert any(row is not None for row in lane)
            for slot, row in enumerate(lane):
                output = group.output_at(slot)
                if row is not None:
                    assert output is not None
                    held[row, output] += 1
    np.testing.assert_array_equal(held, used)


@settings(deadline=None, max_examples=300)
@given(layers(), prices())
def test_turns_follow_each_other_and_each_neuron_with_weights_has_one(
    layer: tuple[NDArray[np.bool_], list[int], int], prices: Prices
) -> None:
    used, positions, slots = layer
    groups = pack(used, positions, slots, prices)
    for group in groups:
        start = 0
        for task in group.tasks:
            assert task.first == start <= task.last < slots
            assert {group.output_at(slot) for slot in range(task.first, task.last + 1)} == {task.output}
            start = task.last + 1
        assert {group.output_at(slot) for slot in range(start, slots)} <= {None}
    turns = sorted(task.output for group in groups for task in group.tasks)
    assert turns == np.flatnonzero(used.any(axis=0)).tolist()


@pytest.mark.parametrize("slots", [4, 8, 16])
@pytest.mark.parametrize("shape", [(64, 32), (32, 32), (16, 64)], ids=str)
def test_scattered_weights_leave_few_slots_idle(shape: tuple[int, int], slots: int) -> None:
    for seed in range(20):
        used = np.random.default_rng(seed).random(shape) < 0.22
        multipliers = len(lanes_of(pack(used, range(shape[0]), slots, PRICES)))
        assert multipliers <= 1.25 * ceil(used.sum() / slots)


@pytest.mark.parametrize("slots", [4, 8, 16])
def test_a_block_takes_one_multiplier_and_blocks_of_the_same_inputs_one_selection(slots: int) -> None:
    rng = np.random.default_rng(slots)
    for density in (0.2, 0.5, 1.0):
        blocks = rng.random((64 // slots, 32)) < density
        used = np.repeat(blocks, slots, axis=0)
        lanes = lanes_of(pack(used, range(64), slots, PRICES))
        assert len(lanes) == blocks.sum()
        sequences, _ = share_selections(lanes)
        wanted = {tuple(range(b * slots, (b + 1) * slots)) for b in np.flatnonzero(blocks.any(axis=1))}
        assert len(sequences) == len(wanted)
        assert set(sequences) == wanted


def test_a_block_with_a_few_zeros_shares_the_selection_of_its_inputs() -> None:
    """Training after pruning may round single weights to zero."""
    used = np.ones((16, 12), dtype=bool)
    used[np.arange(12), np.arange(12)] = False
    lanes = lanes_of(pack(used, range(16), 8, PRICES))
    assert len(lanes) == 24
    assert len(share_selections(lanes)[0]) == 2


def test_blocks_are_those_of_all_inputs_of_the_layer() -> None:
    """Rows are missing where an input is constant; the others keep their place in their block."""
    positions = [0, 1, 3, 4, 5, 6, 7]
    (group,) = pack(np.ones((7, 1), dtype=bool), positions, 4, PRICES)
    assert group.lanes == ((0, 1, None, 2), (3, 4, 5, 6))


def lane_lists() -> st.SearchStrategy[list[Lane]]:
    """Some lanes of as many slots, none of them idle all the time."""

    def some(slots: int) -> st.SearchStrategy[list[Lane]]:
        lane = st.tuples(*[st.none() | st.integers(0, 9)] * slots).filter(lambda rows: set(rows) != {None})
        return st.lists(lane, max_size=12)

    return st.integers(1, 8).flatmap(some)


@given(lane_lists())
def test_shared_selections_serve_every_lane(lanes: list[Lane]) -> None:
    sequences, homes = share_selections(lanes)
    assert len(homes) == len(lanes)
    assert set(homes) == set(range(len(sequences)))
    for lane, home in zip(lanes, homes, strict=True):
        assert all(row in (None, given) for row, given in zip(lane, sequences[home], strict=True))
    for home, sequence in enumerate(sequences):  # and give nothing that none of them wants
        users = [lane for lane, h in zip(lanes, homes, strict=True) if h == home]
        for slot, row in enumerate(sequence):
            assert row in {lane[slot] for lane in users}


def test_an_idle_slot_of_one_lane_serves_another() -> None:
    lanes = [(0, None, 2), (None, 1, 2), (3, 1, None)]
    assert share_selections(lanes) == ([(0, 1, 2), (3, 1, None)], [0, 0, 1])


@settings(deadline=None)
@given(
    st.integers(1, 24).flatmap(lambda n: st.lists(st.none() | st.integers(0, n - 1), min_size=1, max_size=40)),
    st.integers(0, 30),
)
def test_a_selection_gives_each_slot_its_input_with_the_fewest_luts(rows: list[int | None], slot: int) -> None:
    rows[slot % len(rows)] = rows[slot % len(rows)] or 0
    chosen = selection(tuple(rows))
    for slot, row in enumerate(rows):
        values: list[int] = []  # of the nodes
        for node in chosen.nodes:
            source = node.sources[chosen.select[node.level][slot]]
            assert 2 <= len(node.sources) <= 4
            assert source >= 0 or -1 - source < len(values)
            values.append(source if source >= 0 else values[-1 - source])
        if row is not None:
            assert (values[-1] if values else rows_of(rows)[0]) == row
    assert len(chosen.nodes) == ceil((len(rows_of(rows)) - 1) / 3)
    assert {node.level for node in chosen.nodes} == set(range(len(chosen.select)))


def test_a_selection_of_n_inputs_takes_a_third_of_n_minus_one_luts_for_each_bit() -> None:
    for n in range(1, 200):
        chosen = selection(tuple(range(n)))
        assert len(chosen.nodes) == ceil((n - 1) / 3)
        assert all(len(node.sources) == 4 for node in chosen.nodes[:-1])


def rows_of(lane: list[int | None]) -> list[int]:
    """The distinct inputs of a lane."""
    return sorted({row for row in lane if row is not None})
