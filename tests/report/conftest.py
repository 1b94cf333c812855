"""An executed study that never was: the notebooks the manuscript embeds, with invented outputs."""

import base64
import dataclasses
import io
import shutil
from functools import partial
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook, new_output

from thyro.report import alive, published, render, thresholds, wipe
from thyro.report.alternatives import results_of_figures
from thyro.report.passports import notebook_passports
from thyro.report.sources import Exact, find_sources, marked
from thyro.report.words import by_number

matplotlib.use("Agg")  # before pyplot looks for a screen
import matplotlib.pyplot as plt

REPORT = Path(__file__).parents[2] / "report"
HOSTILE = "<script>document.title = 'run'</script>"  # a text of a user's table may be so
MODELS = ["SR_SVM", "OR_SVM", "SR_KNN", "OR_KNN", "SR_ResNet101", "OR_ResNet101"]
MODELS += ["SR_DenseNet121", "OR_DenseNet121", "Radiologist"]
# label -> width and height of the figure in inches, or the header of the table and its rows
CELLS = {
    "00_cohort": {
        "flow": (5.5, 5),
        "process": (7.2, 3),
        "table-1": ("table_1", 42),
        "table-1b": ("table_1", 40),
    },
    "01_super_resolution": {
        "sr-pairs": (7.2, 7.4),
        "quality": ("quality", 12),
        "restored": ("restored", 5),
        "spectrum": (3.5, 2.6),
        "wipe": (7.2, 3.6),
    },
    "02_features_or": {
        "feature-table": ("features", 90),
        "image-types": ("image_types", 17),
        "feature-list": ("feature_list", 105),
        "ibsi": ("ibsi", 109),
        "filtered": (7.2, 3.6),
        "stability": (7.2, 4),
        "correlation-map": (7.2, 6),
        "effective-bins": ("bins", 30),
        "tuning": (7.2, 2.6),
    },
    "02_features_sr": {"tuning": (7.2, 2.6)},
    "03_selection": {
        "selection-table": ("selection", 4),
        "kept-features": ("kept", 20),
        "agreement": (3.5, 4.5),
        "lasso": (7.2, 5),
    },
    "04_models": {
        "grad-cam": (7.2, 5),
        "choice": ("choice", 8),
        "repeats": (7.2, 3.2),
        "frequency": (7.2, 4.4),
        "importance": (7.2, 4),
        "sanity": (7.2, 3),
    },
    "05_nomogram": {
        "nomograms": (7.2, 9),
        "main-nomogram": (7.2, 2.6),
        "main-coefficients": ("main_coefficients", 14),
        "logistic": ("logistic", 24),
        "coefficients": ("coefficients", 28),
        "validation": ("validation", 15),
        "sample-size": ("size", 3),
        "validation-size": ("validation_size", 3),
        "collinearity": ("collinearity", 5),
        "penalised": (7.2, 6.5),
        "instability": (7.2, 2.9),
    },
    "06_statistics": {
        "roc": (7.2, 6.5),
        "performance": (7.2, 9),
        "usefulness": (7.2, 5.8),
        "overview": ("overview", 16),
        "delong": (7.2, 3.5),
        "calibration": (7.2, 5),
        "control": ("control", 9),
        "table-2": ("table_2", 18),
        "table-2-sound": ("table_2", 18),
        "network-output": ("table_2", 8),
        "protocols": ("protocols", 40),
        "recipes": ("recipes", 24),
        "beside-size": ("beside_size", 30),
        "optimism": (7.2, 3.6),
        "nomogram-table": ("table_2", 8),
        "intervals": ("intervals", 27),
        "penalised-table": ("control", 3),
        "reclassification": ("reclassification", 18),
        "cutoffs": ("cutoffs", 36),
        "calibration-measures": ("calibrated", 9),
        "net-benefit": ("net_benefit", 64),
        "subgroups": ("subgroups", 14),
        "subgroups-forest": (7.2, 3.4),
        "subgroup-differences": ("subgroup_differences", 18),
        "reader": ("reader", 9),
        "recovery-table": ("recovery", 31),
        "published": ("published", 12),
        "audit": ("audit", 9),
        "audit-every": ("audit_every", 48),
        "audit-methods": ("audit_methods", 48),
        "audit-rules": ("audit_rules", 18),
        "audit-dots": (7.2, 3.7),
    },
}
COLUMNS = {
    "table_1": "Characteristic|All (n = 60)|Test (n = 18)|Train (n = 42)|P|Test used",
    "quality": "Cohort|Method|Images|PSNR, dB (95% CI)|SSIM (95% CI)|Edge sharpness (95% CI)"
    "|Gain over bicubic, dB (95% CI)|Gain over bicubic, SSIM (95% CI)",
    "restored": "Method|Images|Median ICC (95% CI)|Over least squares (95% CI)|Good|First order"
    "|GLCM|GLDM|GLRLM|GLSZM|NGTDM",
    "control": "Cohort|Model A|Model B|AUC A|AUC B|Difference (95% CI)|z|P|P (Holm)",
    "protocols": "Model|Recipe|Cohort|AUC (95% CI), in-sample|AUC (95% CI), cross-fitted|Optimism",
    "recipes": "Model|Recipe|Cohort|AUC (95% CI)|Difference (95% CI)|P",
    "beside_size": "Protocol|Model|Cohort|AUC (95% CI)|Less diameter (95% CI)|P|P given diameter"
    "|ρ with diameter (95% CI)",
    "coefficients": "Protocol|Nomogram|Term|Level|Coefficient (95% CI)|P|P of the term",
    "validation": "Model|Measure|Apparent|Optimism|Corrected",
    "size": "Model|Candidate parameters|Patients (events)|Events per parameter|AUC assumed"
    "|Minimum for shrinkage|for optimism|for overall risk",
    "validation_size": "Model|AUC assumed|Patients for O:E|for the slope|for the AUC",
    "cutoffs": "Protocol|Model|Cohort|Cut-off|At|Sensitivity (95% CI)|Specificity (95% CI)|PPV|NPV",
    "calibrated": "Model|Cohort|In the large (95% CI)|Slope (95% CI)|O:E (95% CI)|ICI (95% CI)"
    "|E90 (95% CI)|Brier (95% CI)|Scaled Brier (95% CI)",
    "net_benefit": "Cohort|Model|Against|Threshold|Net benefit|of the other|Difference (95% CI)",
    "subgroups": "Cohort|Group|Patients (events)|AUC (95% CI)|Slope (95% CI)"
    "|In the large (95% CI)|Sensitivity (95% CI)|Specificity (95% CI)|Net benefit at 20% (95% CI)",
    "subgroup_differences": "Model|Cohort|Group|Less|AUC (95% CI)|Slope (95% CI)"
    "|In the large (95% CI)|Sensitivity (95% CI)|Specificity (95% CI)|Net benefit at 20% (95% CI)",
    "reader": "Model|Cohort|Specificity|of the reader|Sensitivity|that of the reader"
    "|Difference (95% CI)|Found by one alone|P (McNemar)",
    "collinearity": "Term|Coefficients|GVIF|GVIF^(1/(2 df))",
    "intervals": "Model|Cohort|AUC|Logit CI|Bootstrap CI|Accuracy (95% CI)|Sensitivity (95% CI)"
    "|Specificity (95% CI)|PPV (95% CI)|NPV (95% CI)|No-information rate",
    "reclassification": "New|Old|Cohort|Measure|Estimate (95% CI)|P",
    "choice": "Model|AUC, cross-fitted (95% CI)|AUC, test|Chosen",
    "recovery": "Measure|Of|Truth|Estimate",
    "features": "Image type|Class|Features|Number",
    "image_types": "Image type|What it shows|Features|Degenerate",
    "feature_list": "Class|Feature|Definition",
    "ibsi": "Class|Feature|IBSI name|Reference|Tolerance|Value|Agrees",
    "bins": "Profile|Image type|Grey levels, median (quartiles)",
    "kept": "Signature|Feature|Coefficient|ICC, outline|ICC, noise|ICC, reader"
    "|ρ with diameter (95% CI)|Of size",
    "selection": "Step|OR|SR",
    "logistic": "Variable|Level|Univariate OR (95% CI)|P|Multivariable OR (95% CI)|P",
    "table_2": "Model|Cohort|AUC (95% CI)|Accuracy|Sensitivity|Specificity|PPV|NPV|F1",
    "published": "Model|Cohort|AUC (95% CI), paper|AUC (95% CI), here",
    "main_coefficients": "Nomogram|Term|Level|Coefficient (95% CI)|P|P of the term",
    "overview": "Model|AUC (95% CI), training, cross-fitted|AUC (95% CI), test"
    "|AUC (95% CI), external|Sensitivity (95% CI), test|Specificity (95% CI), test",
    "audit": "Check|Printed|Implied|How|Consequence",
    "audit_every": "Check|Where|Printed|Implied|Verdict",
    "audit_methods": "Check|How|Consequence",
    "audit_rules": "Model|Cohort|TP, FN, FP, TN|Accuracy (95% CI)|Sensitivity (95% CI)"
    "|Specificity (95% CI)|PPV (95% CI)|NPV (95% CI)|Net benefit at 20%, 30%, 40%",
}
VALUES = {
    "table_1": ["Extrathyroidal extension", "17 (28.33)", "5 (27.78)", "12 (28.57)", "0.948"]
    + ["Pearson chi-square"],
    "quality": ["External", "Matched filter", "164", "28.41 (27.95–28.87)"]
    + ["0.812 (0.798–0.826)", "1.04 (1.01–1.07)", "0.46 (0.31–0.61)", "0.018 (0.011–0.025)"],
    "restored": ["Matched filter", "30", "0.70 (0.61–0.77)", "−0.04 (−0.10 to 0.02)"]
    + ["48%"]
    + ["0.71"] * 6,
    "control": ["External", "SR_SVM", "BC_SVM", "0.878", "0.801", "0.077 (0.010–0.144)", "2.26"]
    + ["0.024", "0.072"],
    "protocols": ["SR_DenseNet121", "Classical", "External", "0.970 (0.951–0.990)"]
    + ["0.799 (0.720–0.878)", "0.171"],
    "recipes": ["SR_SVM", "Sound features, given settings", "External"]
    + ["0.799 (0.720–0.878)", "0.031 (−0.040 to 0.102)", "0.390"],
    "beside_size": ["Sound", "SR_DenseNet121", "External", "0.799 (0.720–0.878)"]
    + ["0.031 (−0.040 to 0.102)", "0.390", "0.751", "0.84 (0.80–0.88)"],
    "coefficients": ["Classical cross fitted", "Nomogram A", "Margin", "Irregular or lobulated"]
    + ["0.25 (−0.10 to 0.60)", "0.162", "0.170"],
    "validation": ["Nomogram_A", "Calibration intercept", "0.886", "0.024", "0.862"],
    "size": ["All candidates, penalised, with splines", "29", "380 (121)", "4.2", "0.745", "1,895"]
    + ["832", "334"],
    "validation_size": ["Nomogram_A", "0.745", "1,366", "3,120", "612"],
    "cutoffs": ["Sound", "Nomogram_A", "External", "Sensitivity 90%", "0.184"]
    + ["0.857 (0.780–0.912)"] * 2
    + ["0.402", "0.931"],
    "calibrated": ["Nomogram_A", "External", "−0.29 (−0.66 to 0.08)", "0.84 (0.41–1.27)"]
    + ["1.15 (0.90–1.47)", "0.051 (0.030–0.102)", "0.112 (0.061–0.214)", "0.182 (0.161–0.204)"]
    + ["0.082 (−0.021 to 0.171)"],
    "net_benefit": ["External", "Nomogram_A", "Treat all or none", "10%", "0.263", "0.275"]
    + ["−0.012 (−0.031 to 0.008)"],
    "subgroups": ["External", "Diameter: 10 mm and above", "126 (71)"]
    + ["0.81 (0.72–0.88)", "0.84 (0.41–1.27)", "−0.29 (−0.66 to 0.08)", "0.86 (0.78–0.91)"]
    + ["0.40 (0.28–0.53)", "0.263 (0.201–0.325)"],
    "subgroup_differences": ["Nomogram_A", "External", "Diameter: 10 mm and above"]
    + ["below 10 mm", *["−0.29 (−0.66 to 0.08)"] * 5, "−0.012 (−0.031 to 0.008)"],
    "reader": ["Nomogram_A", "External", "0.852", "0.848", "0.512", "0.689"]
    + ["−0.177 (−0.301 to −0.048)", "4 and 12", "0.077"],
    "collinearity": ["Diameter (mm)", "2", "1.13", "1.06"],
    "intervals": ["SR_DenseNet121", "External", "0.728", "0.630–0.810", "0.635–0.812"]
    + ["0.701 (0.605–0.782)"] * 5
    + ["0.726"],
    "reclassification": ["Nomogram_A", "Nomogram_C", "External", "NRI, category-free"]
    + ["0.347 (−0.012 to 0.706)", "0.061"],
    "recovery": ["Correlation with the coarse latent", "SR_DenseNet121", "–", "0.50 (0.20–0.70)"],
    "choice": ["SR_DenseNet121", "0.799 (0.720–0.878)", "0.801", "by the test (informed by it)"],
    "features": ["wavelet-LLH", "glcm", "Autocorrelation, ClusterProminence, Contrast", "22"],
    "image_types": ["wavelet-LLH", "As wavelet-LLL, high-pass across slices: rounding noise on one"]
    + ["91", "91"],
    "feature_list": ["GLDM", "SmallDependenceHighGrayLevelEmphasis", "Average squared grey " * 7],
    "ibsi": ["GLDM", "SmallDependenceHighGrayLevelEmphasis", "Low dependence high grey level"]
    + ["1490", "0.05", "1490", "yes"],
    "bins": ["Planar", "log-sigma-1-0-mm-3D", "32 (31–33)"],
    "kept": ["Radiomics SR", "wavelet-HHL_glszm_SmallAreaLowGrayLevelEmphasis", "−0.512", "0.99"]
    + ["0.25", "0.98", "−0.10 (−0.30 to 0.10)", "by construction"],
    "selection": ["Mann–Whitney U", "1,195", "1,195"],
    "logistic": ["Margin", "Irregular or lobulated", "2.41 (1.20–4.83)", "0.013"]
    + ["2.02 (0.97–4.21)", "0.060"],
    "table_2": ["SR_ResNet101", "Train", "0.970 (0.951–0.990)", "0.934", "0.898", "0.952"]
    + ["0.906", "0.949", "0.902"],
    "published": ["Nomogram_A", "Test", "0.930 (0.891–0.968)", "0.901 (0.780–1.000)"],
    "main_coefficients": ["Nomogram_A", "Margin", "Irregular or lobulated", "0.25 (−0.10 to 0.60)"]
    + ["0.162", "0.170"],
    "overview": ["SR_EfficientNetLite0_frozen", *["0.728 (0.630–0.810)"] * 5],
    "audit": ["C2. F1 of the reader", "Radiologist 0.682 (Train), Radiologist 0.682 (Test)"]
    + ["0.736 in Train (TP 92, FP 30, FN 36), 0.624 in Test (TP 29, FP 19, FN 16)"]
    + ["2TP / (2TP + FP + FN) of the confusion matrices, which were found without F1."]
    + ["The reader's F1 cannot be compared with the models'."],
    "audit_every": ["B1. Rows of the table that count the outcome", "Table 1, Table 2"]
    + ["CLNM: ALL 162, Train 121, Test 41", "Location of LNM: ALL 165, Train 118, Test 47"]
    + ["inconsistent: number, major"],
    "audit_methods": ["D10. Comparisons said to be significant"]
    + ["The correlation of the two AUCs from which on they differ."]
    + ["The difference cannot be significant, whatever the correlation of the scores."],
    "audit_rules": ["SR_ResNet101", "Train", "115, 13, 12, 240"]
    + ["0.93 (0.90–0.96)"] * 5
    + ["0.295, 0.289, −0.209"],
}


def table_output(kind: str, n_rows: int):
    """A pipe table as `tables.show` writes it, its text escaped."""
    columns = COLUMNS[kind].split("|")
    rows = [list(VALUES[kind]) for _ in range(n_rows)]
    if kind == "table_2":
        for number, row in enumerate(rows):
            row[0], row[1] = MODELS[number // 2], "Test" if number % 2 else "Train"
    rule = [":--", *["--:"] * (len(columns) - 1)]
    lines = [columns, rule, *([cell.replace("_", r"\_") for cell in row] for row in rows)]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n\n*Simulated data.*\n"
    return new_output("display_data", data={"text/markdown": text, "text/plain": "<Markdown>"})


def figure_output(label: str, width: float, height: float):
    """A retina PNG as the inline backend writes it, with its width in CSS pixels."""
    fig, ax = plt.subplots(figsize=(width, height), dpi=60)
    ax.plot([0, 1], [0, 1])
    ax.set_title(label)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png")
    plt.close(fig)
    image = base64.b64encode(buffer.getvalue()).decode()
    metadata = {"image/png": {"width": int(width * 150), "height": int(height * 150)}}
    data = {"image/png": image, "text/plain": label}
    return new_output("display_data", data=data, metadata=metadata)


def write_notebook(path: Path, cells: dict) -> None:
    """One executed notebook: a progress line on stdout, then what the cell shows."""
    notebook = new_notebook()
    for label, shown in cells.items():
        is_table = isinstance(shown[0], str)
        output = table_output(*shown) if is_table else figure_output(label, *shown)
        stream = new_output("stream", name="stdout", text="working ...\n")
        source = f"#| label: {label}\nshow()"
        notebook.cells.append(new_code_cell(source, outputs=[stream, output], execution_count=1))
    nbformat.write(notebook, path)


@pytest.fixture(scope="session")
def study_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "smoke"
    (folder / "notebooks").mkdir(parents=True)
    for name, cells in CELLS.items():
        write_notebook(folder / "notebooks" / f"{name}.ipynb", cells)
    return folder


@pytest.fixture(scope="session")
def variables():
    text = Path(__file__).with_name("variables.yml").read_text(encoding="utf-8")
    facts = published.reference(REPORT / "published")
    return yaml.safe_load(text) | {"printed": by_number.printed(facts)}  # of every study


@pytest.fixture(scope="session")
def tables():
    """What no notebook shows."""
    stages = ["00_cohort", "01_super_resolution", "02_features_or", "03_selection", "04_models"]
    provenance = [
        {"Notebook": stage, "Seconds": f"{10 + number}.0", "Peak memory, MB": "1,344"}
        for number, stage in enumerate(stages)
    ]
    found = dict.fromkeys(("Training", "Test", "External"), "0.792 (0.716–0.868)")
    recovery = [{"Measure": "AUC", "Of": "Clinical terms and Radiomics OR"} | found] * 8
    checklist = [
        {"Item": "45. Is there a flow chart?", "Answer": "Met. Flow chart", "Where": "Figure 1"}
    ]
    checklists = dict.fromkeys(("tripod", "clear", "metrics"), checklist * 30)
    return {"provenance": provenance, "recovery": recovery} | checklists


@pytest.fixture(scope="session")
def report(study_dir, variables, tables):
    """The folder of the rendered report."""
    elements = {"calculator": '<section class="thyro-calculator">Risk</section>'}
    elements["thresholds"] = elements["wipe"] = "<section></section>"
    manuscript = render.stage(
        study_dir, REPORT, variables, tables=tables, elements=elements, renderer="pandoc"
    )
    render.render(manuscript, study_dir / "report")
    return study_dir / "report"


PREDICTIONS = ("04_models/predictions", "05_nomogram/predictions")


class InventedResults:
    """Predictions of an image model, a score on another scale, two nomograms and a reader."""

    def __init__(self):
        rng = np.random.default_rng(3)
        n = 120
        self.y = rng.integers(0, 2, n)
        cohorts = np.array(["train", "test"])[(np.arange(n) % 3 == 0).astype(int)]
        names = [f"P{i}" for i in range(n)]
        self.patients = pd.DataFrame(
            {"patient_id": names, "y": self.y, "split": cohorts, "radiologist": self.y}
        )
        self.scores = {
            "04_models/predictions": {"SR_SVM": rng.random(n), "Elsewhere": 40 * rng.random(n)},
            "05_nomogram/predictions": {
                "Nomogram_A": np.clip(self.y * 0.3 + rng.random(n) * 0.7, 0, 1),
                HOSTILE: np.round(rng.random(n), 2),
            },
        }

    def table(self, name):
        if name == "00_cohort/patients":
            return self.patients
        return pd.concat(
            pd.DataFrame(
                {
                    "patient_id": self.patients["patient_id"],
                    "model": model,
                    "p": p,
                    "protocol": protocol,
                }
            )
            for model, p in self.scores[name].items()
            for protocol in ("paper", "sound", "sound_in_sample")
        )

    def values(self, name):
        return {"radiologist_yes_from": None}


@pytest.fixture(scope="session")
def alive_report(study_dir, variables, tables, tmp_path_factory):
    """The folder of the HTML report with sources, notebooks and scripts."""
    folder = tmp_path_factory.mktemp("alive") / "smoke"
    shutil.copytree(study_dir / "notebooks", folder / "notebooks")
    shown = variables | {"origin": variables["origin"] | {"note": HOSTILE}}
    exact = (Exact("0.739", 0.73946, "06_statistics/performance.parquet"),)
    found = {
        name: dataclasses.replace(source, exact=exact)
        for name, source in find_sources(shown, {}, {}).items()
    }
    elements = {
        "calculator": '<section class="thyro-calculator">Risk</section>',
        "thresholds": thresholds.element(InventedResults(), PREDICTIONS, outcome=HOSTILE),
        "wipe": wipe.element(folder / "notebooks"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "OUTPUTS", {"html": render.OUTPUTS["html"]})
        staged = render.stage(
            folder,
            REPORT,
            marked(shown, found),
            tables=tables,
            elements=elements,
            renderer="pandoc",
        )
        records = notebook_passports(folder)
        finish = partial(
            alive.finished,
            manuscript_dir=staged,
            records=records,
            sources=found,
            described=results_of_figures(variables),
            made_from={"recovery": ["06_statistics/recovery_ceilings.parquet"]},
        )
        beside = alive.notebook_files(folder, staged, records)
        render.render(staged, folder / "report", beside=beside, finish=finish)
    alive.record(folder, records, title="A study", description="Simulated.")
    return folder / "report"


@pytest.fixture(scope="session")
def score_study(tmp_path_factory, variables):
    """A study of two scores and one signature: its folder and its variables."""
    folder = tmp_path_factory.mktemp("results") / "scores"
    (folder / "notebooks").mkdir(parents=True)
    for name in ("00_cohort", "05_nomogram", "06_statistics"):
        write_notebook(folder / "notebooks" / f"{name}.ipynb", CELLS[name])
    absent = ("sr", "agreement", "control", "features", "selection", "deep", "size")
    absent += ("ibsi", "robustness", "external", "simulation", "recovery", "subgroups")
    shown = {key: value for key, value in variables.items() if key not in absent}
    off = ("images", "enhanced", "networks", "maps", "tuned")
    off += ("nomogram_b", "external", "recovery", "radiologist", "subgroups")
    shown["has"] = variables["has"] | dict.fromkeys((*off, "radiomics"), False) | {"scores": True}
    shown["word"] = variables["word"] | {"judged": "score"}
    shown["performance"] = {}
    shown["delong"] = {"a_vs_c": variables["delong"]["a_vs_c"]}
    shown["reader"] = {}
    return folder, shown
