"""The text of a study tells nothing of what the study has not: a matrix of declarations.

The words are made from invented results of each study, put into the manuscript, and searched.
"""

import copy
import itertools
import re
import shutil
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.report.test_evidence import facts
from thyro.deep import FineTuningSettings
from thyro.report import checklists, places, render, shortcodes
from thyro.report.words import features, findings, models, networks, performance, recipes
from thyro.report.words import nomogram as nomogram_words
from thyro.report.words import study as study_words
from thyro.report.words.usefulness import families
from thyro.study import (
    CLINICAL,
    OR,
    PAPER,
    PLANAR,
    RADIOMICS,
    SOUND,
    Study,
    features_of,
    nomograms,
    with_best,
)
from thyro.study.authors import Authors

SIXTEEN = {
    "classifiers": ["SVM", "KNN", "ElasticNet", "RandomForest", "LightGBM"],
    "networks": ["ResNet101", "DenseNet121", "ResNet18"],
}
JOINED = [["radiomics", "ResNet101"]]
STUDIES = {
    "the publication's": {},
    "original images": {"image_sets": ["or"]},
    "original images, no network": {"image_sets": ["or"], "networks": []},
    "one model": {"image_sets": ["or"], "networks": [], "classifiers": ["KNN"]},
    "no network": {"networks": []},
    "one network": {"networks": ["DenseNet121"]},
    "the sound network": {"networks": ["EfficientNetLite0"]},
    "one network of original images": {"image_sets": ["or"], "networks": ["ResNet50"]},
    "one classifier": {"classifiers": ["ElasticNet"]},
    "sixteen models": SIXTEEN,
    "boosting alone": {"image_sets": ["or"], "networks": [], "classifiers": ["LightGBM"]},
    "joined": {"fused": JOINED},
    "joined, original images": {"image_sets": ["or"], "fused": JOINED},
    "joined with the sound network": {"fused": [["radiomics", "EfficientNetLite0"]]},
    "three signatures": {"signatures": ["best", "SR_KNN", "OR_ResNet101"]},
    "one signature": {"image_sets": ["or"], "signatures": ["OR_SVM"]},
}
# What the text says of a part that a study may lack.
WORDS = {
    "enhanced": r"super-?resol|\bSR\b|\bSR_|\bBC\b|\bBC_|bicubic|\bPSNR\b|enhanced",
    "networks": r"\bnetworks\b|Grad-CAM|heat map|deep (?:features|learning)",
    "network": r"\bnetwork\b",  # of super-resolution too
    "fused": r"joined (?:features|before)|Families of features",
    "maps": r"Grad-CAM|heat maps?",
    "second": r"Nomogram_B|Both signatures",
}
NAMED = {  # parts of the registries
    "SVM": r"_SVM\b|support vector",
    "KNN": r"_KNN\b|nearest neighbours",
    "ElasticNet": r"ElasticNet|elastic net",
    "RandomForest": r"RandomForest|random forest",
    "LightGBM": r"LightGBM|boosted",
    **{
        name: rf"\b(?:\w+_)?{name}\b"
        for name in ("ResNet101", "DenseNet121", "EfficientNetLite0", "ResNet18", "ResNet50")
    },
}
# Passages on the publication, which tell of what it has.
OF_PUBLICATION = {"Introduction", "The published numbers, audited", "Published and regenerated"}
UNTOLD = ("by_number.qmd", "checklist.qmd")  # the publication's figures; titles of checklists


def declared_study(changes):
    raw = {"title": "A study", "outcome": "metastasis", "outcome_levels": ["No", "Yes"]}
    raw |= {"cohort": {"source": "simulated", "n_patients": 60}}
    raw["models"] = {k: v for k, v in changes.items() if k in ("image_sets", "classifiers")}
    raw["models"]["fused"] = changes.get("fused", [])
    raw["features"] = {k: v for k, v in changes.items() if k == "networks"}
    raw["nomogram"] = {"signatures": changes.get("signatures", [])}
    study = Study.model_validate(raw)
    ranked = [str(name) for name in study.declared.model_names()]
    names = with_best(study.nomogram.signatures, ranked)
    nomogram = study.nomogram.model_copy(update={"signatures": names})
    return study.model_copy(update={"nomogram": nomogram})


def measured(names):
    """`statistics.performance_table` of these models."""
    rows = [(name, cohort) for name in names for cohort in ("train", "test")]
    table = pd.DataFrame(rows, columns=["model", "cohort"])
    return table.assign(auc=0.8, ci_low=0.7, ci_high=0.9, accuracy=0.75)


def pairs(groups):
    """`statistics.delong_by_family`."""
    rows = [
        (family, a, b, cohort)
        for family, members in groups.items()
        for group in members
        for a, b in itertools.combinations(group, 2)
        for cohort in ("train", "test")
    ]
    table = pd.DataFrame(rows, columns=["family", "model_a", "model_b", "cohort"])
    table = table.drop_duplicates(["model_a", "model_b", "cohort"])
    return table.assign(difference=0.1, ci_low=-0.1, ci_high=0.3, p_value=0.04, p_holm=0.5)


def over_protocols(names, recipe):
    rows = [(name, recipe, cohort) for name in names for cohort in ("train", "test")]
    table = pd.DataFrame(rows, columns=["model", "recipe", "cohort"])
    return table.assign(auc_in_sample=0.9, auc_cross_fitted=0.7, optimism=0.2)


def coefficients(named):
    rows = [
        (protocol, str(one), term, 0.01)
        for protocol in ("paper", "sound")
        for one in named
        for term in ([one.signature] if one.signature else []) + ["age"]
    ]
    table = pd.DataFrame(rows, columns=["protocol", "nomogram", "term", "lr_p"])
    return table.assign(level="", estimate=1.0, low=0.5, high=1.5)


def scalars(declared):
    """`scalars.json` of 02 of one image set, of 03 and of 04."""
    sizes = {"paper": {"features": 1561, "degenerate": 366}, "planar": {"features": 1192}}
    of_images = {"profiles": sizes, "image_types": {"paper": 17, "planar": 13}, "failures": 0}
    of_images["redundancy"] = {"n": 1102, "redundant": 996, "threshold": 0.9}
    kept = {"n": 9, "unstable": 1, "lowest_icc": 0.2, "lowest": "a", "follow_size": 1, "of_size": 0}
    selected = {"features": 1561, "left": {}, "kept": 9, "kept_1se": 4, "features_kept": kept}
    maps = {
        table.name: {"inside": 0.5, "rank_correlation": 0.1}
        for table in declared.model_tables()
        if table.deep
    }
    divided = {
        "repeats": 10,
        "held_out": {
            name: {"low": 0.5, "median": 0.6, "high": 0.7} for name in declared.radiomic_models()
        },
        "reselection": {"once": {i.name: 12 for i in declared.studied}, "own_share": 0.5},
        "explained": 6,
        "heat_maps": {"area": 0.4, "models": maps} if maps else None,
    }
    return (
        {images.name: of_images for images in declared.measured},
        {table.key: selected for table in declared.feature_tables()},
        divided,
    )


def told(study, base):
    """The variables of the manuscript, of results that were invented for the study."""
    declared, level = study.declared, 0.95
    ours = [str(name) for name in declared.model_names()]
    sound = [str(name) for name in declared.models_of(SOUND)]
    named = nomograms(study.nomogram.signatures)
    signed = [str(one) for one in named]
    table = measured([*ours, *(name for name in sound if name not in ours), *signed])
    groups = declared.comparison_families(ours, signed, [*ours, *signed, *declared.control_group()])
    compared = pairs(groups)
    of_images, selections, divided = scalars(declared)
    crossed = pd.concat([over_protocols(ours, PAPER), over_protocols(sound, SOUND)])
    crossed = pd.concat([crossed, over_protocols(signed, PAPER), over_protocols(signed, SOUND)])
    summary = {
        recipe: {"n": len(names), "median": 0.2, "largest": 0.3, "smallest": 0.1}
        | {"largest_of": names[0], "smallest_of": names[-1]}
        for recipe, names in ((PAPER, ours), (SOUND, sound))
    }
    steps = pd.DataFrame({"model": declared.radiomic_models(), "recipe": SOUND, "cohort": "test"})
    steps = steps.assign(difference=0.1, difference_low=0.0, difference_high=0.2, p_value=0.3)
    ranked = pd.DataFrame({"model": sound, "auc_out_of_fold": 0.7, "auc_test": 0.8})
    ranked = ranked.assign(ci_low=0.6, ci_high=0.8, chosen=ranked.index == 0)
    ranked = ranked.assign(chosen_by_test=ranked.index == len(ranked) - 1)
    over = pd.DataFrame(declared.enhancement_pairs(), columns=["model_a", "model_b"])
    over = over.assign(difference=0.01, ci_low=-0.1, ci_high=0.1, p_value=0.7, not_above=0.4)
    over = over.assign(splits=10)
    permuted = pd.DataFrame({"model": declared.radiomic_models(), "repeats": 4, "train": 0.8})
    permuted = permuted.assign(test=0.5, test_low=0.4, test_high=0.6, p_value=0.1)
    falls = pd.DataFrame({"model": [str(one) for one in declared.principal_models()]})
    falls = falls.assign(feature="original_glcm_Idn", importance=0.1, ci_low=0.0, ci_high=0.2)
    sized = pd.DataFrame({"model": ["Diameter alone", *sound], "protocol": SOUND, "cohort": "test"})
    sized = sized.assign(auc=0.6, ci_low=0.5, ci_high=0.7, rho=0.3, rho_low=0.1, rho_high=0.5)
    sized = sized.assign(lr_p=0.01)
    sized.loc[0, ["rho", "lr_p"]] = float("nan")
    ran = asdict(FineTuningSettings())
    weights = dict.fromkeys(declared.networks, "random initial weights")
    about = {"variables": {"age": {"label": "Age"}}, "truth": False}
    patients = pd.DataFrame({"split": ["train", "test"], "y": [0, 1]})
    tree = told_of(base, "Nomogram_B", signed[1] if len(signed) > 2 else signed[0])
    tree = told_of(tree, "_SVM", f"_{declared.principal}")  # of the control
    tree["has"] |= study_words.flags(study, about, patients) | {"radiologist": True}
    tree["lacking"] = study_words.lacking(study)
    pair = next(iter(declared.enhancement_pairs()), None)
    tree["delong"] = performance.delong(compared, named, level=level, enhanced=pair)
    tree["delong"] |= {"a_vs_radiologist": {"text": "the reader"}}
    tree["models"] = performance.models([], declared, table)
    tree["models"] |= {"learned": performance.learned(study, weights)}
    tree["nomogram"] = nomogram_words.composition(
        named, table, coefficients(named), about, chosen="SR_SVM", best=False
    )
    tree["deep"] = networks.networks(declared, weights, ran)
    tree["image_models"] = models.image_models(
        declared, table, compared, study.nomogram.signatures, level=level
    )
    tree["selection"] = models.selection(study, selections)
    tree["repeats"] = models.repeats(
        divided,
        over if len(over) else None,
        permuted,
        dict.fromkeys(declared.radiomic_models(), 0.7),
        level=level,
    )
    tree["explained"] = models.explained(divided, falls)
    tree["protocols"] = recipes.protocols(
        study, summary, crossed, steps, ranked, coefficients(named)
    )
    tree["size"] = recipes.size(declared, sized, level=level)
    tree["features"] |= features.features(of_images)
    tree["features"]["images"] = features._measured_in(declared.measured)
    tree["features"]["crops"] = features.crops(
        dict.fromkeys(declared.networks, {"fixed": 0, "scaled": 60, "cut": 0, "side_mm": 0.0})
    )
    tree["robustness"]["filter"] = features.limits(study, selections)
    tree["selected"] = features.selected(selections, declared.studied)
    tree["selected"] |= {"screened": features.screened(study, selections)}
    tree["families"] |= {"text": families(compared)}
    found = {
        "optimism": findings.optimism(summary),
        "signature": findings.signature(named, compared, coefficients(named), level=level),
        "enhancement": findings.enhancement(over, level=level) if len(over) else ("", ""),
        "external": ("", ""),
    }
    tree["findings"] |= {key: text for key, (_, text) in found.items()}
    tree["findings"]["conclusion"] = findings.conclusion(found)
    if not declared.enhanced:
        for section in ("sr", "agreement", "control"):
            del tree[section]
    return tree


def told_of(tree, name, other):
    """Texts that no declaration makes, told of another model."""
    if isinstance(tree, dict):
        return {key: told_of(value, name, other) for key, value in tree.items()}
    return tree.replace(name, other) if isinstance(tree, str) else tree


@pytest.fixture(scope="module")
def folder(study_dir, variables, tables, tmp_path_factory):
    """The manuscript with notebooks that were staged once, its sources as they are written."""
    own = tmp_path_factory.mktemp("declared") / "study"
    shutil.copytree(study_dir / "notebooks", own / "notebooks")
    elements = dict.fromkeys(("calculator", "thresholds", "wipe"), "<section></section>")
    staged = render.stage(
        own, "report", variables, tables=tables, elements=elements, renderer="pandoc"
    )
    for file in Path("report").glob("*.qmd"):
        shutil.copy(file, staged / file.name)
    return staged


@pytest.fixture(scope="module", params=STUDIES, ids=list(STUDIES))
def text(request, folder, variables):
    study = declared_study(STUDIES[request.param])
    tree = told(study, variables)
    words = copy.deepcopy(tree) | {"run": tree["run"] | {"renderer": "pandoc"}}
    metadata = yaml.safe_load(Path("report/_quarto.yml").read_text()) | {"has": tree["has"]}
    lines = shortcodes.expand("index.qmd", shortcodes.Context(folder, words, metadata, "html"))
    found, title = [], ""
    for line in lines:
        if line.text.startswith("#"):
            title = re.sub(r"\s*\{.*", "", line.text.lstrip("# "))
        ours = line.path.endswith(".qmd") and not line.path.startswith("_")
        if ours and line.path not in UNTOLD and title not in OF_PUBLICATION:
            found.append(re.sub(r"\\(.)", r"\1", line.text))
    found += checklist_rows(tree["has"], folder)
    return study, "\n".join(found)


def checklist_rows(has, folder):
    shown = places.find_places(Path("report"), folder.parent / "notebooks", {"has": has})
    items = checklists.read_checklists(Path("report/checklists.yml"))
    return [
        row["Answer"]
        for of in items.values()
        for row in checklists.rows(
            [checklists.answer(one, facts(has=has), Authors().model_dump()) for one in of], shown
        )
    ]


def lacks(study):
    declared = study.declared
    kinds = [*declared.classifiers, *declared.networks]
    absent = {name for name in NAMED if name not in kinds}
    absent |= set() if declared.enhanced else {"enhanced"}
    absent |= set() if declared.networks else {"networks"}
    absent |= set() if declared.networks or declared.enhanced else {"network"}
    absent |= set() if declared.fused else {"fused"}
    absent |= set() if any(table.deep for table in declared.model_tables()) else {"maps"}
    return absent | (set() if len(study.nomogram.signatures) > 1 else {"second"})


def test_what_a_study_has_not_is_in_no_sentence(text):
    study, written = text
    patterns = {name: (WORDS | NAMED)[name] for name in lacks(study)}
    # The publication chose a model by its test result, which is told of it.
    written = re.sub(r"The publication chose \S+ by its result", "", written)
    found = {
        name: [line for line in written.splitlines() if re.search(pattern, line, re.I)]
        for name, pattern in patterns.items()
    }
    assert {name: lines[:2] for name, lines in found.items() if lines} == {}


def test_what_a_study_has_is_told(text):
    study, written = text
    has = set(WORDS | NAMED) - lacks(study)
    absent = [name for name in has if not re.search((WORDS | NAMED)[name], written, re.I)]
    assert absent == []
    for name in study.declared.models_of(SOUND):
        assert features_of(name, PLANAR) and str(name.kind) in written, name
    for one in nomograms(study.nomogram.signatures):
        assert str(one) in written
    assert OR.name in written and CLINICAL in written and RADIOMICS in written


def test_no_two_texts_meet_without_a_space_and_none_is_doubled(text):
    _, written = text
    assert not re.search(r"[a-z]\.[A-Z][a-z]", written)
    assert not re.search(r",\s*,|\(\s*\)|\bof \.|\band \.", written)
    assert "None" not in written and "nan" not in written.lower().split()
