"""A study file from what could be told of a user's table: every line with its evidence.

What could not be told is left open, marked so that `thyro check` names it; nothing is invented.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from thyro import cohort
from thyro.study import OPEN

LEAST_FEATURES = 20  # columns that make a study one of features where there are scores, too


@dataclass
class FirstStudy:
    """What is known of a study before its file is written.

    Attributes
    ----------
    name, table : str
        Of the study, and of the table in its folder.
    folder : str
        The data folder, as the commands of the head name it.
    opened, roles
        The table, and the guesses of its columns.
    images
        What was found in a folder; None where nobody named one.
    readable
        Whether the fonts of this machine can draw a text.
    """

    name: str
    table: str
    folder: str
    opened: cohort.OpenedTable
    roles: cohort.Roles
    images: cohort.FoundImages | None = None
    readable: Callable[[str], bool] = str.isascii
    lines: list[str] = field(default_factory=list)

    @property
    def door(self) -> str:
        """Whether the study reads images, features or scores."""
        features, scores = self.roles.of("feature"), self.roles.of("score")
        if self.images or self.roles.of("image"):
            return "images"
        if len(features) >= LEAST_FEATURES or (features and not scores):
            return "features"
        return "scores" if scores else "images"

    @property
    def outcome(self) -> str:
        """The column of the outcome; "" where it is open."""
        return next(iter(self.roles.of("outcome")), "")

    def text(self) -> str:
        """The study file."""
        self.lines = []
        self._head()
        self._words()
        self._say(0, "cohort")
        self._table()
        self._columns()
        self._door()
        self._recode()
        variables = cohort.guess_variables(
            self.opened.frame, self.roles, self.outcome, self._meaning()
        )
        self._variables(variables)
        self._split(bool(variables))
        if self.door == "scores" and variables:
            self._signatures()
        self._not_read()
        return "\n".join(self.lines) + "\n"

    def _say(self, indent: int, key: str, value: Any = ..., evidence: str = "") -> None:
        """Add a line: a key, its value where it has one, and why."""
        given = "" if value is ... else f" {as_yaml(value)}"
        comment = f"  # {' '.join(evidence.split())}" if evidence else ""
        self.lines.append(f"{' ' * indent}{key}:{given}{comment}")

    def _head(self) -> None:
        frame, name = self.opened.frame, self.name
        size = f"{len(frame)} rows, {frame.shape[1]} columns"
        self.lines += [
            f"# Written by `thyro init` from {self.table}: {size}.",
            "# 1. Behind # stands what a line was told from. Read it; correct what is wrong.",
            f"# 2. Where {OPEN} stands, the table does not tell: write what the comment asks for.",
            "# 3. What only surgery tells needs preoperative: false. Title and labels: your words.",
            f"# 4. thyro check {name} --data {self.folder} --page   (names what is open or wrong)",
            f"# 5. thyro report {name} --data {self.folder}   (other keys: params/template.yml)",
            "extends: demo",
        ]

    def _words(self) -> None:
        self._say(0, "title", f"Study {self.name}", "as the report should be called")
        outcome = self.outcome
        if outcome and self.readable(outcome):
            self._say(0, "outcome", outcome, "the header; in words, as within a sentence")
            levels, why = self._outcome_levels(outcome)
            self._say(0, "outcome_levels", levels, why)
        else:
            said = f"{outcome!r} " if outcome else ""
            self._say(0, "outcome", OPEN, f"{said}in words, as within a sentence")
            self._say(0, "outcome_levels", ["No", "Yes"], "names of 0 and 1")
        self._say(0, "reference", "none", "no publication is set beside it")

    def _outcome_levels(self, outcome: str) -> tuple[list[str], str]:
        meaning = self._meaning()
        if meaning:
            names = {code: text for text, code in meaning.items()}
            levels = [cohort.translated(names[code]) for code in ("0", "1")]
            plain = {level.casefold() for level in levels} <= {"yes", "no", "true", "false"}
            if all(map(self.readable, levels)) and len(set(levels)) == 2 and not plain:
                return levels, "names of 0 and 1, from the cells"
        return [
            f"No {outcome}",
            f"{outcome[:1].upper()}{outcome[1:]}",
        ], "names of 0 and 1: write them as words"

    def _meaning(self) -> dict[str, str]:
        if not self.outcome:
            return {}
        return cohort.yes_and_no(self.roles.contents[self.outcome]) or {}

    def _table(self) -> None:
        self._say(2, "source", "folder")
        self._say(2, "table", self.table)
        for key, (value, evidence) in self.opened.declared.items():
            self._say(2, key, OPEN if value is None else value, evidence)

    def _columns(self) -> None:
        roles = self.roles
        if roles.id_columns:
            ids = roles.id_columns
            self._say(2, "id_column", ids if len(ids) > 1 else ids[0], roles.id_evidence)
        else:
            self._say(2, "id_column", OPEN, f"the patient: {self._could_be('id')}")
        if self.outcome:
            self._say(2, "outcome_column", self.outcome, roles.guesses[self.outcome].evidence)
        else:
            self._say(2, "outcome_column", OPEN, f"1 or 0: {self._could_be('outcome')}")
        readings = roles.of("reading")
        if readings:
            guess = roles.guesses[readings[0]]
            self._say(2, "radiologist_column", readings[0], guess.evidence)
            if not roles.contents[readings[0]].is_binary:
                self._say(2, "radiologist_yes_from", OPEN, "the lowest grade that is a yes")
        centres = [name for name in roles.of("centre") if name not in roles.id_columns]
        if centres:
            self._say(2, "centre_column", centres[0], roles.guesses[centres[0]].evidence)

    def _could_be(self, role: str) -> str:
        """Columns that may have a role, for the comment of an open key."""
        columns = self.roles.open_to(role)
        named = ", ".join(repr(name) for name in columns[:6])
        more = f" and {len(columns) - 6} more" if len(columns) > 6 else ""
        found = f"{named}{more}" if columns else "no column looks like it; name one"
        return f"{found} (or `thyro init` again, with --{role})"

    def _door(self) -> None:
        if self.door == "images":
            self._files("image_column", "image", self.images.images if self.images else [])
            self._files("mask_column", "mask", self.images.masks if self.images else [])
            second = self.roles.of("second mask")
            if second:
                evidence = self.roles.guesses[second[0]].evidence
                self._say(2, "second_mask_column", second[0], evidence)
            self._one_per_patient()
        elif self.door == "features":
            self._features()
        else:
            self._scores()

    def _files(self, key: str, role: str, forms: Sequence[cohort.FoundFiles]) -> None:
        named = self.roles.of(role)
        best = [one for one in forms if one.matched == forms[0].matched]
        if len(named) == 1 and not any(one.form == f"{{{named[0]}}}" for one in best) and best:
            self._say(2, key, best[0].form, best[0].evidence)
        elif len(named) == 1:
            self._say(2, key, named[0], self.roles.guesses[named[0]].evidence)
        elif len(best) == 1:
            self._say(2, key, best[0].form, best[0].evidence)
        else:
            could = [*named, *(one.form for one in best[:6])]
            said = ", ".join(map(repr, could)) if could else "no column and no file in sight"
            self._say(2, key, OPEN, f'a column, or names made of one, "{role}s/{{id}}.png": {said}')

    def _one_per_patient(self) -> None:
        ids = self.roles.id_columns
        if not ids:
            return
        rows = self.opened.frame[ids]
        several = rows[rows.duplicated(keep=False)].drop_duplicates()
        if len(several):
            self._say(
                *(2, "one_per_patient", OPEN),
                f"{len(several)} patients have several rows: mask_area_px takes the one with the "
                "largest nodule, or name a column",
            )

    def _features(self) -> None:
        names = self.roles.of("feature")
        others = [name for name in self.roles.contents if name not in {*names}]
        patterns = cohort.patterns_of(names, others)
        kinds = {self.roles.guesses[name].evidence for name in names}
        self._say(2, "features")
        self._say(4, "radiomics")
        evidence = f"{len(names)} columns: {'; '.join(sorted(kinds)[:3])}"
        self._say(6, "columns", patterns, evidence)

    def _scores(self) -> None:
        self._say(2, "scores")
        taken: dict[str, str] = {}
        for column in self.roles.of("score"):
            taken[cohort.score_name(column, taken)] = column
        for name, column in taken.items():
            kind = cohort.score_kind(column, self.roles.contents[column])
            evidence = self.roles.guesses[column].evidence
            if kind == "score":
                evidence += "; it only ranks: say `kind: probability` where it is one"
            self._say(4, name)
            self._say(6, "column", column, evidence)
            self._say(6, "kind", kind)

    def _recode(self) -> None:
        """What cells of the columns that are read mean."""
        rows: dict[str, tuple[Any, str]] = {}
        for name in [self.outcome, *self.roles.of("reading")[:1]]:
            content = self.roles.contents.get(name)
            if not content or (name != self.outcome and not content.is_binary):
                continue
            meaning = cohort.yes_and_no(content)
            if meaning is None:
                texts = ", ".join(map(repr, sorted(content.values)))
                texts = texts if content.distinct <= 6 else f"{content.distinct} different texts"
                rows[name] = OPEN, f'{texts}: say which is yes, {{…: "1", …: "0"}}'
            elif meaning:
                rows[name] = meaning, "the words for yes and no"
        read = [
            *self.roles.of("score"),
            *(c for role in cohort.CLINICAL for c in self.roles.of(role)),
        ]
        for name in [*rows, *read, self.outcome]:
            content = self.roles.contents.get(name)
            none = cohort.without_value(content) if content else {}
            if none and rows.get(name, ({}, ""))[0] != OPEN:
                meaning, why = rows.get(name, ({}, ""))
                told = f"{sum(content.not_known.values())} cells say that nothing is known"
                rows[name] = meaning | none, "; ".join(filter(None, [why, told]))
        if rows:
            self._say(2, "recode")
            for name, (meaning, why) in rows.items():
                self._say(4, as_yaml(name), meaning, why)

    def _variables(self, variables: Sequence[cohort.DeclaredVariable]) -> None:
        if not variables:
            self._say(2, "variables", [], "no column looks like a clinical variable")
            return
        self._say(2, "variables")
        for variable in variables:
            dash = "  - "
            for key, value in variable.keys.items():
                if key in ("label", "levels") and not self._drawn(variable, value):
                    why = f"{as_yaml(value)}: no font of this machine draws it; "
                    value, why = OPEN, why + "write it in other letters"
                    if key == "levels":
                        why += ", and in `recode` which is which"
                else:
                    why = variable.evidence[key]
                self._say(0, f"  {dash}{key}", value, why)
                dash = "    "

    def _drawn(self, variable: cohort.DeclaredVariable, value: Any) -> bool:
        texts = value if isinstance(value, list) else [value]
        return all(map(self.readable, texts))

    def _split(self, variables: bool) -> None:
        columns = self.roles.of("split")
        if not columns:
            for name in self.roles.open_to("split"):
                self.lines.append(f"  # {name!r}: {self.roles.guesses[name].evidence}")
            return
        fitted = self.door != "scores" or variables
        self._say(2, "split", "column")
        self._say(2, "split_column", columns[0], self.roles.guesses[columns[0]].evidence)
        content = self.roles.contents[columns[0]]
        meaning = cohort.cohorts_of(content, fitted=fitted)
        if meaning is None:
            counts = ", ".join(f"{text!r} ({n} rows)" for text, n in sorted(content.values.items()))
            self._say(2, "cohorts", OPEN, f"{counts}: say who trains, {{…: train, …: test}}")
        else:
            self._say(2, "cohorts", meaning, "by their words; the first one is that of cut-offs")

    def _signatures(self) -> None:
        names: dict[str, str] = {}
        for column in self.roles.of("score"):
            names[cohort.score_name(column, names)] = column
        self._say(0, "nomogram")
        if len(names) == 1:
            self._say(2, "signatures", list(names), "the only score")
        else:
            said = ", ".join(map(repr, list(names)[:6]))
            self._say(2, "signatures", OPEN, f"one or two of {said}, as a list")

    def _not_read(self) -> None:
        """Columns that nothing reads, and why."""
        roles, door = self.roles, self.door
        told = {
            name: guess.evidence for name, guess in roles.guesses.items() if guess.role == "unused"
        }
        told |= {name: roles.guesses[name].evidence for name in roles.of("date")}
        for role in {"score", "feature"} - {door.removesuffix("s")}:
            told |= {name: f"a {role}, and this study reads {door}" for name in roles.of(role)}
        told |= {name: "a further reading" for name in roles.of("reading")[1:]}
        for name, guess in roles.guesses.items():
            if "outcome" in guess.could_be and self.outcome != name:
                told[name] = "it may be the outcome; if not, it may be a variable"
        if not told:
            return
        self.lines.append("# Not read (dates are for `criteria`, see params/template.yml):")
        shown = list(told.items())[:40]
        self.lines += [
            f"#   {' '.join(name.split())!r}: {' '.join(why.split())}" for name, why in shown
        ]
        if len(told) > len(shown):
            self.lines.append(f"#   and {len(told) - len(shown)} more")


def as_yaml(value: Any) -> str:
    """A value on one line, quoted where YAML would read another kind."""
    if value == OPEN:
        return OPEN
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()
