"""Pseudonyms of patients and images: from an id and a secret that is kept outside the results."""

import base64
import hashlib
import hmac
import os
import secrets
from collections import Counter
from collections.abc import Sequence

from thyro import store
from thyro.cohort import cells
from thyro.cohort.clinical_table import CohortError

PSEUDONYM_KEY = "THYRO_PSEUDONYM_KEY"  # environment: file of the secret behind pseudonyms
SHORTEST_KEY = 16  # bytes
PSEUDONYM_LENGTH = 8  # characters of 5 bits
IMAGE_LENGTH = 6  # more of them, for an image among those of its patient


def pseudonyms(source_ids: Sequence[str], key: bytes) -> list[str]:
    """Pseudonyms that follow from the id and a secret alone: not from the order of the rows.

    HMAC-SHA256 of the id (without surrounding spaces, in Unicode NFC), its first 40 bits in base32
    after a "P". The same key gives the same pseudonym in every run and table. Who has the key can
    find out the pseudonym of an id; without it, neither direction is possible, also not by trying
    all ids there can be.

    Raises
    ------
    ValueError
        If the key has fewer than `SHORTEST_KEY` bytes.
    CohortError
        If two ids get the same pseudonym (about 1 in 7 million cohorts of 544).
    """
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"key: expected at least {SHORTEST_KEY} bytes, got {len(key)}.")
    ids = [cells.plain(source_id) for source_id in source_ids]
    made = {patient: _pseudonym(patient, key) for patient in ids}
    if len(set(made.values())) < len(made):
        raise CohortError("Two patients get the same pseudonym; make another key.")
    return [made[patient] for patient in ids]


def image_pseudonyms(patients: Sequence[str], files: Sequence[str], key: bytes) -> list[str]:
    """Pseudonyms of images: that of the patient, a hyphen, and six letters or digits.

    These follow from what the row of the image names, and not from the order of the rows: another
    order, or a row more, changes none. Rows of a patient that name the same are numbered.

    Parameters
    ----------
    patients
        Pseudonym of the patient of each image.
    files
        What each row names of it: files and frame, as one text.
    key
        As in `pseudonyms`.

    Raises
    ------
    CohortError
        If two images of a patient get the same (of a patient with ten images, 1 in 20 million).
    """
    seen: Counter[tuple[str, str]] = Counter()
    made = []
    for image in zip(patients, files, strict=True):
        seen[image] += 1
        named = "\0".join([*image, str(seen[image])])
        made.append(f"{image[0]}-{_coded(named, key, IMAGE_LENGTH)}")
    if len(set(made)) < len(made):
        raise CohortError("Two images get the same pseudonym; make another key.")
    return made


def _pseudonym(patient: str, key: bytes) -> str:
    return "P" + _coded(patient, key, PSEUDONYM_LENGTH)


def _coded(text: str, key: bytes, length: int) -> str:
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode()[:length]


def pseudonym_key() -> bytes:
    """The secret that turns ids into pseudonyms: made once, and kept outside the results.

    It lies in `.pseudonym_key` of the project, or where `THYRO_PSEUDONYM_KEY` says (relative to the
    project). With it the pseudonym of an id can be found again; without it, not.

    Raises
    ------
    ValueError
        If the file would lie in the results, or does not hold a key.
    """
    file = store.path(os.environ.get(PSEUDONYM_KEY) or ".pseudonym_key").resolve()
    if file.is_relative_to(store.path("results").resolve()):
        raise ValueError(f"{file}: the key of the pseudonyms must lie outside the results.")
    if not file.is_file():
        with store.atomic(file) as temporary:
            temporary.touch(mode=0o600)
            temporary.write_text(secrets.token_hex(32))
    try:
        return bytes.fromhex(file.read_text().strip())
    except ValueError:
        raise ValueError(
            f"{file}: does not hold a key of pseudonyms (64 hexadecimal digits). Put back the one "
            "it had; with a new one every pseudonym changes."
        ) from None
