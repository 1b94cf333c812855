"""What a run keeps: files of `store` do what the code that uses them asks for."""

import json

import numpy as np
import pytest
import safetensors.numpy

from thyro import store
from thyro.core.resumable import Cache, Checkpoint, safetensors_metadata


def public(protocol):
    return {name for name in vars(protocol) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("protocol", "files"), [(Checkpoint, store.Checkpoint), (Cache, store.Cache)]
)
def test_the_files_of_store_can_do_all_that_is_asked_for(protocol, files):
    assert public(protocol) and public(protocol) <= public(files)


def test_what_stands_beside_weights_comes_back():
    said = {"identity": "abc", "step": "12"}
    data = safetensors.numpy.save({"w": np.ones(3)}, metadata=said)
    assert safetensors_metadata(data) == said


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        b"no safetensors file at all",
        safetensors.numpy.save({"w": np.ones(3)}),
        safetensors.numpy.save({"w": np.ones(3)}, metadata={"a": "b"})[:20],
        (2).to_bytes(8, "little") + b"[]",
        (4).to_bytes(8, "little") + b"null",
        (4).to_bytes(8, "little") + json.dumps("ab").encode(),
    ],
    ids=["empty", "short", "foreign", "nothing beside", "cut off", "list", "null", "text"],
)
def test_another_file_has_nothing_beside_its_weights(data):
    assert safetensors_metadata(data) == {}
