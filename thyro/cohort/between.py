"""What must not be between two cohorts: the same image, or nearly the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from thyro.cohort import cells, near_copies


@dataclass(frozen=True)
class Seen:
    """What is known of the examined images of a cohort, each by row of its table, in order."""

    pixel_hash: pd.Series
    prints: np.ndarray  # of `near_copies.print_of`
    decided: pd.Series  # by the reader: "keep", "exclude" or ""

    def without_excluded(self) -> "Seen":
        """Those that the reader does not exclude."""
        stays = (self.decided != "exclude").to_numpy()
        return Seen(self.pixel_hash[stays], self.prints[stays], self.decided[stays])


def shared_images(first: Seen, second: Seen) -> dict[int, str]:
    """What is wrong with each image of the second cohort that the first has too, or nearly has.

    A reader may keep what is nearly the same; the same pixels belong to one cohort.

    Parameters
    ----------
    first, second
        Of the cohort and of the external cohort.

    Returns
    -------
    dict
        A message by row of the second table, in its order.
    """
    first, second = first.without_excluded(), second.without_excluded()
    # hash -> the first row of the cohort with it
    known = {h: row for row, h in reversed(list(first.pixel_hash.items()))}
    found: dict[int, str] = {}
    for row, pixel_hash in second.pixel_hash.items():
        if pixel_hash in known:
            here = cells.row_number(known[pixel_hash])
            found[row] = (
                f"the same pixels as row {here} of the cohort; an image belongs to one of them"
            )
    for earlier, later in _near(first.prints, second.prints):
        row = second.pixel_hash.index[later]
        if second.decided[row] != "keep":
            here = cells.row_number(first.pixel_hash.index[earlier])
            near = (
                f"nearly the same frame as row {here} of the cohort; leave one out, or say keep in "
                "the quality column"
            )
            found.setdefault(row, near)
    return dict(sorted(found.items()))


def _near(first: np.ndarray, second: np.ndarray) -> Sequence[tuple[int, int]]:
    """Pairs of one print of each that show the same frame; positions in `first` and `second`."""
    n = len(first)
    pairs = near_copies.near_copies(np.concatenate([first, second]))
    return [(earlier, later - n) for earlier, later, _ in pairs if earlier < n <= later]
