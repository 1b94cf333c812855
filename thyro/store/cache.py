"""Numbers that took long to compute, on disk under the checksum of what they came from."""

import hashlib
from collections.abc import Iterable

import numpy as np

from thyro.store.paths import atomic, path

DIGEST_BYTES = 32
UNFINISHED = ".unfinished"


class Cache:
    """One small file per row of numbers, in a hidden folder beside the results; no result itself.

    A file is a checksum of its key and values, then the values: bytes that were cut off, damaged or
    put there under another name are not taken for numbers. One computation per folder: `keep`
    removes what others left there.

    Parameters
    ----------
    out_dir
        Folder of the results, relative to the project.
    name
        Which computation: the folder is `<out_dir>/.cache/<name>`.
    """

    def __init__(self, out_dir: str, name: str):
        self._folder = path(out_dir) / ".cache" / name

    def keys(self) -> set[str]:
        """What is there, readable or not."""
        return {file.name for file in self._folder.glob("[!.]*")}

    def load(self, key: str) -> np.ndarray | None:
        """The values saved under `key`, exactly; None where they are absent or damaged."""
        try:
            data = (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None
        digest, data = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
        if digest != _digest(key, data):
            return None
        return np.frombuffer(data, "<f8").astype(float)

    def save(self, key: str, values: np.ndarray) -> None:
        """Keep a row of float64 values; a kill meanwhile leaves all of them or none.

        Raises
        ------
        OSError
            If the disk is full or may not be written.
        """
        data = np.asarray(values, "<f8").tobytes()
        with atomic(self._folder / key) as temporary:
            temporary.write_bytes(_digest(key, data) + data)

    def mark_unfinished(self) -> None:
        """Leave a mark that `keep` takes away: a run that finds it follows one that was killed."""
        with atomic(self._folder / UNFINISHED) as temporary:
            temporary.touch()

    def is_unfinished(self) -> bool:
        """Whether the mark is there."""
        return (self._folder / UNFINISHED).is_file()

    def keep(self, keys: Iterable[str]) -> None:
        """Remove all but these, and the mark of a run that did not come to its end."""
        wanted = set(keys)
        for file in self._folder.glob("*"):
            if file.name not in wanted:
                file.unlink(missing_ok=True)


def _digest(key: str, data: bytes) -> bytes:
    return hashlib.sha256(key.encode() + data).digest()
