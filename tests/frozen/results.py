"""Results of an invented study as notebooks leave them, as far as a frozen model needs them.

What notebooks 03 to 05 call is called here, on few patients and features, so that a test takes a
second; `tests/notebooks/test_frozen.py` does the same with results of real notebooks.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from thyro import clinical, models, nomogram, radiomics, selection, statistics, store, study

DECLARED = {"image_sets": ["or"], "classifiers": ["SVM"], "networks": [], "fused": []}
VARIABLES = {
    "age": {"label": "Age", "kind": "continuous", "unit": "years", "levels": []},
    "gender": {"label": "Gender", "kind": "categorical", "levels": ["Female", "Male"]},
    "margin": {"label": "Margin", "kind": "categorical", "levels": ["Smooth", "Irregular"]},
}
N, N_TRAIN = 90, 60
SIGNATURE = "OR_SVM"
STEPS = {"rule": "p", "family": "binomial", "penalty": "minimum", "seed": 5}
OF_04 = {
    **{"declared": DECLARED, "minimum_icc": 0.75, "minimum_distinct": 0.1, "alpha": 0.2},
    **{"correlation": 0.9, "folds": 3, "neighbours": 3, "outer_folds": 2, "fold_repeats": 2},
    **{"tune": True, "preserved": [], "unseen_centre": "pass", "weights": "random"},
    **{"crop_px": 32, "crop_margin": 0.1, "crop_mm": 0.0, **STEPS},
}


def invented_patients(*, gaps: float = 0.0) -> pd.DataFrame:
    """Patients of two centres, of whom the first 60 train."""
    rng = np.random.default_rng(11)
    ids = [f"P{k:03d}" for k in range(N)]
    frame = pd.DataFrame({"patient_id": ids})
    frame["split"] = np.repeat(["train", "test", "external"], [N_TRAIN, 20, N - N_TRAIN - 20])
    frame["centre"] = np.where(frame["split"].eq("external"), "C", np.resize(["A", "B"], N))
    frame["age"] = rng.normal(48, 12, N).round()
    frame["gender"] = pd.Categorical(rng.choice(["Female", "Male"], N), ["Female", "Male"])
    frame["margin"] = pd.Categorical(
        rng.choice(["Smooth", "Irregular"], N), ["Smooth", "Irregular"]
    )
    risk = -0.3 - 0.04 * (frame["age"] - 48) + 1.2 * frame["margin"].eq("Irregular")
    frame["y"] = (rng.random(N) < 1 / (1 + np.exp(-risk))).astype(int)
    for name in ("age", "margin") if gaps else ():
        frame[name] = frame[name].mask(rng.random(N) < gaps)
    frame["spacing_known"] = True
    return frame


def invented_features(patients: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Features of which some follow the outcome, and all the centre."""
    rng = np.random.default_rng(12)
    values = rng.normal(size=(N, len(names)))
    values[:, :4] += 0.9 * patients["y"].to_numpy()[:, None]
    values += patients["centre"].map({"A": 0.0, "B": 0.7, "C": 1.5}).to_numpy()[:, None]
    index = pd.Index(patients["patient_id"], name="patient_id")
    table = pd.DataFrame(values, index, names)
    table.iloc[3, 1] = np.nan  # what could not be measured
    return table


def make_results(folder: Path, *, gaps: float = 0.0, combat: bool = False) -> str:
    """Write the results below `folder`; returns it as `freeze` takes it."""
    patients = invented_patients(gaps=gaps)
    cases = patients.set_index("patient_id")
    about = {
        **{"title": "Invented", "outcome": "metastasis", "outcome_levels": ["No", "Yes"]},
        **{"credit": "", "label": "Simulated data", "simulated": True, "spacing_known": True},
        **{"missing_values": "impute" if gaps else "exclude", "centre_left_out": False},
        "variables": {
            name: {"name": name, "unit": "", "preoperative": True, "composed_of": []} | one
            for name, one in VARIABLES.items()
        },
    }
    paths = {"patients": f"{folder}/00_cohort/patients.parquet"}
    paths["cohort"] = f"{folder}/00_cohort/cohort.json"
    read = {"mask_label": None, "mask_flip": "none", "mask_component": "single"}
    read |= {"mask_fill": False, "spacing_mm": None, "border_px": [0, 0, 0, 0]}
    told = read | {"blank_outside_scan": False, "frame": None}
    _write(patients, f"{folder}/00_cohort", "patients.parquet", told)
    _write(about, f"{folder}/00_cohort", "cohort.json", told)
    names = {"planar": list(radiomics.PLANAR.names[9:49])}
    names["radiomics"] = list(radiomics.PAPER.names[:40])
    bins = {"settings": {"paper": {"binWidth": 25.0}, "planar": {"binWidth": 25.0}}}
    _write(bins | {"weights": {}}, f"{folder}/02_features", "scalars_or.json", {"pixel_mm": 0.2})
    for table, columns in names.items():
        stable = pd.DataFrame({"icc": 0.9}, pd.Index(columns, name="feature"))
        features = invented_features(patients, columns)
        _write(features, f"{folder}/02_features", f"{table}_or.parquet", {})
        _write(stable, f"{folder}/02_features", f"robustness_{table}_or.parquet", {})
    own = paths | OF_04 | {"harmonisation": "combat" if combat else "none"}
    own |= {"features_dir": f"{folder}/02_features", "selection_dir": f"{folder}/03_selection"}
    own["out_dir"] = f"{folder}/04_models"
    predictions = _models(cases, own)
    fifth = paths | {"model_predictions": f"{folder}/04_models/predictions.parquet"}
    fifth |= {"candidates": [], "composites": "parts", "smallest_level": 3, "level": 0.95}
    fifth |= {"seed": 7, "out_dir": f"{folder}/05_nomogram"}
    _nomograms(cases, predictions, about, fifth)
    return str(folder)


def _models(cases: pd.DataFrame, own: dict) -> pd.DataFrame:
    """As notebooks 03 and 04."""
    declared, y = study.Declared.of(DECLARED), cases.loc[cases["split"].eq("train"), "y"]
    tables = declared.recipe_tables()
    measured = {t.name: store.read_table(f"{own['features_dir']}/{t.file}.parquet") for t in tables}
    how = radiomics.harmonisation(cases, own["harmonisation"], [], own["unseen_centre"])
    limits = {key: own[key] for key in ("minimum_icc", "minimum_distinct")}
    aside = {
        t.name: radiomics.set_aside(
            t,
            store.read_table(f"{own['features_dir']}/{t.robustness}.parquet"),
            measured[t.name].loc[y.index],
            **limits,
        )
        for t in tables
    }
    first = next(t for t in tables if t.features == "radiomics")
    values = radiomics.harmonised({first.name: measured[first.name]}, how, y.index)[first.name]
    chosen = selection.select_features(
        values.loc[y.index], y, alpha=0.2, threshold=0.9, cv=3, set_aside=aside[first.name], **STEPS
    )
    for name, table in selection.selection_tables(chosen, values, first.key).items():
        _write(table, own["selection_dir"], f"{name}.parquet", {})
    selected = {first.name: values[chosen.kept].fillna(chosen.scaler.median[chosen.kept])}
    fitted = models.fit_models(declared.model_names(), selected, y, settings={}, seed=own["seed"])
    kept = models.classifier_to_bytes(fitted[SIGNATURE])
    _write(kept, f"{own['out_dir']}/models", f"{SIGNATURE}.skops", own)
    recipes = models.table_recipes(
        declared,
        STEPS | {"cv": 3, "patience": 20},
        alpha=0.2,
        correlation=0.9,
        set_aside=aside,
        harmonise=how,
        settings=declared.given_settings(neighbours=3),
        tune=True,
        seed=own["seed"],
    )
    again = models.divisions(y, 2, 2, seed=own["seed"])
    crossed = models.cross_fit_tables(recipes, measured, y, {t.name: again for t in tables})
    p = {
        "paper": models.predict_models(fitted, selected).loc[cases.index],
        "sound": models.predictions_of(crossed, declared, study.SOUND_RECIPE, cross_fitted=True),
    }
    predictions = models.long_tables(p, models.folds_of(crossed))
    of_fold = models.by_fold(crossed, declared, study.SOUND_RECIPE).assign(recipe="sound")
    _write(of_fold, own["out_dir"], "by_fold.parquet", own)
    _write(predictions, own["out_dir"], "predictions.parquet", own)
    return predictions


def _nomograms(cases: pd.DataFrame, predictions: pd.DataFrame, about: dict, told: dict) -> None:
    """As notebook 05."""
    scores = statistics.scores_by_protocol([predictions], cases.index)
    everyone = clinical.with_signatures(cases, scores, [SIGNATURE])
    training = {name: table[table["split"].eq("train")] for name, table in everyone.items()}
    imputation = None
    if about["missing_values"] == "impute":
        train = training["paper"]
        merged = clinical.rare_levels(train, list(VARIABLES), smallest=3)
        imputation = clinical.impute(
            train, train["y"], list(VARIABLES), m=4, seed=told["seed"], merged=merged
        )
    names = study.nomograms([SIGNATURE])
    terms = clinical.nomogram_terms(names, ["age", "margin"])
    fits = clinical.fit_by_protocol(training, terms, imputation=imputation)
    for name, file in nomogram.saved_nomograms(names, fits).items():
        _write(file, told["out_dir"], f"{name}.json", told)
    risks = clinical.predict_by_protocol(fits, everyone)
    _write(clinical.long_risks(risks), told["out_dir"], "predictions.parquet", told)
    scalars = {"signatures": [SIGNATURE], "terms": ["age", "margin"], "imputations": 4}
    _write(scalars, told["out_dir"], "scalars.json", told)


def _write(value, folder: str, name: str, parameters: dict) -> None:
    """A result, and the sidecar that a notebook would leave beside it."""
    stem, kind = name.rsplit(".", 1)
    if kind == "parquet":
        store.write_table(value, folder, stem)
    elif kind == "json":
        store.write_json(value, folder, stem)
    else:
        store.write_bytes(value, folder, name)
    file = Path(folder, f"{name}.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"parameters": parameters}))
