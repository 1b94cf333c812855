"""Processes that end with the one that asked for them, so that a killed run leaves no orphans."""

import os
import threading
import time
from functools import cache


def end_with_parent() -> None:
    """End this process soon after its parent is gone, however that happened."""
    _end_without(os.getppid())


def end_with(asker: int) -> None:
    """The same in a worker that the process `asker` has started; nothing in that process itself."""
    if os.getpid() != asker:
        _end_without(asker)


@cache
def _end_without(parent: int) -> None:
    """Watch for the parent; one that is gone already counts too."""

    def wait():
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
