"""The state of a training: its bytes give it back whole, and it follows its phase."""

import numpy as np
import pytest
import torch

from thyro.super_resolution import networks
from thyro.super_resolution.training_state import NETWORKS, State

SMALL = {"inside": 2, "width": 4, "blocks": 2}


def begun(start=None, *, seed=3, frozen_blocks=0):
    return State.begin(start, SMALL, learning_rate=1e-3, frozen_blocks=frozen_blocks, seed=seed)


def step(state):
    """One step of the generator on patches from the stream of the state."""
    x = torch.from_numpy(state.rng.uniform(size=(1, 1, 8, 8)).astype(np.float32))
    optimiser = state.optimisers["generator"]
    optimiser.zero_grad()
    state.generator(x).square().mean().backward()
    optimiser.step()
    state.step += 1


def weights(network):
    return torch.cat([w.detach().ravel() for w in network.parameters()])


def same(a, b):
    return all(torch.equal(weights(getattr(a, n)), weights(getattr(b, n))) for n in NETWORKS)


def test_random_weights_follow_the_seed_and_leave_the_global_stream():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    assert same(begun(), begun()) and not same(begun(), begun(seed=4))
    assert torch.equal(torch.rand(1), expected)


def test_a_start_gives_the_generator_and_its_copies():
    torch.manual_seed(0)
    start = networks.Generator(**SMALL)
    state = begun(start)
    for name in ("generator", "average", "best"):
        assert torch.equal(weights(getattr(state, name)), weights(start))
    assert state.generator is not start


def test_bytes_give_the_state_back_and_it_goes_on_alike():
    state = begun()
    state.enter("pixel")
    for _ in range(3):
        step(state)
        state.average_in()
    state.history.append({"step": 0, "phase": "pixel", "pixel": 1 / 3})
    state.best_loss, state.best_step, state.waits = 0.1, 2, 1
    kept = state.to_bytes("this run")
    again = begun(seed=8)  # other weights and another stream, all of which are replaced
    assert again.load(kept, "this run")
    assert same(state, again) and again.history == state.history
    assert (again.phase, again.step, again.best_loss) == ("pixel", 3, 0.1)
    assert (again.best_step, again.waits) == (2, 1)
    # The moments of the optimiser and the random stream came along, too.
    for one in (state, again):
        step(one)
    assert same(state, again)
    assert again.to_bytes("this run") == state.to_bytes("this run")


def test_the_bytes_of_another_run_change_nothing():
    state, other = begun(), begun(seed=4)
    before = weights(state.generator)
    assert not state.load(other.to_bytes("another run"), "this run")
    assert not state.load(b"half of a file", "this run")
    assert torch.equal(weights(state.generator), before) and state.phase == "pretraining"


@pytest.mark.parametrize("frozen", [0, 1])
def test_a_phase_begins_anew_and_frozen_blocks_stay(frozen):
    state = begun(frozen_blocks=frozen)
    state.enter("pretraining")
    step(state)
    state.waits = 3
    entered, first = (weights(part) for part in (state.generator.enter, state.generator.residual))
    state.enter("pixel")
    assert (state.phase, state.step, state.waits) == ("pixel", 0, 0)
    assert not state.optimisers["generator"].state_dict()["state"]  # remembers nothing
    assert torch.equal(weights(state.average), weights(state.generator))
    step(state)
    assert torch.equal(weights(state.generator.enter), entered) is bool(frozen)
    assert not torch.equal(weights(state.generator.residual), first)  # the second block learns


def test_the_average_moves_by_a_share_that_falls_with_the_steps():
    state = begun()
    with torch.no_grad():
        for average, new in zip(
            state.average.parameters(), state.generator.parameters(), strict=True
        ):
            average.zero_()
            new.fill_(1.0)
    state.step = 1
    state.average_in()  # 1 - (1 + 1) / (10 + 1)
    assert weights(state.average) == pytest.approx(9 / 11, abs=1e-6)
    state.step = 10**6
    state.average_in()  # at most 0.999 is remembered
    assert weights(state.average) == pytest.approx(9 / 11 + 0.001 * (2 / 11), abs=1e-6)
