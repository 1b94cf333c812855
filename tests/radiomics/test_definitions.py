"""One sentence for every feature and image type of the feature sets, and for no others."""

import itertools
import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from radiomics import imageoperations

from thyro.radiomics import definitions, extractor, feature_sets

FEATURE_SETS = list(feature_sets.FEATURE_SETS.values())
SENTENCES = {
    (feature_class, feature): sentence
    for feature_class, sentences in definitions.feature_sentences().items()
    for feature, sentence in sentences.items()
}

# What a sentence may claim of the values, and the interval that it claims.
RANGES = {
    r"above 0 and up to 1|above 0; 1 if": (1e-12, 1),
    r"above 0\.5 and up to 1": (0.5, 1),
    r"from −1 to 1": (-1, 1),
    r"from −1 \(": (-1, 0),
    r"from 0 \(independent\)": (0, 1),
    r"from 0 to 1": (0, 1),
    r"1 or more": (1, np.inf),
    r"1 for a round outline, 0 for a line": (0, 1),
}


def row(image_type="original", feature_class="glcm", feature="Contrast"):
    return pd.DataFrame(
        {"image_type": [image_type], "feature_class": [feature_class], "feature": [feature]}
    )


@pytest.mark.parametrize("feature_set", FEATURE_SETS, ids=lambda feature_set: feature_set.name)
def test_every_feature_of_a_set_has_both_sentences(feature_set):
    described = feature_set.describe()
    defined = definitions.describe_feature(described)
    pd.testing.assert_frame_equal(defined[list(described)], described)
    assert list(defined)[-2:] == ["definition", "filter"]
    # A feature has one definition on all image types, an image type one sentence for all features.
    assert defined.groupby(["feature_class", "feature"])["definition"].nunique().eq(1).all()
    assert defined.groupby("image_type")["filter"].nunique().eq(1).all()


def test_no_definition_is_unused():
    described = pd.concat([feature_set.describe() for feature_set in FEATURE_SETS])
    named = set(zip(described["feature_class"], described["feature"], strict=True))
    assert set(SENTENCES) == named
    seen = {"log-sigma" if name.startswith("log-") else name for name in described["image_type"]}
    assert set(definitions.image_type_sentences()) == seen


def test_no_sentence_stands_twice():
    counts = Counter([*SENTENCES.values(), *definitions.image_type_sentences().values()])
    assert [sentence for sentence, n in counts.items() if n > 1] == []


def test_every_sentence_is_one_sentence():
    for sentence in [
        *SENTENCES.values(),
        *definitions.image_type_sentences().values(),
        definitions.FEATURE_TERMS,
    ]:
        assert sentence == sentence.strip() and sentence.endswith(".") and len(sentence) > 15
    for sentence in [*SENTENCES.values(), *definitions.image_type_sentences().values()]:
        assert ". " not in sentence and sentence[0].isupper() | sentence[0].isdigit()


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("log-sigma-1-0-mm-3D", "1.0 mm"),
        ("log-sigma-2-5-mm-2D", "2.5 mm"),
        ("log-sigma-3-mm-3D", "3 mm"),
    ],
)
def test_the_width_of_a_laplacian_is_read_from_its_name(name, width):
    assert (
        f"Gaussian of {width} in"
        in definitions.describe_feature(row(image_type=name))["filter"].iloc[0]
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (row(image_type="cubed"), "'cubed' has no definition.*wavelet-LLL"),
        (row(image_type="log-sigma-wide-mm-3D"), "'log-sigma-wide-mm-3D' has no definition"),
        (row(feature_class="glxm"), "'Contrast' of the class 'glxm' has no definition"),
        (row(feature="MCC"), "'MCC' of the class 'glcm' has no definition"),
        (row().drop(columns="feature"), "FeatureSet.describe, found no .'feature'."),
    ],
)
def test_what_has_no_definition_is_named(table, message):
    with pytest.raises(ValueError, match=message):
        definitions.describe_feature(table)


def test_values_lie_in_the_ranges_that_the_sentences_give():
    # A textured, a smooth and a two-level nodule: between them the features reach far.
    rng = np.random.default_rng(20240616)
    rows, columns = np.mgrid[:40, :48]
    mask = ((rows - 20) / 13) ** 2 + ((columns - 24) / 18) ** 2 < 1
    smooth = 120 + 100 * np.sin(columns / 9) * np.cos(rows / 7)
    images = [rng.uniform(0, 255, mask.shape), smooth, np.where(columns > 24, 200.0, 20.0)]
    checked = set()
    for image, feature_set in itertools.product(images, FEATURE_SETS):
        values = extractor.extract(image, mask, (0.1, 0.08), feature_set=feature_set)
        defined = definitions.describe_feature(feature_set.describe())
        for pattern, (low, high) in RANGES.items():
            claimed = defined[defined["definition"].str.contains(pattern)]
            found = values[claimed["name"]]
            assert found.between(low - 1e-9, high + 1e-9).all(), (pattern, found.describe())
            checked |= set(zip(claimed["feature_class"], claimed["feature"], strict=True))
    assert len(checked) == 33
    claims = {key for key, text in SENTENCES.items() if re.search(r"up to 1|or more|from −1", text)}
    assert claims <= checked


@pytest.mark.parametrize("name", ["Exponential", "Logarithm", "Square", "SquareRoot"])
def test_the_brightest_pixel_keeps_its_value(name):
    grey = np.arange(1, 13, dtype=float).reshape(1, 3, 4) * 15
    image = sitk.GetImageFromArray(grey)
    ((filtered, image_type, _),) = getattr(imageoperations, f"get{name}Image")(image, image)
    assert "the brightest pixel keeps its value" in definitions.image_type_sentences()[image_type]
    filtered = sitk.GetArrayFromImage(filtered)
    assert filtered.max() == pytest.approx(grey.max())
    # Dark structure is lifted or lowered against the original.
    raised = re.search("dark end|lifts", definitions.image_type_sentences()[image_type]) is not None
    assert (filtered[0, 1, 1] > grey[0, 1, 1]) == raised


def test_the_letters_of_the_bands_are_columns_rows_slices():
    upright = np.zeros((1, 16, 16))
    upright[:, :, ::2] = 100  # changes from left to right only
    speckle = upright * np.array([1, 0] * 8)[None, :, None]
    power = {}
    for key, grey in (("upright", upright), ("level", upright.swapaxes(1, 2)), ("both", speckle)):
        image = sitk.GetImageFromArray(grey)
        power[key] = {
            name: np.abs(sitk.GetArrayFromImage(band)).max()
            for band, name, _ in imageoperations.getWaveletImage(image, image)
        }
    strongest = {
        key: max((name for name in bands if name != "wavelet-LLL"), key=bands.get)
        for key, bands in power.items()
    }
    shown = {key: definitions.image_type_sentences()[name] for key, name in strongest.items()}
    assert strongest["both"] != strongest["upright"] != strongest["level"]
    assert "upright edges" in shown["upright"] and "level edges" in shown["level"]
    assert power["both"]["wavelet-HHL"] > 1 > power["upright"]["wavelet-HHL"]
    assert "speckle" in definitions.image_type_sentences()["wavelet-HHL"]
    for bands in power.values():
        assert max(bands[name] for name in feature_sets.PAPER.noise_types) < 1e-9
