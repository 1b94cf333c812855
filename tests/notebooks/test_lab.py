"""The notebooks as an analyst has them: opened in JupyterLab, run from top to bottom, turned.

The suite opens the one that is quickest; `make test-lab` opens all, which takes some minutes.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from tests.chromium import CHROMIUM, browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path"),
]
PATIENCE = 300  # seconds for a notebook
# What is moved in each notebook: the cell, the label of the widget, and its new value.
MOVED = {
    "00_cohort": ("browse", "Outline", False),
    "01_super_resolution": ("code-21", "Line, % of the width", 80),
    "02_features_or": ("lesion-control", "Feature contains", "firstorder"),
    "03_selection": ("lasso-control", "Penalty, large to small", 3),
    "04_models": ("heat-map-control", "Patient", None),
    "05_nomogram": ("nomogram-control", None, None),
    "06_statistics": ("threshold-control", "Threshold", 0.55),
}
QUICK = "05_nomogram"
ALL = "THYRO_LAB" in os.environ  # set by `make test-lab`
NAMES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(name != QUICK and not ALL, reason="opened by `make test-lab`"),
    )
    for name in MOVED
]
# A notebook that was turned is not saved: nobody is there to say that it may be left.
LEAVES = "addEventListener('beforeunload', event => event.stopImmediatePropagation(), true)"
ERRORS = """JSON.stringify([...panel.content.model.cells].filter(c => c.type === 'code').flatMap(
  c => c.outputs.toJSON().filter(o => o.output_type === 'error').map(o => c.id + ': ' + o.ename
  + ' ' + o.evalue)))"""


@contextmanager
def server(folder: Path):
    """JupyterLab on a port of its own; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", "--allow-root"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    command += [f"--LabApp.workspaces_dir={folder}/.workspaces"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(f"{address}/api"), "the server")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_for(true, what: str, patience: float = 90) -> None:
    started = time.monotonic()
    while not true():
        if time.monotonic() - started > patience:
            raise TimeoutError(f"{what}: nothing for {patience} s.")
        time.sleep(0.3)


@pytest.fixture(scope="module")
def lab(tiny, tmp_path_factory):
    """A project with the tiny study, its notebooks without outputs, and JupyterLab in a browser."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("params", "report"):
        (folder / name).symlink_to(Path(name).absolute())
    (folder / "notebooks").mkdir()
    shutil.copytree(tiny, folder / "tiny")
    for name in MOVED:
        notebook = nbformat.read(folder / f"tiny/{name}.ipynb", as_version=4)
        for cell in notebook.cells:
            cell["source"] = cell["source"].replace(str(tiny), str(folder / "tiny"))
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        nbformat.write(notebook, folder / f"notebooks/{name}.ipynb")
    with server(folder) as address, browser(folder / "profile") as page:
        page.look(width=1400)
        page.call("Page.addScriptToEvaluateOnNewDocument", source=LEAVES)
        yield page, address


def open_notebook(page, address: str, name: str) -> None:
    page.call(
        "Page.navigate", url=f"{address}/lab/workspaces/{name}/tree/notebooks/{name}.ipynb?reset"
    )
    ready = (
        "!!(window.jupyterapp && window.jupyterapp.shell.currentWidget?.sessionContext?.isReady)"
    )
    wait_for(lambda: page.run(ready), f"{name} in JupyterLab")
    page.run("var panel = window.jupyterapp.shell.currentWidget")


def run_all(page, name: str) -> None:
    """Run every cell and wait for the last one."""
    page.run(
        "window.ended = false; jupyterapp.commands.execute('notebook:run-all-cells')"
        ".then(() => { window.ended = true; }); 0"
    )
    wait_for(lambda: page.run("window.ended"), f"{name} run", PATIENCE)
    assert json.loads(page.run(ERRORS)) == []


def show_cell(page, cell: str) -> str:
    """Bring a cell into sight; gives an expression for it."""
    index = page.run(f"[...panel.content.model.cells].findIndex(c => c.id === '{cell}')")
    assert index >= 0, cell
    page.run(f"panel.content.activeCellIndex = {index}; 0")
    page.run(f"void panel.content.scrollToItem({index}, 'start')")
    node = f"panel.content.widgets[{index}].node"
    wait_for(lambda: page.run(f"!!{node}.querySelector('.jupyter-widgets img')"), f"cell {cell}")
    return node


def shown(page, node: str) -> str:
    """The picture of a control, and the words and tables below it."""
    box = f"{node}.querySelector('.jupyter-widgets')"
    below = f"[...{box}.querySelectorAll('.widget-html')].map(each => each.textContent)"
    return page.run(f"{box}.querySelector('img').src + {below}")


def move(page, node: str, label: str | None, value) -> None:
    """Give a widget of a cell another value, by the element that a reader would use."""
    script = """
    (() => {
      const rows = [...NODE.querySelectorAll('.jupyter-widgets .widget-inline-hbox, ' +
                                             '.jupyter-widgets.widget-inline-hbox')];
      const row = rows.find(r => LABEL === null || r.textContent.includes(LABEL));
      const select = row.querySelector('select');
      if (select) {
        select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
        select.dispatchEvent(new Event('change', {bubbles: true}));
        return 'select';
      }
      const box = row.querySelector('input[type=checkbox]');
      if (box) { box.click(); return 'checkbox'; }
      const text = row.querySelector('input[type=text]');
      if (text) {
        text.focus(); text.value = VALUE;
        text.dispatchEvent(new Event('input', {bubbles: true}));
        text.dispatchEvent(new Event('change', {bubbles: true}));
        text.blur();
        return 'text';
      }
      row.querySelector('.noUi-handle').focus();
      return 'slider';
    })()"""
    script = script.replace("NODE", node).replace("LABEL", json.dumps(label))
    if page.run(script.replace("VALUE", json.dumps(value))) == "slider":
        page.press("ArrowLeft", 3)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_and_its_control_changes_what_is_shown(lab, name):
    page, address = lab
    open_notebook(page, address, name)
    run_all(page, name)
    cell, label, value = MOVED[name]
    node = show_cell(page, cell)
    before = shown(page, node)
    move(page, node, label, value)
    wait_for(lambda: shown(page, node) != before, f"another picture or table in {cell}")


def test_a_change_by_hand_is_told_in_words(lab):
    page, address = lab
    open_notebook(page, address, "03_selection")
    assert "Next: 04_models" in page.run("panel.content.model.cells.get(0).sharedModel.getSource()")
