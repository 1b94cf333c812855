"""Processes that end with the one that asked for them, so that a killed run leaves no orphans."""

import os
import threading
import time
from functools import cache


@cache
def end_with_parent() -> None:
    """End this process soon after its parent is gone, however that happened."""
    parent = os.getppid()

    def wait():
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def end_with(asker: int) -> None:
    """As `end_with_parent`, in a worker of the process `asker`; nothing in that process itself."""
    if os.getpid() != asker:
        end_with_parent()
