"""The filtered images of pyradiomics 3.0.1, computed only where the nodule needs them.

pyradiomics filters the whole frame. Each filter here sees the nodule's box and as much around it as
reaches into the box, so that every value inside the mask is the same one; most are still computed
by pyradiomics' own functions, on less.
"""

import warnings
from collections.abc import Iterator, Mapping

import numpy as np
import pywt
import SimpleITK as sitk
from radiomics import imageoperations
from scipy import ndimage

from thyro.radiomics import feature_sets

ROUNDING = 1e-9  # far above that of doubles, far below what grey levels differ by
SLICE_THICKNESS_MM = 1.0  # a frame has no thickness
POINTWISE = ("Square", "SquareRoot", "Logarithm", "Exponential")


def filtered(
    frame: np.ndarray,
    mask: np.ndarray,
    spacing: tuple[float, ...],
    filters: Mapping[str, Mapping[str, object]],
    settings: Mapping[str, object],
) -> Iterator[tuple[str, np.ndarray]]:
    """Name and values inside the mask of each filtered image.

    Parameters
    ----------
    frame, mask : ndarray of float and bool, shape (1, rows, columns) or (rows, columns)
        The whole frame. At least one pixel is inside the mask.
    spacing : tuple of float
        In mm, in SimpleITK's order (x, y) or (x, y, z).
    filters
        pyradiomics' names of the filters, each with its own settings.
    settings
        pyradiomics' settings of the extraction.

    Yields
    ------
    str, ndarray of float, shape (n_pixels,)
        pyradiomics' name of the image type; its values in the order of `frame[mask]`.

    Raises
    ------
    ImportError
        If a package that a filter needs lacks what it needs.
    """
    inside = frame[mask]
    for name, own in filters.items():
        kwargs = {**settings, **own}
        if name == "Original":
            yield "original", inside
        elif name in POINTWISE:
            yield _pointwise(name, frame, inside)
        elif name == "Wavelet":
            yield from _wavelets(frame, mask, kwargs)
        elif name == "Gradient":
            yield _gradient(frame, mask, spacing, kwargs)
        elif name == "LBP3D":
            yield from _lbp_3d(frame, mask, kwargs)
        else:  # the filters of the plane: whole frame, by pyradiomics
            yield from _whole(name, frame, mask, spacing, kwargs)


def filtered_images(
    image: np.ndarray,
    mask: np.ndarray,
    spacing_mm: tuple[float, float],
    feature_set: feature_sets.FeatureSet = feature_sets.PAPER,
) -> dict[str, np.ndarray]:
    """The image types of a feature set, made from one frame.

    Inside the mask they are what the features are measured on.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Grey levels, 0-255.
    mask : ndarray of bool, same shape
        The nodule.
    spacing_mm : (row, column)
        The gradient depends on it.
    feature_set : FeatureSet, default PAPER

    Returns
    -------
    dict of image type to ndarray of float, shape (rows, columns)
        The original first, the others in the order of the set. Local binary patterns in 3-D
        are NaN outside the mask, where pyradiomics has none.

    Raises
    ------
    ValueError
        If the shapes differ or the mask is empty.
    ImportError
        If a package that a filter needs lacks what it needs.
    """
    frame, mask = np.asarray(image, float), np.asarray(mask, bool)
    if frame.shape != mask.shape or not mask.any():
        raise ValueError(
            f"mask: expected pixels inside, shape {frame.shape}, got {mask.sum()} of shape "
            f"{mask.shape}."
        )
    spacing = (spacing_mm[1], spacing_mm[0])  # SimpleITK's order
    if not feature_set.planar:  # one slice of a volume
        frame, spacing = frame[None], (*spacing, SLICE_THICKNESS_MM)
    everywhere = np.ones(frame.shape, bool)
    with warnings.catch_warnings():  # of scipy, about the names that pyradiomics uses
        warnings.simplefilter("ignore")
        made = {
            image_type: np.reshape(values, mask.shape).astype(float)
            for image_type, values in filtered(frame, everywhere, spacing, feature_set.filters, {})
        }
    for image_type, array in made.items():
        if image_type.startswith("lbp-3D"):
            array[~mask] = np.nan
    order = dict.fromkeys(["original", *feature_set.describe()["image_type"]])
    return {image_type: made[image_type] for image_type in order}


def box(mask: np.ndarray, margin: int = 0) -> tuple[slice, ...]:
    """The smallest box that holds the mask, and `margin` pixels more where the frame goes on."""
    lines = [
        np.flatnonzero(mask.any(axis=tuple(set(range(mask.ndim)) - {axis})))
        for axis in range(mask.ndim)
    ]
    return tuple(slice(max(line[0] - margin, 0), line[-1] + 1 + margin) for line in lines)


def _image(array, spacing=None):
    image = sitk.GetImageFromArray(array)
    if spacing is not None:
        image.SetSpacing(spacing)
    return image


def _pointwise(name, frame, inside):
    """A filter whose only look beyond the pixel is at the greatest value of the frame."""
    peak = frame.flat[np.abs(frame).argmax()]
    values = _image(np.append(inside, peak)[None])
    image, image_type, _ = next(getattr(imageoperations, f"get{name}Image")(values, None))
    return image_type, sitk.GetArrayFromImage(image)[0, :-1]


def _wavelets(frame, mask, kwargs):
    """Bands of one level. A frame goes on at its other end, where sums have another order: an axis
    on which the filter reaches over the border is not cut.
    """
    reach = 2 * (pywt.Wavelet(kwargs.get("wavelet", "coif1")).dec_len // 2 + 1)
    place, where = [], []
    for inner, size in zip(box(mask), frame.shape, strict=True):
        # An even number of pixels, as pyradiomics would pad an odd one.
        stop = inner.stop + reach + (inner.stop - inner.start) % 2
        if inner.start >= reach and stop <= size:
            place.append(slice(inner.start - reach, stop))
            where.append(slice(reach, reach + inner.stop - inner.start))
        else:
            place.append(slice(None))
            where.append(inner)
    region = _image(frame[tuple(place)])
    inner_mask = mask[box(mask)]
    for image, image_type, _ in imageoperations.getWaveletImage(region, None, **kwargs):
        yield image_type, sitk.GetArrayViewFromImage(image)[tuple(where)][inner_mask]


def _gradient(frame, mask, spacing, kwargs):
    """Differences of neighbours: one pixel around the box is enough."""
    place = box(mask, margin=1)
    region = _image(frame[place], spacing)
    image, image_type, _ = next(imageoperations.getGradientImage(region, None, **kwargs))
    return image_type, sitk.GetArrayViewFromImage(image)[mask[place]]


def _whole(name, frame, mask, spacing, kwargs):
    images = getattr(imageoperations, f"get{name}Image")(
        _image(frame, spacing), _image(mask.astype(np.uint8), spacing), **kwargs
    )
    for image, image_type, _ in images:
        yield image_type, sitk.GetArrayViewFromImage(image)[mask]


def _lbp_3d(frame, mask, kwargs):
    """Local binary patterns on a sphere around each pixel of a single slice.

    pyradiomics interpolates at every vertex of the sphere. Of one slice only those in its plane
    find anything, all others find 0; and pixels of the same pattern have the same harmonics, of
    which there are fewer than pixels.
    """
    from scipy.special import sph_harm
    from trimesh.creation import icosphere

    radius = kwargs.get("lbp3DIcosphereRadius", 1)
    vertices = np.array(icosphere(kwargs.get("lbp3DIcosphereSubdivision", 1), radius).vertices)
    in_plane = np.flatnonzero(vertices[:, 0] == 0)
    pixels = np.array(np.nonzero(mask))
    coordinates = pixels[:, :, None] + vertices[in_plane].T[:, None, :]
    centre = frame[mask]
    spline = ndimage.spline_filter(frame, order=3)
    sampled = _interpolate(spline, coordinates, centre)

    patterns = np.empty((len(centre), len(in_plane) + 1), dtype=bool)
    patterns[:, :-1] = sampled >= centre[:, None]
    patterns[:, -1] = 0 >= centre  # what every vertex off the plane says
    codes = np.packbits(patterns, axis=1).view(np.dtype((np.void, -(-patterns.shape[1] // 8))))
    _, first, of_pixel = np.unique(codes[:, 0], return_index=True, return_inverse=True)
    signs = np.repeat(patterns[first, -1:], len(vertices), axis=1)
    signs[:, in_plane] = patterns[first, :-1]
    theta = np.arccos(np.true_divide(vertices[:, 2], radius))
    phi = np.arctan2(vertices[:, 1], vertices[:, 0])
    # Sums in the order of pyradiomics: of a flat image, their rounding is all there is.
    degree = np.array([n for n in range(kwargs.get("lbp3DLevels", 2)) for m in range(2 * n + 1)])
    order = np.concatenate([np.arange(-n, n + 1) for n in np.unique(degree)])
    harmonics = sph_harm(order, degree, theta[:, None], phi[:, None])
    weights = (signs.astype(int)[:, :, None] * harmonics).sum(axis=1)
    pattern = weights[:, None] * harmonics
    levels = np.stack([pattern[:, :, degree == n].sum(axis=2) for n in np.unique(degree)], axis=2)
    power = np.real(np.sqrt(np.sum(levels**2, axis=1)))
    for level in np.unique(degree):
        yield f"lbp-3D-m{level + 1}", power[of_pixel, level]
    yield "lbp-3D-k", _kurtosis(sampled, spline, coordinates, in_plane, len(vertices))


def _interpolate(spline, coordinates, centre):
    """Cubic spline of one slice at `coordinates` (3, n_pixels, n_vertices) in its plane.

    In the plane the spline needs a quarter of the products. Where it meets the value of the centre,
    rounding decides whether it is the greater: there it is computed as pyradiomics does.
    """
    sampled = ndimage.map_coordinates(spline[0], coordinates[1:], order=3, prefilter=False)
    near = np.abs(sampled - centre[:, None]) < ROUNDING
    sampled[near] = ndimage.map_coordinates(spline, coordinates[:, near], order=3, prefilter=False)
    return sampled


def _kurtosis(sampled, spline, coordinates, in_plane, n):
    """Excess kurtosis of the values at all `n` vertices, shape (n_pixels,).

    Those in the plane are `sampled`, all others are 0. NaN where all are the same, by the rule of
    scipy.stats.kurtosis.
    """
    zeros = n - sampled.shape[1]
    mean = sampled.sum(axis=1) / n
    squares = (sampled - mean[:, None]) ** 2
    second = (squares.sum(axis=1) + zeros * mean**2) / n
    fourth = ((squares**2).sum(axis=1) + zeros * mean**4) / n
    flat = second <= (np.finfo(float).resolution * mean) ** 2
    values = np.where(flat, np.nan, fourth / np.where(flat, 1, second) ** 2 - 3)
    # Equal neighbourhoods differ by rounding only, and percentiles tell them apart by it: these
    # are computed as pyradiomics does.
    order = np.argsort(values)
    close = np.diff(values[order]) < ROUNDING
    tied = order[np.append(close, False) | np.append(False, close)]
    every = np.zeros((len(tied), n))
    every[:, in_plane] = ndimage.map_coordinates(
        spline, coordinates[:, tied], order=3, prefilter=False
    )
    from scipy.stats import kurtosis  # half a second at the start of every process

    values[tied] = kurtosis(every, axis=1)
    return values
