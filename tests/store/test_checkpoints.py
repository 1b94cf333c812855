"""The state of a long computation is replaced whole, and goes when that is done."""

from thyro.store.checkpoints import Checkpoint


def test_a_checkpoint_is_replaced_and_removed(project):
    checkpoint = Checkpoint("results/s/01", "training")
    assert checkpoint.load() is None
    for data in (b"one", b"two"):
        checkpoint.save(data)
        assert Checkpoint("results/s/01", "training").load() == data
    assert [file.name for file in (project / "results/s/01").iterdir()] == [".training.safetensors"]
    checkpoint.remove()
    checkpoint.remove()
    assert checkpoint.load() is None
