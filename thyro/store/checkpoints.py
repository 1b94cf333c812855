"""The file that a long computation keeps its state in."""

from thyro.store.paths import atomic, path


class Checkpoint:
    """A file that a long computation keeps its state in until it is done; no result.

    It lies in the folder of the results, hidden, and has no sidecar.
    """

    def __init__(self, out_dir: str, name: str):
        self._file = path(out_dir) / f".{name}.safetensors"

    def load(self) -> bytes | None:
        """What was saved last, or None."""
        return self._file.read_bytes() if self._file.is_file() else None

    def save(self, data: bytes) -> None:
        """Replace what was saved before."""
        with atomic(self._file) as temporary:
            temporary.write_bytes(data)

    def remove(self) -> None:
        """Forget it: the computation is done."""
        self._file.unlink(missing_ok=True)
