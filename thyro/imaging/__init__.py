"""Image files: formats, geometry, masks, and the frames between notebooks."""

from thyro.imaging.frames import Frames, image_pairs, read_originals, write_image, write_images
from thyro.imaging.named import inside
from thyro.imaging.pixels import EIGHT, ImageError, pixel_hash, scan_area
from thyro.imaging.reading import Case, Folder, read_image, read_mask

__all__ = [
    "EIGHT",
    "Case",
    "Folder",
    "Frames",
    "ImageError",
    "image_pairs",
    "inside",
    "pixel_hash",
    "read_image",
    "read_mask",
    "read_originals",
    "scan_area",
    "write_image",
    "write_images",
]
