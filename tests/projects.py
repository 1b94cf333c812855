"""A project of a test: the real notebooks and package, and a study of a folder with 24 patients."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
STUDY = """
extends: smoke
title: A folder
cohort:
  source: folder
  table: patients.csv
  id_column: id
  image_column: image
  mask_column: mask
  outcome_column: y
  variables:
    - {name: age, label: Age, kind: continuous, unit: years}
super_resolution: {patch_px: 32}  # within images of 40 x 50
compute: {workers: 1}  # a process takes longer to start than its share of the work
"""


def make_project(folder: Path) -> Path:
    """Lay out `folder` as a project with the studies demo, smoke and mine, and return it."""
    for name in ("notebooks", "thyro", "report", "Snakefile", "requirements.lock", "CITATION.cff"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "params").mkdir()
    for study in ("demo", "smoke"):
        (folder / f"params/{study}.yml").write_text((ROOT / f"params/{study}.yml").read_text())
    (folder / "params/mine.yml").write_text(STUDY)
    (folder / "data").mkdir()
    rng = np.random.default_rng(0)
    rows = ["id,image,mask,y,age"]
    for i in range(24):
        Image.fromarray(rng.integers(0, 255, (40, 50), dtype=np.uint8)).save(
            folder / f"data/i{i}.png"
        )
        mask = np.zeros((40, 50), np.uint8)
        mask[10:30, 10:40] = 255
        Image.fromarray(mask).save(folder / f"data/m{i}.png")
        rows.append(f"hospital-{i},i{i}.png,m{i}.png,{i % 2},{40 + i}")
    (folder / "data/patients.csv").write_text("\n".join(rows))
    return folder


def thyro(project: Path, *words: str) -> subprocess.CompletedProcess:
    """Run the command line in a project."""
    return call(project, [sys.executable, "-m", "thyro.cli", *words])


def call(project: Path, command: list[str]) -> subprocess.CompletedProcess:
    """Run a command in a project, as a shell outside of make would."""
    environment = {k: v for k, v in os.environ.items() if k != "MAKELEVEL"}
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
