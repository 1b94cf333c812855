"""The model card: what a nomogram that is handed on is for, where it comes from, how it does."""

from collections.abc import Mapping
from typing import Any

from thyro.frozen.archive import checksum
from thyro.frozen.model import CARD, FrozenModel
from thyro.frozen.prediction import conditional_on
from thyro.frozen.show import RESEARCH_ONLY, origin
from thyro.study import cohort_label
from thyro.tables import estimate, number, percent

ROWS = (b"support_vectors_", b"_fit_X")  # parts of a classifier that are patients' features
MEASURES = {"citl": "Calibration in the large", "slope": "Calibration slope"}


def model_card(model: FrozenModel) -> str:
    """The card in Markdown; every number is the study's own."""
    about = model.about
    sections = {
        f"Model card: {about['nomogram'].replace('_', ' ')}": [origin(model), _title(about)],
        "Use": _use(model),
        "What it needs": _needs(model),
        "Patients": _patients(about),
        "Performance": _performance(about),
        "Limits": _limits(model),
        "Versions": [", ".join(f"{name} {version}" for name, version in about["versions"].items())],
        "Checksums": [f"- `{n}` {checksum(d)}" for n, d in sorted(model.to_members().items())],
    }
    parts = []
    for number_of, (heading, lines) in enumerate(sections.items()):
        parts += [f"{'#' if number_of == 0 else '##'} {heading}", "", *lines, ""]
    return "\n".join(parts)


def with_card(model: FrozenModel) -> dict[str, bytes]:
    """The members of a model's file, its card among them."""
    return model.to_members() | {CARD: model_card(model).encode()}


def _title(about: Mapping[str, Any]) -> str:
    credit = f" {about['credit'].rstrip('.')}." if about["credit"] else ""
    return f"\n{about['title']}.{credit}"


def _use(model: FrozenModel) -> list[str]:
    about = model.about
    invented = " Its patients are invented." if about["simulated"] else ""
    return [
        f"Risk of {about['outcome']} in patients like those below, to validate the model or to "
        f"compare it with another. {RESEARCH_ONLY}{invented}"
    ]


def _needs(model: FrozenModel) -> list[str]:
    lines = []
    if model.signature is not None:
        table = model.signature.table
        lines.append(
            f"- An image and the mask of its lesion; the {model.signature.name} signature reads "
            f"{len(model.signature.features)} features of {table.label}; fitted classifiers: "
            f"{len(model.signature.members)}."
        )
    for name, one in model.variables.items():
        unit = f", {one['unit']}" if one["unit"] else ""
        levels = f": {', '.join(map(str, one['levels']))}" if one["levels"] else ""
        gap = "" if name in model.required else " (may be missing)"
        lines.append(f"- `{name}`: {one['label']}{unit}{levels}{gap}")
    return lines


def _patients(about: Mapping[str, Any]) -> list[str]:
    return [
        f"- {cohort_label(name)}: {one['n']} patients, {one['events']} with the outcome "
        f"({percent(one['events'] / one['n'])})"
        for name, one in about["cohorts"].items()
    ]


def _performance(about: Mapping[str, Any]) -> list[str]:
    lines = []
    for row in about["performance"].get("discrimination", []):
        text = f"AUC {estimate(row['auc'], row['ci_low'], row['ci_high'])}"
        for name in ("sensitivity", "specificity"):
            ends = row.get(f"{name}_low"), row.get(f"{name}_high")
            if None not in ends:
                text += f", {name} {estimate(row[name], *ends)}"
        cut = f", at the training cut-off {number(row['threshold'])}"
        lines.append(f"- {cohort_label(row['cohort'])}: {text}{cut}")
    for row in about["performance"].get("calibration", []):
        if row["measure"] in MEASURES:
            text = estimate(row["estimate"], row["ci_low"], row["ci_high"])
            lines.append(f"- {cohort_label(row['cohort'])}: {MEASURES[row['measure']]} {text}")
    if not lines:
        return ["Not measured: notebook 06 of the study had not run when this was exported."]
    return [f"With {percent(about['level'], 0)} intervals.", "", *lines]


def _limits(model: FrozenModel) -> list[str]:
    about = model.about
    lines = [f"- {conditional_on(model)}"]
    lines.append(
        "- Outside the range of the training patients a risk is extrapolated; `thyro predict` says "
        "where that is so."
    )
    if model.signature is not None and any(
        word in one.classifier for one in model.signature.members for word in ROWS
    ):
        lines.append(
            "- Its classifiers consist of measured features of training patients (support vectors "
            "or neighbours), standardised and without a name. Hand it on as such data may be."
        )
    if model.signature is not None and any(part.deep for part in model.signature.table.parts):
        lines.append(
            "- Its network computes in single precision: of a patient alone the risk may differ in "
            "the sixth decimal from that of the same patient among others."
        )
    if model.imputes:
        lines.append(
            "- Gaps are filled from recorded values of single variables of training patients, "
            "which this file holds in the order of their size or of their prediction."
        )
    lines.append(
        "- Of clinical variables it holds no patient's row: percentiles and counts of each alone."
    )
    if about.get("agreement"):
        found = about["agreement"]
        lines.append(
            f"- Made again at export, its risks differed by at most "
            f"{found['largest_difference']:.1g} from the study's own in {found['patients']} "
            "patients who trained nothing."
        )
    return lines
