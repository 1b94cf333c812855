"""Files that a user could have and nobody can use, and the words that several messages share."""

import gzip
import io
import struct
import zlib

import numpy as np
import pydicom
import SimpleITK as sitk
from PIL import ExifTags, Image

from tests.imaging.test_dicom import GREY, write_dicom

NODULE = np.zeros(GREY.shape, np.uint8)
NODULE[3:8, 4:12] = 1
WIDE = np.zeros(GREY.shape, np.uint8)  # beside the nodule
WIDE[2:9, 13:19] = 255
EXPORT = "Copy or export it again."
ON_GRID = "Export the mask on the grid of the image."
KNOWN = "DICOM, PNG, JPEG, TIFF, BMP, NIfTI, NRRD or MHA"
TURNED = (0, 1, 0, 1, 0, 0, 0, 0, 1)
TURNS = (
    "{}: an entry of its header (EXIF orientation {}) turns it in some programs and not in others. "
    "Save image and mask without that entry, and look at both together."
)
SKEWED = (
    "the directions of rows and columns in its header are not at right angles. "
    "Save it with a plain header."
)
LABELS_OR_WHITE = (
    "labels, or black and white? Save the nodule alone, or set cohort.mask_label to 255 if that is "
    "its label."
)


def put(folder, name, array):
    Image.fromarray(array).save(folder / name)
    return name


def put_volume(folder, name, array, *, spacing=(0.1, 0.2, 1), origin=(0, 0, 0), direction=None):
    volume = sitk.GetImageFromArray(array)
    volume.SetSpacing(spacing[: array.ndim])
    volume.SetOrigin(origin[: array.ndim])
    if direction:
        volume.SetDirection(direction)
    sitk.WriteImage(volume, str(folder / name))
    return name


def put_bytes(folder, name, content):
    (folder / name).write_bytes(content)
    return name


def put_dicom(folder, pixels=GREY, **tags):
    return write_dicom(folder / "b.dcm", pixels, **tags).name


def cut(folder, name, share=0.6):
    """The first part of a file."""
    content = (folder / name).read_bytes()
    return put_bytes(folder, f"cut_{name}", content[: int(len(content) * share)])


def linked(folder):
    put(folder.parent, "secret.png", GREY)
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    return "link.png"


def png_header(rows, columns):
    """A PNG of a few bytes that declares any size."""
    head = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def nifti_with(folder, name, offset, value, array=GREY[None]):
    """A NIfTI file with one number of its header changed."""
    put_volume(folder, "plain.nii", array)
    content = bytearray((folder / "plain.nii").read_bytes())
    struct.pack_into(value[0], content, offset, *value[1:])
    return put_bytes(folder, name, gzip.compress(bytes(content)))


def followed(folder, size):
    """A packed NIfTI file with as many zero bytes behind its pixels."""
    nifti_with(folder, "short.nii.gz", 0, ("<i", 348))
    return (folder / "short.nii.gz").read_bytes() + gzip.compress(bytes(size))


def of_frames(n):
    """A PNG of one frame that declares another number of them."""
    data = io.BytesIO()
    Image.fromarray(GREY).save(data, "PNG")
    content = b"acTL" + struct.pack(">2I", n, 0)
    chunk = struct.pack(">I", 8) + content + struct.pack(">I", zlib.crc32(content))
    return data.getvalue()[:33] + chunk + data.getvalue()[33:]  # behind the header


def pages(folder, name, *shapes):
    """A TIFF of even pages."""
    made = [Image.new("L", shape[::-1], 5) for shape in shapes]
    how = {"save_all": True, "append_images": made[1:], "compression": "tiff_deflate"}
    made[0].save(folder / name, **how)
    return name


def skewed(folder, matrix):
    """A NIfTI file of which the matrix (sform), row by row, is the only position."""
    nifti_with(folder, "b.nii.gz", 252, ("<2h", 0, 1))
    content = bytearray(gzip.decompress((folder / "b.nii.gz").read_bytes()))
    struct.pack_into("<12f", content, 280, *matrix)
    return put_bytes(folder, "b.nii.gz", gzip.compress(bytes(content)))


def turned_picture(folder, name, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(GREY).save(folder / name, exif=exif)
    return name


def without_pixels(folder):
    data = pydicom.dcmread(write_dicom(folder / "b.dcm", GREY))
    del data.PixelData
    data.save_as(folder / "b.dcm")
    return "b.dcm"


def of_syntax(folder, uid):
    """A DICOM file that claims another transfer syntax, with pixels as it would wrap them."""
    data = pydicom.dcmread(write_dicom(folder / "b.dcm", GREY))
    data.PixelData = pydicom.encaps.encapsulate([b"\1\2\3\4"])
    data["PixelData"].is_undefined_length = True
    data.file_meta.TransferSyntaxUID = uid
    data.save_as(folder / "b.dcm", implicit_vr=False, little_endian=True)
    return "b.dcm"


def not_numbers():
    pixels = GREY.astype(np.float32)
    pixels[0, 0] = np.nan
    return pixels


def parts(*places):
    mask = NODULE.copy()
    for place in places:
        mask[place] = 1
    return mask
