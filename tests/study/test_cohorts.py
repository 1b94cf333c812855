"""What a study file may say of a cohort, its variables and its external patients."""

import re
from pathlib import Path

import pytest

from tests.study.test_variables import TELLING
from thyro.simulate import risk
from thyro.study import Criterion, StudyError, Variable, cohorts, load_study

BACK = {"at_least": 5.0, "at_most": 1.0}
AGE = {"name": "age", "label": "Age", "kind": "continuous"}
FOLDER = {
    "source": "folder",
    "table": "t.csv",
    "id_column": "id",
    "outcome_column": "y",
    "image_column": "i",
    "mask_column": "m",
    "variables": [TELLING],
}
CRITERION = {"column": "a", "label": "b", "kind": "inclusion"}


@pytest.mark.parametrize(
    ("cohort", "message"),
    [
        (
            {"test_share": 1.5},
            "`cohort.test_share`: Input should be less than 1, found 1.5",
        ),
        ({"source": "web"}, "Input should be 'simulated' or 'folder', found 'web'"),
        ({"source": "folder"}, "a folder cohort needs table, id_column"),
        (
            {"variables": [{"name": "a", "label": "A", "kind": "categorical"}]},
            "a categorical variable needs at least two levels",
        ),
        (
            {"variables": [{"name": "a", "label": "A", "kind": "continuos"}]},
            "`cohort.variables.0.kind`: Input should be 'continuous' or 'categorical'",
        ),
        (
            FOLDER | {"variables": [TELLING | {"levels": ["No", "No "]}]},
            "`cohort.variables.0.levels`: must differ from each other, found ['No', 'No ']",
        ),
        (
            FOLDER | {"variables": [TELLING | {"levels": ["No", " "]}]},
            "`cohort.variables.0.levels.1`: must not be blank",
        ),
        (
            FOLDER | {"variables": [TELLING | {"label": " "}]},
            "`cohort.variables.0.label`: must not be blank, found ' '",
        ),
        (
            {"criteria": [CRITERION | {"label": ""}]},
            "`cohort.criteria.0.label`: must not be blank, found ''",
        ),
        (
            FOLDER | {"variables": [AGE | {"ordered": True}]},
            "levels, recode, missing and ordered belong to categorical variables",
        ),
        (
            FOLDER | {"variables": [AGE, TELLING | {"composed_of": ["age", "size"]}]},
            "`composed_of` of 'where' names two or more variables that are not composed "
            "themselves; ['size'] cannot be all",
        ),
        (
            FOLDER | {"variables": [AGE, TELLING | {"composed_of": ["age"]}]},
            "themselves; ['age'] cannot be all",
        ),
        (
            FOLDER | {"variables": [AGE, TELLING | {"composed_of": ["age", "where"]}]},
            "themselves; ['where'] cannot be all",
        ),
        ({"split": "centre"}, "`split: centre` needs `split_column`"),
        ({"test_centres": ["A"]}, "and `test_centres` go together"),
        (
            {"criteria": [CRITERION | BACK]},
            "`cohort.criteria.0`: at_least 5 is above at_most 1",
        ),
        ({"criteria": [CRITERION | {"until": "b"}]}, "say at_most, at_least or both"),
        (
            {"variables": [TELLING | {"preoperative": True}]},
            "a variable that tells the outcome is categorical and `preoperative: false`",
        ),
        (
            {"variables": [TELLING | {"recode": {"1": "Often"}}]},
            "['Often'] not among the levels ['No', 'Yes']",
        ),
        (FOLDER | {"variables": [TELLING, TELLING]}, "variable names must differ"),
        (FOLDER | {"outcome_column": "where"}, "['where'] would be read from the col"),
        (FOLDER | {"scores": {"Deep": "dl"}}, "leave image_column, mask_column out"),
        (
            FOLDER | {"variables": [TELLING | {"levels": [False, "Yes"]}]},
            "should be a valid string (put it in quotation marks: YAML reads it as another kind)",
        ),
        ({"mask_label": 0}, "greater than or equal to 1"),
        ({"mask_label": " "}, "must not be blank"),
        ({"mask_label": 1.5}, "valid integer"),
        ({"view": "long"}, "`view` and `view_column` go together"),
        ({"radiologist_yes_from": 4.0}, "`radiologist_yes_from` needs `radiologist_column`"),
        ({"scores": {"Deep": "dl"}}, "`scores` are those of a folder's table"),
        ({"scores": {"$x$": "dl"}}, "String should match pattern"),
        (
            {"decisions": "decisions.csv"},
            "`cohort`: `decisions` lie in the data folder, and a simulated cohort has none; `thyro "
            "example` writes simulated patients as a folder",
        ),
        (
            FOLDER | {"decisions": "../d.csv"},
            "`cohort.decisions`: lies outside the data folder; name a file in it, such as "
            "decisions.csv, found '../d.csv'",
        ),
        (
            FOLDER | {"decisions": "d.xlsx"},
            "`cohort.decisions`: must be the name of a CSV, such as decisions.csv, found 'd.xlsx'",
        ),
        (
            FOLDER
            | {"image_column": "", "mask_column": ""}
            | {"scores": {"Deep": "dl"}, "decisions": "d.csv"},
            "`scores` stand instead of images: leave decisions out",
        ),
        (
            {"encoding": "gb18031"},
            "`cohort.encoding`: 'gb18031' is no encoding of text; such are utf-8, gb18030, big5, "
            "shift_jis, cp1252, found 'gb18031'",
        ),
    ],
)
def test_a_wrong_cohort_names_file_key_and_remedy(changed, cohort, message):
    with pytest.raises(StudyError) as error:
        load_study("mine", changed(cohort=cohort))
    assert "mine.yml" in str(error.value) and message in str(error.value)


@pytest.mark.parametrize(
    ("external", "message"),
    [
        ({"source": "folder"}, "`external`: a folder cohort needs table, id_column"),
        ({"simulated": True}, "`external.simulated` must be that of the cohort"),
        ({"radiologist_yes_from": 4.0, "radiologist_column": "r"}, "needed in both cohorts"),
    ],
)
def test_external_patients_are_like_those_of_the_cohort(changed, external, message):
    with pytest.raises(StudyError) as error:
        load_study("mine", changed(external=external))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("external", "message"),
    [
        ({"radiologist_column": "read"}, "`radiologist_column` is needed in both cohorts"),
        ({"simulated": True}, "`external.simulated` must be that"),
        ({"variables": [TELLING | {"levels": ["No", "Yes", "?"]}]}, "`external.variables`: name,"),
        ({"scores": {"Deep": "dl"}, "image_column": "", "mask_column": ""}, "`external.scores`"),
    ],
)
def test_an_external_table_is_like_that_of_the_cohort(changed, external, message):
    with pytest.raises(StudyError) as error:
        load_study("mine", changed(cohort=FOLDER, external=external))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("own", "encoding"), [({}, "gb18030"), ({"encoding": "utf-8"}, "utf-8")], ids=["alike", "own"]
)
def test_an_external_table_has_the_encoding_of_the_cohort_unless_it_says_another(
    changed, own, encoding
):
    external = {"table": "other.csv"} | own
    path = changed(cohort=FOLDER | {"encoding": "gb18030"}, external=external)
    study = load_study("mine", path)
    assert (study.cohort.encoding, study.external.encoding) == ("gb18030", encoding)


@pytest.mark.parametrize(
    ("own", "decisions"),
    [({}, "d.csv"), ({"decisions": "e.csv"}, "e.csv"), ({"decisions": ""}, "")],
)
def test_external_images_are_decided_in_the_file_of_the_cohort_or_another(changed, own, decisions):
    cohort = FOLDER | {"decisions": "./d.csv"}
    study = load_study("mine", changed(cohort=cohort, external={"table": "other.csv"} | own))
    assert (study.cohort.decisions, study.external.decisions) == ("d.csv", decisions)


def test_an_external_cohort_is_like_the_cohort_but_for_what_it_says():
    demo = load_study("demo", Path("params"))
    assert demo.external.image_shape == demo.cohort.image_shape
    assert (demo.cohort.device, demo.external.device) == ("A", "B")


def test_the_parameters_of_a_notebook_make_the_cohort():
    simulated = load_study("demo", Path("params")).cohort
    names = simulated.model_dump() | {"title": "not of the cohort"}
    assert cohorts.Cohort.of(names) == simulated


@pytest.mark.parametrize("section", [cohorts.Source, cohorts.Cohort, Variable, Criterion])
def test_the_template_explains_every_key_of_a_folder(section):
    text = Path("params/template.yml").read_text()
    simulated = {"n_patients", "image_shape", "effect", "device", "exclusions", "missing"}
    simulated |= {"missing_at_random"}
    simulated |= {"coarse_log_odds", "fine_log_odds", "prevalence", "size_shift"}
    keys = set(section.model_fields) - (simulated if issubclass(section, cohorts.Source) else set())
    assert [key for key in sorted(keys) if key not in text] == []


@pytest.mark.parametrize("label", [None, 1, 255, "nodule", "结节 2"])
def test_the_nodule_has_a_label_or_a_name(label):
    assert cohorts.Source(source="simulated", mask_label=label).mask_label == label


def test_a_study_that_says_nothing_of_the_texture_has_that_of_the_simulation():
    source = cohorts.Source(source="simulated")
    assert source.coarse_log_odds == risk.COARSE_LOG_ODDS
    assert source.fine_log_odds == risk.FINE_LOG_ODDS


@pytest.mark.parametrize("prevalence", [0.0, 1.0, "half"])
def test_a_prevalence_lies_between_nobody_and_everybody(changed, prevalence):
    with pytest.raises(StudyError, match="external.prevalence"):
        load_study("mine", changed(external={"prevalence": prevalence}))


TABLE = {"source": "folder", "table": "t.csv", "id_column": "id", "outcome_column": "y"}
SCORED = TABLE | {"scores": {"A": "a", "B": {"column": "b", "kind": "probability"}}}
FAMILY = {"radiomics": {"columns": ["original_*"]}}
SPLIT = {"split": "column", "split_column": "set"}


def test_a_column_alone_is_a_score_and_a_kind_is_kept():
    source = cohorts.Source(**SCORED)
    assert source.score_columns == {"A": "a", "B": "b"}
    assert source.score_kinds == {"A": "score", "B": "probability"}
    read = cohorts.Source(**SCORED | {"radiologist_column": "r"})
    assert read.judged == source.score_kinds | {"Radiologist": "reading"}
    graded = cohorts.Source(**SCORED, radiologist_column="r", radiologist_yes_from=4.0)
    assert graded.judged["Radiologist"] == "score"


def test_cohorts_are_named_in_order_and_the_first_is_cut_in_where_none_trains():
    named = cohorts.Cohort(**SCORED, **SPLIT, cohorts={"1": "far", "2": "near", "3": "far"})
    assert (named.named, named.reference) == (["far", "near"], "far")
    trained = cohorts.Cohort(**SCORED, **SPLIT, cohorts={"1": "far", "2": "train"})
    assert trained.reference == "train"
    assert cohorts.Cohort(**SCORED).named == ["train", "test"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"cohorts": {"1": "a", "2": "b"}}, "`cohorts` names the cells of a `split: column`"),
        (SPLIT | {"cohorts": {"1": "a"}}, "`cohorts` names two or more"),
        (SPLIT | {"cohorts": {"1": "a", "2": "all"}}, "'all' is everybody"),
        (SPLIT | {"cohorts": {"1": "a", "2": "B"}}, "String should match pattern"),
        ({"scores": {"A": {"column": "a", "kind": "risk"}}}, "Input should be 'probability'"),
        (
            {"scores": {"A": {"column": "a", "published": {"later": 0.9}}}},
            "`published` of 'A': ['later'] not among ['train', 'test']",
        ),
        ({"features": FAMILY}, "`scores` or `features`: one of them stands instead of images"),
        ({"image_column": "i"}, "`scores` stand instead of images: leave image_column out"),
        ({"scores": {"A": {"column": " "}}}, "a score has a `column` of the table, or a `model`"),
        ({"scores": {"A": {"column": "a", "model": "m"}}}, "`column` of the table, or a `model`"),
        ({"scores": {"A": {"model": "m", "kind": "score"}}}, "a `model` gives a probability"),
        (
            {"scores": {"A": {"model": "m"}}, "image_column": "i"},
            "`image_column` and `mask_column` go together",
        ),
    ],
)
def test_what_a_cohort_of_scores_cannot_say(keys, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        cohorts.Cohort(**SCORED | keys)


def test_a_model_of_others_predicts_and_nothing_is_fitted(changed):
    margin = {"name": "margin", "label": "Margin", "kind": "categorical", "levels": ["a", "b"]}
    scores = {"Theirs": {"model": "x.thyro"}, "Reader": {"column": "r"}}
    source = TABLE | {"scores": scores, "image_column": "i", "mask_column": "m"}
    source |= {"split": "none", "variables": [margin]}
    study = load_study("mine", changed(cohort=source, external=None))
    assert study.cohort.score_kinds == {"Theirs": "probability", "Reader": "score"}
    assert study.cohort.score_columns == {"Reader": "r"}
    assert study.cohort.models == {"Theirs": "x.thyro"} and not study.has_nomograms
    assert [*study.jobs] == ["00_cohort", "04_frozen_models", "06_scores"]
    assert study.jobs["04_frozen_models"].outside == ("x.thyro",)
    assert study.jobs["06_scores"].reads["scores"] == "04_frozen_models/predictions.parquet"
    alone = source | {"scores": {"Theirs": {"model": "x.thyro"}}}
    study = load_study("mine", changed(cohort=alone, external=None))
    assert "scores.parquet" not in study.jobs["00_cohort"].writes
    assert study.jobs["04_frozen_models"].fixed["given"] == ""


def test_features_stand_instead_of_images_and_want_no_variables():
    source = cohorts.Source(**TABLE, features=FAMILY)
    assert not source.has_images and source.features["radiomics"].columns == ["original_*"]
    with pytest.raises(ValueError, match="`features` stand instead of images"):
        cohorts.Source(**TABLE, features=FAMILY, mask_column="m")
    with pytest.raises(ValueError, match="a folder cohort needs image_column, mask_column"):
        cohorts.Source(**TABLE)


def test_models_of_given_features_do_not_leave_centres_out():
    centres = {"split": "leave_one_centre_out", "split_column": "c", "test_centres": ["X"]}
    with pytest.raises(ValueError, match="fits models of images again; use `split: centre`"):
        cohorts.Cohort(**TABLE, features=FAMILY, centre_column="c", **centres)


def test_scores_may_be_judged_as_one_cohort_and_in_groups_without_a_fit(changed):
    group = {"name": "sex", "label": "Sex", "kind": "categorical", "levels": ["M", "F"]}
    source = {"source": "folder", "table": "t.csv", "id_column": "id", "outcome_column": "y"}
    source |= {"scores": {"a": {"column": "p", "kind": "probability"}}, "split": "none"}
    used = {"variables": [group | {"required": False}]}
    study = load_study("mine", changed(cohort=source | used, external=None))
    assert study.cohort.named == ["whole"] == [study.cohort.reference]
    assert not study.has_nomograms and [*study.jobs] == ["00_cohort", "06_scores"]
    fitted = {"cohort": source | {"variables": [group]}, "nomogram": {"signatures": ["a"]}}
    with pytest.raises(StudyError, match="must name 'train' and 'test'"):
        load_study("mine", changed(external=None, **fitted))
