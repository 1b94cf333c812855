"""The prepared check for a GPU works where there is none, and sees what does not agree."""

import sys

import pytest

from tests.benchmarks import gpu


@pytest.mark.slow
def test_the_cpu_agrees_with_itself_in_mixed_precision(monkeypatch, capsys):
    # The smaller of the networks: the way is the same for all.
    monkeypatch.setattr(gpu.study, "NETWORKS", {"DenseNet121": gpu.study.NETWORKS["DenseNet121"]})
    assert gpu.check(gpu.Device("cpu"), gpu.SMALL)
    lines = capsys.readouterr().out.splitlines()
    # super-resolution: 1 speed, 3 differences; each of two image sets: 2 speeds, 3 differences
    assert sum("a second" in line for line in lines) == 1 + 2 * 2
    assert sum(line.endswith("agrees") for line in lines) == 3 + 2 * 3
    # bfloat16 was on, or the losses would be the same to the last digit
    changed = [line for line in lines if "loss" in line and " 0.0e+00" not in line]
    assert len(changed) >= 4


@pytest.mark.parametrize(
    ("value", "agrees"), [(0.0, True), (0.01, True), (0.0101, False), (float("nan"), False)]
)
def test_a_difference_is_held_to_its_tolerance(value, agrees, capsys):
    report = gpu.Report()
    report.difference("loss of the first step", "step", value)
    assert report.agrees is agrees
    assert ("DOES NOT AGREE" in capsys.readouterr().out) is not agrees


def test_one_disagreement_is_not_forgotten(capsys):
    report = gpu.Report()
    report.difference("a frame", "frame", 1.0)
    report.difference("a frame", "frame", 0.0)
    assert not report.agrees


@pytest.mark.parametrize(("agrees", "status"), [(True, 0), (False, 1)])
def test_the_status_says_whether_all_agrees(agrees, status, monkeypatch, capsys):
    monkeypatch.setattr(gpu, "check", lambda device, sizes: agrees)
    monkeypatch.setattr(sys, "argv", ["gpu", "--cpu"])
    assert gpu.main() == status
    assert ("NOT ALL AGREES" in capsys.readouterr().out) is not agrees


def test_without_a_gpu_one_line_says_so_and_the_status_is_no_success(monkeypatch, capsys):
    monkeypatch.setattr(gpu.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu"])
    assert gpu.main() == 2
    out = capsys.readouterr().out
    assert out.startswith("No CUDA device") and out.count("\n") == 1
