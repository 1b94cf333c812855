"""Two studies side by side: parameters, patients, AUCs and figures, in one page of its own.

The page holds its pictures, has no script, asks nothing of the network, and names no patient.
"""

import base64
import html
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from PIL import Image

from thyro import figures, statistics, store, tables
from thyro.report.notebook_pages import POLICY
from thyro.report.render import ReportError
from thyro.report.results import Results
from thyro.study import Study, cohort_label, load_study, parameter_differences

STYLE = Path(__file__).with_name("comparison.css")
SHOWN = ("sound", "paper")  # protocols: what a study concludes from first
OF_FIGURES = ("05_nomogram", "06_statistics", "06_scores")  # folders whose figures stand in pairs
WIDEST = 1100  # pixels of a figure in the page
LONGEST = 60  # characters of a value


@dataclass(frozen=True)
class Compared:
    """What the terminal says, and the page."""

    lines: list[str]
    page: str


def compare(a: str, b: str) -> Compared:
    """Set two studies that have run side by side.

    Parameters
    ----------
    a, b
        Their names.

    Raises
    ------
    StudyError, ReportError
        If a study is not known, or its notebooks have not run.
    """
    if a == b:
        raise ReportError(f"{a}: name two studies that differ.")
    names = (a, b)
    studies = [load_study(name, store.path("params")) for name in names]
    judged = [_judged(name, study) for name, study in zip(names, studies, strict=True)]
    level = studies[0].statistics.level
    parameters = _parameters(studies, names)
    patients = _patients(judged, names)
    compared = statistics.compare_studies(*judged, level=level)
    shown = [one for one in SHOWN if compared["protocol"].eq(one).any()]
    if shown:
        compared = compared[compared["protocol"].isin(shown)]
    aucs = tables.between_studies(compared, names, level=level)
    facts = _facts(names, parameters, judged, compared)
    lines = [*facts, "", *_texts(parameters), "", *_texts(patients), "", *_texts(aucs)]
    sections = {
        "Parameters that differ": _table(parameters),
        "Patients": _table(patients),
        "Area under the ROC curve": _drawn(compared, names) + _table(aucs),
        "Figures": _figures(names),
    }
    return Compared(lines, _page(names, facts, _origin(names), sections))


def _judged(name: str, study: Study) -> statistics.StudyScores:
    """Outcomes, cohorts and predictions of a study."""
    left = Results(f"results/{name}")
    try:
        cases = left.table("00_cohort/patients").set_index("patient_id")
        predicted = [left.table(one) for one in _predictions(study)]
    except FileNotFoundError:
        what = f"results/{name}: its notebooks have not all run. Say `thyro run {name}` first."
        raise ReportError(what) from None
    readings = [one for one, kind in study.judged.items() if kind == "reading"]
    known = [one for one in left.values("00_cohort/cohort")["variables"] if one in cases]
    scores = {
        protocol: frame.drop(columns=readings, errors="ignore")
        for protocol, frame in statistics.scores_by_protocol(predicted, cases.index).items()
    }
    return statistics.StudyScores(cases["y"], cases["split"], scores, cases[known])


def _predictions(study: Study) -> list[str]:
    """Tables of what models, scores of the table, and nomograms predict."""
    if study.has_nomograms:
        reads = study.jobs["06_statistics"].reads
        files = [reads["model_predictions"], reads["nomogram_predictions"]]
    else:
        files = [study.jobs["06_scores"].reads["scores"]]
    return [file.removesuffix(".parquet") for file in files]


def _parameters(studies: list[Study], names: tuple[str, str]) -> pd.DataFrame:
    """Keys of the study files that differ, with both values."""
    rows = parameter_differences(*(study.model_dump(mode="json") for study in studies))
    told = [(key, _value(old), _value(new)) for key, old, new in rows]
    return pd.DataFrame(told, columns=["Parameter", *names])


def _value(value: Any) -> str:
    if value is None:
        return tables.ABSENT
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _patients(judged: list[statistics.StudyScores], names: tuple[str, str]) -> pd.DataFrame:
    """Patients of every cohort of both studies, and those in common."""
    same = statistics.same_patients(*judged)
    parts = [statistics.cohorts(one.split) for one in judged]
    rows = []
    for cohort in dict.fromkeys([*parts[0], *parts[1]]):
        who = [
            one.y[part[cohort]] if cohort in part else one.y[:0]
            for one, part in zip(judged, parts, strict=True)
        ]
        common = who[0].index.intersection(who[1].index).intersection(same)
        cells = [f"{len(y):,} ({int(y.sum()):,})" if len(y) else tables.ABSENT for y in who]
        rows.append((cohort_label(cohort), *cells, f"{len(common):,}"))
    everybody = [f"{len(one.y):,} ({int(one.y.sum()):,})" for one in judged]
    rows.append(("All", *everybody, f"{len(same):,}"))
    headings = [f"{name}: patients (events)" for name in names]
    return pd.DataFrame(rows, columns=["Cohort", *headings, "In both"])


def _facts(
    names: tuple[str, str],
    parameters: pd.DataFrame,
    judged: list[statistics.StudyScores],
    compared: pd.DataFrame,
) -> list[str]:
    """What is to be seen, in sentences."""
    common = len(statistics.same_patients(*judged))
    models, designs = compared["model"].nunique(), dict.fromkeys(compared["design"])
    told = [
        f"{names[0]} and {names[1]} differ in {_counted(len(parameters), 'parameter')}, have "
        f"{_counted(common, 'patient')} in common, and share {_counted(models, 'model')} in "
        "cohorts of the same name.",
    ]
    if len(designs):
        told.append(
            f"Differences are {names[0]} less {names[1]}; DeLong tests: {', '.join(designs)}. "
            "They are not adjusted for their number."
        )
    return told


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _origin(names: tuple[str, str]) -> str:
    """The label of simulated patients, of the study or studies that have such."""
    abouts = {name: Results(f"results/{name}").values("00_cohort/cohort") for name in names}
    labels = [f"{name}: {about['label']}" for name, about in abouts.items() if about["label"]]
    return "; ".join(labels)


def _texts(frame: pd.DataFrame) -> list[str]:
    """A table for the terminal; a single line where it is empty."""
    if frame.empty:
        return [f"{frame.columns[0]}: none"]
    widths = [max(map(len, [name, *frame[name]])) for name in frame]
    rows = [list(frame.columns), *frame.to_numpy().tolist()]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _table(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "<p>None.</p>"
    return f'<div class="wide">{frame.to_html(index=False, border=0)}</div>'


def _drawn(compared: pd.DataFrame, names: tuple[str, str]) -> str:
    """The AUCs as a picture, of the protocol that a study concludes from."""
    if compared.empty:
        return "<p>No model is in both studies, in a cohort of the same name.</p>"
    figures.use_style()
    first = next((one for one in SHOWN if compared["protocol"].eq(one).any()), None)
    of = compared if first is None else compared[compared["protocol"].eq(first)]
    figure, data = figures.studies_figure(of, names), io.BytesIO()
    figure.savefig(data, format="png", dpi=200)
    plt.close(figure)
    caption = "" if first is None else f"<p>{html.escape(tables.protocol_words(first))}.</p>"
    return _image(data.getvalue(), "AUC of every model in both studies, with intervals") + caption


def _figures(names: tuple[str, str]) -> str:
    """Figures that both studies left under the same name, in pairs."""
    folders = [store.path(f"results/{name}") for name in names]
    files = [
        file.relative_to(folders[0])
        for stage in OF_FIGURES
        for file in sorted((folders[0] / stage).glob("*.png"))
        if (folders[1] / file.relative_to(folders[0])).is_file()
    ]
    pairs = []
    for file in files:
        both = [
            f"<figure>{_image((folder / file).read_bytes(), f'{file.stem} of {name}')}"
            f"<figcaption>{html.escape(f'{name}: {file}')}</figcaption></figure>"
            for folder, name in zip(folders, names, strict=True)
        ]
        pairs.append(f'<div class="pair">{"".join(both)}</div>')
    return "".join(pairs) or "<p>No figure is in both studies.</p>"


def _image(data: bytes, alt: str) -> str:
    """A picture within the page, no wider than is seen."""
    with Image.open(io.BytesIO(data)) as picture:
        small = picture.convert("RGB")
        small.thumbnail((WIDEST, 4 * WIDEST))
        out = io.BytesIO()
        small.quantize(128).save(out, format="PNG", optimize=True)
    code = base64.b64encode(out.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{code}">'


def _page(names: tuple[str, str], facts: list[str], origin: str, sections: dict[str, str]) -> str:
    title = html.escape(f"{names[0]} and {names[1]}")
    label = f'<p class="origin">{html.escape(origin)}</p>' if origin else ""
    body = "".join(f"<h2>{html.escape(name)}</h2>{part}" for name, part in sections.items())
    told = "".join(f"<p>{html.escape(line)}</p>" for line in facts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>"
        f"<body><h1>Two studies: {title}</h1>{label}{told}{body}"
        "<p>Not for clinical use.</p></body></html>\n"
    )


def write_comparison(a: str, b: str, out: Path) -> None:
    """Print two studies side by side, and write the page.

    Parameters
    ----------
    a, b
        Names of the studies.
    out
        File of the page.

    Raises
    ------
    StudyError, ReportError
        As `compare`.
    """
    found = compare(a, b)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(found.page, encoding="utf-8")
    print("\n".join([*found.lines, "", str(out)]))
