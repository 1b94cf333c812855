"""What an image shows of its own quality: numbers of each, and flags that a reader judges.

A flag is a reason to look, not a verdict: the thresholds are parameters, and the decision is a
column that the reader fills (R-03).
"""

import numpy as np
import pandas as pd
from PIL import Image
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from thyro.cohort import cells
from thyro.imaging import EIGHT, scan_area

SHARPNESS_PX = 192  # longer side of the scan on which sharpness is measured
TEXT_STEP = 40  # grey levels between neighbours: the edge of a letter of grey 60 on black
TEXT_EDGES = 16  # of such steps: a number however large the frame, as letters do not grow with it
SIZES = ("mask_area_px", "mask_diameter_px", "mask_diameter_mm")  # measures of the nodule

THIN_PX = 1.5  # no pixel of an outline is farther from its edge
TURNED = 1.3  # times as steep an edge along the outline with rows and columns swapped
EDGE_PX = 2  # to either side of an outline, and SD of the gradient there
UNUSUAL = 3.5  # robust SDs of the logarithm of the area (Iglewicz and Hoaglin 1993) ...
UNUSUAL_TIMES = 4  # ... and as many times the median, or a fraction of it, at least
FEW = 1 / 4  # of the files with several labels, at most, hold them the other way round
COLOURED_SHARE = 0.01  # of the nodule

FLAGS = {
    "duplicate": "The same pixels as an image further up in the table.",
    "copy": "The frame of an image further up in the table, saved again, moved or marked.",
    "blur": "Fine detail holds less of the grey variance than the threshold asks for.",
    "size": "More pixels than the threshold allows.",
    "border": "The outline touches the border of the image: the region may be cut off.",
    "components": "The outline has several separate parts.",
    "outline": "The mask is a thin line or ring, and not the region within it.",
    "turned": "No edge lies along the outline, but one does with rows and columns swapped.",
    "area": "The outline is far larger or smaller than others, or than other labels of its file.",
    "colour": "Part of the outlined region is in colour, as under Doppler or marks of the scanner.",
    "text": "Letters or marks stand outside the scan: look for names, dates and grades.",
}


def measure(
    image: np.ndarray,
    mask: np.ndarray,
    spacing_mm: tuple[float, float] | None,
    coloured: np.ndarray | None = None,
    other_labels_px: int = 0,
) -> dict[str, str | float]:
    """Measure one image and its mask.

    Parameters
    ----------
    image
        Grey 0-255, shape (rows, columns).
    mask
        Bool, same shape, True inside the nodule.
    spacing_mm
        (row, column) in mm, or None.
    coloured
        Bool, same shape, True where the file is not grey; None where it is grey all over.
    other_labels_px
        How many pixels of the mask's file have another label.

    Returns
    -------
    dict
        rows, columns : of the frame.
        grey_mean : mean grey of the scan area.
        sharpness : variance of the Laplacian over the variance of grey, of the scan area brought
            to 192 pixels on its longer side. Neither gain nor brightness changes it, and the size
            of the frame hardly does.
        mask_area_px, mask_diameter_px : area and largest Feret diameter in pixels.
        mask_area_mm2, mask_diameter_mm : both in mm; NaN without a pixel size.
        other_labels_px : as given.
        mask_parts : separate parts of the mask (8 neighbours).
        mask_thickness_px : how far the innermost pixel is from the edge.
        mask_filled_px : area with what the outline encloses.
        turned_edge : steepness of grey along the outline with rows and columns swapped, over that
            along the outline as it is; NaN where the frame is not square.
        coloured_share : share of the nodule that is not grey.
        touches_border : whether the mask reaches the first or last row or column.
        text_edges : steps between neighbouring pixels outside the scan area that are as high as
            the edge of a letter. Letters on the tissue itself are not found.

    Raises
    ------
    ValueError
        If the shapes differ or the mask is empty.
    """
    if image.shape != mask.shape or not mask.any():
        raise ValueError(
            f"mask: expected pixels inside, shape {image.shape}; "
            f"got {int(mask.sum())} of shape {mask.shape}."
        )
    area = scan_area(image)
    edges = [mask[0], mask[-1], mask[:, 0], mask[:, -1]]
    points = _outline(mask)
    nodule = np.pad(mask[ndimage.find_objects(mask.astype(int))[0]], 1)  # alone it is quick to fill
    return {
        "rows": image.shape[0],
        "columns": image.shape[1],
        "grey_mean": float(image[area].mean()),
        "sharpness": _sharpness(image[area]),
        "mask_area_px": int(mask.sum()),
        "mask_area_mm2": np.nan if spacing_mm is None else float(mask.sum() * np.prod(spacing_mm)),
        "mask_diameter_px": _diameter(points),
        "mask_diameter_mm": np.nan if spacing_mm is None else _diameter(points * spacing_mm),
        "other_labels_px": other_labels_px,
        "mask_parts": int(ndimage.label(nodule, structure=EIGHT)[1]),
        "mask_thickness_px": float(ndimage.distance_transform_edt(nodule).max()),
        "mask_filled_px": int(ndimage.binary_fill_holes(nodule).sum()),
        "turned_edge": _turned_edge(image, mask),
        "coloured_share": 0.0 if coloured is None else float(coloured[mask].mean()),
        "touches_border": bool(any(edge.any() for edge in edges)),
        "text_edges": _text_edges(image, area),
    }


def flag(measures: pd.DataFrame, *, min_sharpness: float, max_pixels: float) -> pd.DataFrame:
    """Flags of each image.

    Parameters
    ----------
    measures
        One row per image, in the order of the table: columns as `measure` names them, and
        `pixel_hash`, that of `imaging.Case`; `frame_of_row`, that of `near_copies.first_rows`.
    min_sharpness
        Below it an image is flagged as blurred; 0 flags none.
    max_pixels
        Above it an image is flagged for its size.

    Returns
    -------
    DataFrame
        Bool, index of `measures`, one column for each of `FLAGS`. Of images with equal pixels all
        but the first are duplicates.
    """
    if measures.empty:
        return pd.DataFrame(index=measures.index, columns=list(FLAGS), dtype=bool)
    duplicate = measures["pixel_hash"].duplicated()
    thin = measures["mask_thickness_px"] <= THIN_PX
    flags = {
        "duplicate": duplicate,
        "copy": measures["frame_of_row"].duplicated() & ~duplicate,
        "blur": measures["sharpness"] < min_sharpness,
        "size": measures["rows"] * measures["columns"] > max_pixels,
        "border": measures["touches_border"].astype(bool),
        "components": measures["mask_parts"] > 1,
        "outline": thin | (measures["mask_filled_px"] > 2 * measures["mask_area_px"]),
        "turned": measures["turned_edge"] > TURNED,
        "area": _unusual(_area(measures)) | _swapped(measures),
        "colour": measures["coloured_share"] > COLOURED_SHARE,
        "text": measures["text_edges"] > TEXT_EDGES,
    }
    return pd.DataFrame(flags)[list(FLAGS)]


def spacing_problems(measures: pd.DataFrame) -> list[str]:
    """Lines where some images tell the size of a pixel and others do not.

    Millimetres and pixels in one column would be no sizes at all.
    """
    unknown = measures.index[measures["row_mm"].isna()]
    if 0 < len(unknown) < len(measures):
        return cells.row_lines(
            unknown[:1],
            f"{len(unknown)} of {len(measures)} images do not tell the size of a pixel, this one "
            "first; give `spacing_mm`, or leave these images out",
        )
    return []


def _area(measures: pd.DataFrame) -> pd.Series:
    """Area of every nodule in square millimetres, or in pixels where no size is known."""
    return measures["mask_area_mm2"].fillna(measures["mask_area_px"])


def _unusual(values: pd.Series) -> pd.Series:
    """Whether positive values lie far from the median, on a logarithmic scale."""
    logs = np.log(values)
    off = (logs - logs.median()).abs()
    # 0.6745: of a normal distribution, the median distance from the median in SDs.
    return (0.6745 * off > UNUSUAL * off.median()) & (off >= np.log(UNUSUAL_TIMES))


def _swapped(measures: pd.DataFrame) -> pd.Series:
    """Whether the label is larger than the others of its file, but smaller in most, or the reverse.

    Sizes of nodules differ a hundredfold, so that a gland among them is no outlier; but a gland is
    larger than the nodule beside it.
    """
    several = measures["other_labels_px"] > 0
    larger = measures["mask_area_px"] > measures["other_labels_px"]
    share = larger[several].mean()
    if FEW < share < 1 - FEW:
        return several & False
    return several & (larger if share <= FEW else ~larger)


def _turned_edge(image: np.ndarray, mask: np.ndarray) -> float:
    """Edge along the outline with rows and columns swapped, over that along the outline.

    Of every third frame of DDTI, those 66 whose middle square holds the nodule, 2 exceed 1.3 as
    they are and 46 once they are swapped.
    """
    if image.shape[0] != image.shape[1]:
        return np.nan
    along = _edge(image, mask)
    return _edge(image, mask.T) / along if along > 0 else np.inf


def _edge(image: np.ndarray, mask: np.ndarray) -> float:
    """Mean steepness of grey across the outline of a mask; what runs along it does not count."""
    near = 5 * EDGE_PX  # beyond it the filters see nothing
    box = tuple(
        slice(max(0, part.start - near), part.stop + near)
        for part in ndimage.find_objects(mask.astype(int))[0]
    )
    grey, inside = image[box].astype(float), mask[box]
    depth = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    depth = ndimage.gaussian_filter(depth, EDGE_PX)
    rim = np.abs(depth) <= EDGE_PX
    inwards = np.array(np.gradient(depth))
    length = np.maximum(np.linalg.norm(inwards, axis=0), 1e-9)  # 0 on the ridge of a narrow mask
    steps = [ndimage.gaussian_filter(grey, EDGE_PX, order) for order in ((1, 0), (0, 1))]
    across = np.abs(np.sum(steps * inwards / length, axis=0))
    return float(across[rim].mean()) if rim.any() else 0.0


def _sharpness(scan: np.ndarray) -> float:
    """Fine detail over the variance of grey; 0 for a scan without any contrast.

    The Laplacian of frames of different sizes compares only on one grid: the scan is averaged down
    (or, if smaller, interpolated) to `SHARPNESS_PX`. Simulated frames measure 0.16 to 1.9 and the
    273 frames of DDTI 0.44 to 2.0; blurred by a Gaussian of 1/128 of their width, at most 0.05.
    """
    share = SHARPNESS_PX / max(scan.shape)
    rows, columns = (max(3, round(side * share)) for side in scan.shape)
    kind = Image.Resampling.BOX if share < 1 else Image.Resampling.BILINEAR
    grey = np.asarray(Image.fromarray(scan.astype(np.float32)).resize((columns, rows), kind))
    variance = float(grey.var())
    return float(ndimage.laplace(grey).var()) / variance if variance > 0 else 0.0


def _outline(mask: np.ndarray) -> np.ndarray:
    """Corners of the convex hull of a mask, (n, 2): row and column.

    The outline runs through the middle of the pixels' outer edges, as marching squares draw it: a
    line of n pixels measures n.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    left, right = (_first(mask[rows]), _first(mask[rows, ::-1]))
    top, bottom = (_first(mask[:, columns].T), _first(mask[::-1, columns].T))
    last_row, last_column = mask.shape[0] - 1, mask.shape[1] - 1
    points = np.concatenate(
        [
            np.column_stack([rows, left - 0.5]),
            np.column_stack([rows, last_column - right + 0.5]),
            np.column_stack([top - 0.5, columns]),
            np.column_stack([last_row - bottom + 0.5, columns]),
        ]
    )
    return points[ConvexHull(points).vertices]


def _first(lines: np.ndarray) -> np.ndarray:
    """Index of the first True of each line."""
    return lines.argmax(axis=1)


def _diameter(points: np.ndarray) -> float:
    return float(pdist(points).max())


def _text_edges(image: np.ndarray, area: tuple[slice, slice]) -> int:
    """Steps as high as the edge of a letter between neighbours in a row, outside the scan area.

    The 273 frames of DDTI, all with burned-in text, hold 176 to 1961 of them; four digits or three
    capital letters of grey 60 and 8 px hold 21, one white digit of 10 px 19. Of simulated frames
    of either scanner none holds any (770 as they are, from 128 x 160 to 600 x 800, and 40 on a
    black screen), and at most 4 when cut to a sector, whose tip the scan area leaves out.
    """
    outside = np.ones(image.shape, bool)
    outside[area] = False
    steps = np.abs(np.diff(image.astype(np.float32), axis=1)) >= TEXT_STEP
    return int((steps & outside[:, 1:] & outside[:, :-1]).sum())
