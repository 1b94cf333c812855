"""The files below `results/`: written whole or not at all, each with a record of what made it."""

from thyro.store.cache import Cache
from thyro.store.checkpoints import Checkpoint
from thyro.store.files import (
    read_bytes,
    read_json,
    read_table,
    replace_folder,
    write_bytes,
    write_figure,
    write_figures,
    write_json,
    write_pages,
    write_table,
    write_tables,
)
from thyro.store.paths import atomic, path, project_root
from thyro.store.progress import PROGRESS_FILE, progress_bar
from thyro.store.provenance import NOTEBOOK, PACKAGES, by_hand, commit, versions

__all__ = [
    "NOTEBOOK",
    "PACKAGES",
    "PROGRESS_FILE",
    "Cache",
    "Checkpoint",
    "atomic",
    "by_hand",
    "commit",
    "path",
    "progress_bar",
    "project_root",
    "read_bytes",
    "read_json",
    "read_table",
    "replace_folder",
    "versions",
    "write_bytes",
    "write_figure",
    "write_figures",
    "write_json",
    "write_pages",
    "write_table",
    "write_tables",
]
