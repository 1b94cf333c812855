"""What the columns of a table of predictions are: guessed from names and cells, with the evidence.

The outcome, what models or readers say, the cohort, the patient, and groups of patients. What the
user says is taken as said; what cannot be guessed is a problem that names the option to say it by.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from thyro.cohort import cells
from thyro.cohort.clinical_table import SCORE_CELLS, stop_at
from thyro.study import TEST, TRAIN

GROUP, IGNORED = "group", "ignore"
ROLES = (*SCORE_CELLS, GROUP, IGNORED)  # that `--role COLUMN=ROLE` accepts
NONE = "none"  # of an option: no column
# Words of names; _ and digits separate them. The first say that it is an outcome, and not which.
NAMELESS = r"outcome|label|target|truth|y|gold|结局|标签|金标准"
OUTCOME = (
    rf"{NAMELESS}|\w*metasta\w*|event|death|dead|status|malignan\w*|recurr\w*|disease|response"
)
OUTCOME += r"|diagnosis|patholog\w*|class|c?l?lnm|病理|\w*转移\w*|恶性|复发|死亡"
RISK = r"prob\w*|risk|pred\w*|chance|likelihood|percent\w*|\w*概率\w*|\w*风险\w*|\w*预测\w*"
SCORE = rf"{RISK}|scores?|points?|nomogram|model|logit|output|signature|net|cnn|\w*评分\w*"
READING = r"read\w*|radiolog\w*|doctor|physician|call\w*|judge\w*|decision|医生|判读|诊断"
COHORT = r"cohort|split|set|dataset|partition|队列|分组|数据集"
PATIENT = r"id|patient|pid|mrn|subject|case|row|no|number|编号|病历号|住院号|序号|患者"
MUST_BE_ONE = r"id|patient|pid|mrn|编号|病历号|住院号"  # whose cells are each of one patient
TRAINS = ("train", "training", "development", "derivation", "训练集", "训练")
TESTS = ("test", "testing", "测试集", "测试")
MOSTLY = 0.95  # share of probabilities within 0 and 1; the others are wrong cells
NUMBERS = 0.5  # share of cells from which on a column is one of numbers, with wrong cells
MOST_LEVELS, MOST_COHORTS, MOST_GROUPS = 6, 8, 10


@dataclass(frozen=True)
class ScoreRoles:
    """The role of every column that a study of scores has a use for."""

    outcome: str
    scores: dict[str, str]  # column -> "probability", "score" or "reading"
    positive: str = ""  # cell of the outcome that means yes; "": it holds 1 and 0
    negative: str = ""
    ids: tuple[str, ...] = ()  # columns; none: every row is a patient
    cohort: str = ""  # column; "": everybody is of one cohort
    cohorts: dict[str, str] = field(default_factory=dict)  # cell -> name, in the order of tables
    groups: dict[str, list[str]] = field(default_factory=dict)  # column -> levels
    told: tuple[str, ...] = ()  # the role of every column with the evidence


def guess_roles(
    table: pd.DataFrame,
    *,
    outcome: str = "",
    positive: str = "",
    id_column: str = "",
    cohort: str = "",
    said: Mapping[str, str] | None = None,
) -> ScoreRoles:
    """Guess what the columns of a table of predictions are.

    Parameters
    ----------
    table
        Every cell as text, as `spreadsheet.read` gives it.
    outcome, id_column, cohort
        Columns as the user says; "" to guess, "none" (but for the outcome) for none.
    positive
        The cell of the outcome that means yes, where it does not hold 1 and 0.
    said
        Role of other columns as the user says, of `ROLES`.

    Raises
    ------
    CohortError
        If an option names no column, the outcome cannot be guessed or holds one value, or there
        is no score; each problem names the column and the option or correction.
    """
    said = dict(said or {})
    _check_options(table, outcome, id_column, cohort, said)
    told: dict[str, str] = {}
    outcome = outcome or _outcome(table, said, told)
    told.setdefault(outcome, "the outcome, as said")
    negative = _other_value(table[outcome], positive)
    free = [name for name in table if name != outcome and name not in said]
    split = _cohort(table, cohort, free, told)
    ids = _ids(table, id_column, split, free, told)
    scores, groups, problems = _others(table, said, {outcome, split, *ids}, told)
    if not scores:
        problems.append(
            f"no column holds a probability, a score or a reading; the columns are "
            f"{_listed(list(table))}. Say which: --role COLUMN=probability (or score, or reading)."
        )
    stop_at(problems)
    order = [f"{name}: {told[name]}" for name in table if name in told]
    return ScoreRoles(
        outcome,
        scores,
        positive=positive,
        negative=negative,
        ids=tuple(ids),
        cohort=split,
        cohorts=_cohort_names(table[split]) if split else {},
        groups=groups,
        told=tuple(order),
    )


def is_called(name: str, words: str) -> bool:
    """Whether a word of a column's name is one of `words`, which a bar separates."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # patientId
    parts = re.split(r"[\W_\d]+", split.lower())
    return any(re.fullmatch(words, part) for part in parts if part)


def _check_options(
    table: pd.DataFrame, outcome: str, id_column: str, cohort: str, said: Mapping[str, str]
) -> None:
    """Raise where an option names a column that is not there, or a role that none has."""
    given = {"--outcome": outcome, "--id": id_column, "--cohort": cohort}
    none = {"--outcome": "", "--id": NONE, "--cohort": NONE}
    named = {option: column for option, column in given.items() if column not in ("", none[option])}
    named |= {f"--role {column}={role}": column for column, role in said.items()}
    problems = [
        f"{option}: the table has no column {column!r}; it has {_listed(list(table))}."
        for option, column in named.items()
        if column not in table
    ]
    problems += [
        f"--role {column}={role}: expected one of {', '.join(ROLES)}."
        for column, role in said.items()
        if role not in ROLES
    ]
    stop_at(problems)


def _outcome(table: pd.DataFrame, said: Mapping[str, str], told: dict[str, str]) -> str:
    """The column of the outcome, by its name and cells."""
    free = [name for name in table if name not in said]
    binary = [name for name in free if _values(table[name]) == {"0", "1"}]
    for words in (NAMELESS, OUTCOME):
        named = [name for name in binary if is_called(name, words)]
        if len(named) == 1:
            told[named[0]] = "the outcome (1 and 0, and the name of one)"
            return named[0]
        if named:
            stop_at([_which(named)])
    # What has the name of an outcome but other cells is one with wrong cells, which are named.
    named = [n for n in free if is_called(n, OUTCOME) and 0 < len(_values(table[n])) <= MOST_LEVELS]
    if len(named) == 1:
        told[named[0]] = "the outcome (the name of one)"
        return named[0]
    others = [name for name in binary if not is_called(name, f"{SCORE}|{READING}")]
    if len(others) == 1 and not named:
        told[others[0]] = "the outcome (the only column of 1 and 0)"
        return others[0]
    if several := named or others:
        stop_at([_which(several)])
    empty = [name for name in free if is_called(name, OUTCOME) and not _values(table[name])]
    if empty:
        stop_at([f"{empty[0]}: empty in every row; fill in the outcome as 1 and 0."])
    stop_at(
        [
            f"no column holds an outcome, 1 and 0; the columns are {_listed(list(table))}. Say "
            "--outcome COLUMN; where it holds words, also --positive WORD for the one that means "
            "yes."
        ]
    )
    raise AssertionError("stop_at raised")


def _which(columns: Sequence[str]) -> str:
    return (
        f"{' and '.join(columns)} may each be the outcome; say which: --outcome {columns[0]} (and "
        f"--role {columns[1]}=ignore or =group for the other)."
    )


def _other_value(column: pd.Series, positive: str) -> str:
    """The cell that means no, where words stand for 1 and 0; "" where there are numbers."""
    found = _values(column)
    if not positive:
        words = sorted(found - {"0", "1"})
        if len(found) == 2 and len(words) == 2 and not all(map(cells.NUMBER.fullmatch, words)):
            stop_at(
                [
                    f"{column.name}: holds {words[0]!r} and {words[1]!r}, expected 1 and 0; say "
                    f"which means yes: --positive {words[1]!r}."
                ]
            )
        if len(found) == 1:
            stop_at(
                [
                    f"{column.name}: the same outcome, {found.pop()!r}, in every row; patients "
                    "with and without it are needed. Add the others, or name another column: "
                    "--outcome COLUMN."
                ]
            )
        return ""
    others = sorted(found - {positive})
    if positive not in found or len(others) != 1:
        held = cells.counted(column.map(cells.plain).where(lambda cell: cell != "").dropna())
        stop_at(
            [
                f"--positive {positive!r}: {column.name} must hold it and one other value, and "
                f"holds {held}."
            ]
        )
    return others[0]


def _cohort(table: pd.DataFrame, cohort: str, free: list[str], told: dict[str, str]) -> str:
    """The column of the cohorts, "" for none."""
    if cohort and cohort != NONE:
        told[cohort] = "the cohorts, as said"
        return cohort
    fitting = [
        name
        for name in free
        if is_called(name, COHORT) and 2 <= len(_cohort_names(table[name])) <= MOST_COHORTS
    ]
    if cohort == NONE or not fitting:
        return ""
    if len(fitting) > 1:
        stop_at(
            [
                f"{' and '.join(fitting)} may each name the cohorts; say which: --cohort "
                f"{fitting[0]}, or --cohort none."
            ]
        )
    names = _listed(list(dict.fromkeys(_cohort_names(table[fitting[0]]).values())))
    told[fitting[0]] = f"the cohorts {names} (by its name)"
    return fitting[0]


def _cohort_names(column: pd.Series) -> dict[str, str]:
    """Name of every cohort by its cell: training first, then as they come, external ones last."""
    found = dict.fromkeys(cell for cell in column.map(cells.plain).str.lower() if cell)
    names: dict[str, str] = {}
    for i, cell in enumerate(found, start=1):
        name = TRAIN if cell in TRAINS else TEST if cell in TESTS else _slug(cell, "cohort", i)
        names[cell] = name if name not in names.values() else f"{name}_{i}"
    order = {TRAIN: 0}
    return dict(
        sorted(names.items(), key=lambda one: order.get(one[1], 2 if "external" in one[1] else 1))
    )


def _slug(text: str, kind: str, number: int) -> str:
    """`text` as a name in lower case; "cohort_2" where nothing of it can be one."""
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if not slug:
        return f"{kind}_{number}"
    return slug if slug[0].isalpha() and slug != "all" else f"{kind}_{slug}"


def names_of(columns: Sequence[str], kind: str) -> dict[str, str]:
    """A name in lower case for every column, no two the same."""
    names: dict[str, str] = {}
    for i, column in enumerate(columns, start=1):
        name = _slug(column, kind, i)
        names[column] = name if name not in names.values() else f"{name}_{i}"
    return names


def _ids(
    table: pd.DataFrame, id_column: str, cohort: str, free: list[str], told: dict[str, str]
) -> list[str]:
    """Columns that tell patients apart; none where every row has to be one."""
    if id_column and id_column != NONE:
        told[id_column] = "the patient, as said"
        return [id_column]
    named = [name for name in free if name != cohort and is_called(name, PATIENT)]
    for name in [] if id_column == NONE else named:
        ids = table[name].map(cells.plain)
        if ids.ne("").all() and ids.is_unique:
            told[name] = "the patient (each cell once)"
            return [name]
        together = table[cohort].map(cells.plain) + "|" + ids if cohort else ids
        if ids.ne("").all() and together.is_unique:
            told[name] = f"the patient, together with {cohort} (each pair once)"
            return [cohort, name]
        if is_called(name, MUST_BE_ONE):
            rows = table.index[ids.duplicated(keep=False) | ids.eq("")]
            stop_at(
                cells.row_lines(
                    rows,
                    f"{name}: empty, or the same as in another row, and one row a patient is "
                    "needed; keep one of each, or say --id none where every row is a patient",
                )
            )
    return []


def _others(
    table: pd.DataFrame, said: Mapping[str, str], taken: set[str], told: dict[str, str]
) -> tuple[dict[str, str], dict[str, list[str]], list[str]]:
    """Scores with their kind, groups with their levels, and problems, of what is not taken yet."""
    scores: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    problems: list[str] = []
    for name in [column for column in table if column not in taken]:
        role, why = (said[name], "as said") if name in said else _role(table[name], problems)
        levels = _levels(table[name])
        if role == GROUP and len(groups) == MOST_GROUPS and name not in said:
            role, why = IGNORED, f"more than {MOST_GROUPS} groups"
        if role == GROUP:
            groups[name] = levels
            why = f"{len(levels)} levels" + (f", {why}" if name in said else "")
        elif role in SCORE_CELLS:
            scores[name] = role
        said_as = {GROUP: "groups of patients", IGNORED: "not used"}.get(role, f"a {role}")
        told[name] = f"{said_as} ({why})"
    named = [name for name in scores if name in said or is_called(name, f"{SCORE}|{READING}")]
    for name in [one for one in scores if named and one not in named]:
        kind = scores.pop(name)
        told[name] = f"not used (numbers, not called as the scores are; --role {name}={kind})"
    return scores, groups, problems


def _role(column: pd.Series, problems: list[str]) -> tuple[str, str]:
    """The role of a column that the user says nothing of, and the evidence."""
    name, filled = str(column.name), [cell for cell in column.map(cells.plain) if cell]
    is_score = is_called(name, SCORE)
    if not filled:
        if is_score:
            problems.append(f"{name}: empty in every row; fill it in, or say --role {name}=ignore.")
        return IGNORED, "empty"
    if set(filled) == {"0", "1"}:
        if is_called(name, f"{SCORE}|{READING}"):
            return "reading", "1 and 0, by its name"
        return GROUP, ""
    numbers = [float(cell) for cell in filled if cells.NUMBER.fullmatch(cell)]
    commas = sum(bool(cells.COMMA.fullmatch(cell)) for cell in filled)
    levels = len(set(filled))
    if (len(numbers) + commas) / len(filled) < NUMBERS:
        if is_score:
            problems.append(
                f"{name}: {levels} different texts where a score has numbers; write numbers, or "
                f"say --role {name}=ignore."
            )
        fits = 2 <= levels <= MOST_LEVELS and levels < len(filled) / 2
        return (GROUP, "") if fits else (IGNORED, f"{levels} different texts")
    inside = sum(0 <= value <= 1 for value in numbers)
    whole = all(value.is_integer() for value in numbers)
    if numbers and inside >= MOSTLY * len(numbers) and (is_score or not whole):
        return "probability", "numbers from 0 to 1"
    if is_called(name, RISK) and numbers and not whole and 0 <= min(numbers) <= max(numbers) <= 100:
        above = [row for row, cell in column.items() if _above_one(cell)]
        problems += cells.row_lines(
            above,
            f"{name}: numbers up to {max(numbers):g}, as of per cent, and a probability lies "
            f"within 0 and 1; divide by 100, or say that it only ranks: --role {name}=score",
        )
        return "score", "by its name"
    if commas and not numbers:  # named by row where the cells are read
        return ("probability" if is_called(name, RISK) else "score"), "numbers with a comma"
    if is_score or is_called(name, READING):
        return "score", "numbers beyond 0 to 1, by its name"
    if levels <= MOST_LEVELS:
        return GROUP, ""
    return IGNORED, f"numbers; --role {name}=score if a model says them"


def _above_one(cell: str) -> bool:
    return bool(cells.NUMBER.fullmatch(cells.plain(cell))) and float(cell) > 1


def _levels(column: pd.Series) -> list[str]:
    """Different values of a column, numbers rising and texts by the alphabet."""
    levels = {cells.plain(cell) for cell in column} - {""}
    if all(map(cells.NUMBER.fullmatch, levels)):
        return sorted(levels, key=float)
    return sorted(levels)


def _values(column: pd.Series) -> set[str]:
    """Different texts of a column, but for empty ones; 1.0 is 1."""
    found = {cells.plain(cell) for cell in column} - {""}
    return {{"1.0": "1", "0.0": "0"}.get(cell, cell) for cell in found}


def _listed(names: Sequence[str]) -> str:
    shown = [name[: cells.LONGEST] for name in names[: cells.SHOWN]]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more
