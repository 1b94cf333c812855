"""One kernel for all notebooks that a process of tests runs.

Torch, MONAI and matplotlib take seconds to load, in every kernel again. This one keeps the
libraries and forgets the names of the notebook before, thyro's own modules and what they remember.
`thyro run` starts a kernel for every notebook, and so do the tests of `tests/run`.
"""

from functools import cache
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

FORGET = """%reset -f
import sys
from unittest import mock
mock.patch.stopall()
for name in [name for name in sys.modules if name.split(".")[0] == "thyro"]:
    del sys.modules[name]
"""
# Every figure is one white pixel: drawing is a third of the time of a chain.
UNDRAWN = """import io
from PIL import Image
from matplotlib.backend_bases import FigureCanvasBase
pixel = io.BytesIO()
Image.new("L", (1, 1), 255).save(pixel, "PNG")
def write_pixel(canvas, file, format=None, **options):
    vector = b'<svg width="1pt" height="1pt"></svg>'
    file.write(vector if format == "svg" else pixel.getvalue())
mock.patch.object(FigureCanvasBase, "print_figure", write_pixel).start()
"""


def run(source: Path, executed: Path, parameters: dict[str, Any], *, draw: bool = True) -> None:
    """Execute a notebook with papermill; `executed` is its copy with outputs.

    Without `draw` its figures are made and not drawn, where only numbers are compared.
    """
    before = new_notebook(cells=[new_code_cell(FORGET + ("" if draw else UNDRAWN))])
    NotebookClient(before, km=_kernel()).execute()
    papermill.execute_notebook(
        str(source),
        str(executed),
        parameters,
        kernel_name="python3",
        language="python",  # papermill asks the kernel only where it starts one
        progress_bar=False,
        km=_kernel(),
    )


def stop() -> None:
    """End the kernel, if there is one."""
    if _kernel.cache_info().currsize:
        NotebookClient(new_notebook(), km=_kernel())._cleanup_kernel()
        _kernel.cache_clear()


@cache
def _kernel() -> KernelManager:
    client = NotebookClient(new_notebook(), kernel_name="python3")
    client.create_kernel_manager()
    client.start_new_kernel()
    return client.km
