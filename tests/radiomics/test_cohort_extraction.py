"""Features of a cohort: in order, kept as they come, and not stopped by anything."""

import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import joblib
import numpy as np
import pandas as pd
import pytest

from tests.radiomics.test_extractor import frame
from thyro.radiomics import cohort_extraction, common_grid, extractor, feature_sets
from thyro.store import paths
from thyro.store.cache import Cache

# A study of its own process, so that workers may die and grow without harm to other tests.
STUDY = """
import hashlib, json, os, resource, signal, sys, time
from pathlib import Path
import numpy as np
from thyro.radiomics import cohort_extraction as extraction
from thyro.store import Cache

HERE = Path.cwd()
SIZE = (40, 48)

def read(patient):
    with open(HERE / "memory.txt", "a") as file:
        file.write(f"{os.getpid()} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}\\n")
    if patient in DIES or patient in DIES_ONCE and not (HERE / patient).exists():
        (HERE / patient).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    image = np.random.default_rng(int(patient)).uniform(20, 200, SIZE).round()
    mask = np.zeros(SIZE, dtype=bool)
    mask[10 : SIZE[0] - 10, 12:30] = True
    return image, mask, 0.1

def run(n, *, size=SIZE, dies=(), dies_once=(), cache="cache", few=0, **options):
    global DIES, DIES_ONCE, SIZE
    DIES, DIES_ONCE, SIZE = dies, dies_once, size
    extraction.FEW, extraction.START_SECONDS = few, 600  # however busy the machine is
    found = extraction.extract_cohort(
        [str(i) for i in range(n)], read, cache=Cache("results", cache), **options
    )
    print(json.dumps({
        "table": hashlib.sha256(found.features.to_parquet()).hexdigest(),
        "bytes": {
            patient: hashlib.sha256(row.to_numpy().tobytes()).hexdigest()
            for patient, row in found.features.iterrows()
        },
        "failures": dict(zip(found.failures["patient_id"], found.failures["reason"])),
        "n_cached": found.n_cached,
        "nan": [str(p) for p in found.features.index[found.features.isna().all(axis=1)]],
    }))

if __name__ == "__main__":
    exec(sys.argv[1])
"""
CLUSTER = """
from distributed import LocalCluster
with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
    address = cluster.scheduler_address
    run(8, cluster=address, cache="both work")
    run(8, cluster=address, cache="one killed", dies_once=["2"])
    cluster.scheduler.allowed_failures = 0  # Dask's own attempts, each with a new worker
    run(4, cluster=address, cache="all killed", dies=["2"])
"""


class Study:
    """A folder with a project and the script above."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("params", "notebooks"):
            (folder / name).mkdir()
        (folder / "study.py").write_text(STUDY)

    def start(self, code):
        return subprocess.Popen(
            [sys.executable, "study.py", code],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def run(self, code):
        run = self.start(code)
        output, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
        return [json.loads(line) for line in output.splitlines()]

    def cached(self):
        return list((self.folder / "results/.cache/cache").glob("[!.]*"))


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Eight patients, measured by one process that nothing happens to."""
    return Study(tmp_path_factory.mktemp("whole")).run("run(8)")[0]


@pytest.fixture(scope="module")
def on_cluster(tmp_path_factory):
    """What a cluster makes of eight patients, of one who ends a worker once, and of another."""
    return Study(tmp_path_factory.mktemp("cluster")).run(CLUSTER)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "project_root", lambda: tmp_path)
    return Cache("results", "radiomics_or")


@pytest.fixture
def measured(monkeypatch):
    """Quick features in place of the real ones; lists the mean of every image measured."""
    means = []

    def extract(image, mask, spacing_mm, settings=None, *, feature_set=feature_sets.PAPER):
        means.append(image.mean())
        values = np.random.default_rng(int(image.sum())).normal(size=len(feature_set.names))
        levels = pd.Series(np.arange(len(feature_set.image_types)), feature_set.image_types)
        return extractor.Measured(pd.Series(values, index=feature_set.names), levels)

    monkeypatch.setattr(extractor, "extract_with_levels", extract)
    return means


def read(patient_id):
    if patient_id == "lost":
        raise FileNotFoundError(2, "No such file or directory", "/home/Anna Smith/images/lost.png")
    return (*frame(int(patient_id)), 0.1)


def test_cohort_keeps_the_order_whoever_comes_first():
    patients = ["3", "1", "0"]
    one = cohort_extraction.extract_cohort(patients, read)
    seen = []

    def slow_first(patient_id):
        time.sleep(0.5 * (patient_id == "3"))
        return read(patient_id)

    def progress(iterable, total):
        for outcome in iterable:
            seen.append(outcome.patient_id)
            yield outcome
        seen.append(total)

    with joblib.parallel_config(backend="threading"):
        again = cohort_extraction.extract_cohort(patients, slow_first, workers=3, progress=progress)
    pd.testing.assert_frame_equal(one.features, again.features, check_exact=True)
    assert list(one.features.index) == patients and one.features.index.name == "patient_id"
    assert seen[-2:] == ["3", 3]
    np.testing.assert_array_equal(one.features.loc["1"], extractor.extract(*read("1")))
    assert one.failures.empty and list(one.failures.columns) == ["patient_id", "reason"]


def test_a_patient_who_fails_stops_nobody_and_stays_in_the_table(measured):
    patients = ["0", "lost", "1"]
    found = cohort_extraction.extract_cohort(patients, read)
    assert list(found.features.index) == patients
    assert found.features.loc["lost"].isna().all()
    assert found.features.loc[["0", "1"]].notna().all(axis=None)
    assert found.failures.to_dict("records") == [
        {"patient_id": "lost", "reason": "No such file or directory: lost.png"}
    ]


@pytest.mark.parametrize("patients", [[], ["0", "1", "0"]], ids=["none", "twice"])
def test_each_id_comes_once(patients):
    with pytest.raises(ValueError, match="expected each id once"):
        cohort_extraction.extract_cohort(patients, read)


def test_a_real_failure_is_told_in_the_words_of_the_extraction():
    found = cohort_extraction.extract_cohort(["0"], lambda _: (frame()[0], frame()[1] & False, 0.1))
    assert found.failures["reason"].item().startswith("mask: expected at least 16 pixels")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("mask: 3/4 of it, row / column"), "mask: 3/4 of it, row / column"),
        (ValueError("cannot read\n '/data/a b/x.png'"), "cannot read 'x.png'"),
        (ValueError(r"C:\Users\me\x.png is empty"), "x.png is empty"),
        (FileNotFoundError(2, "No such file", "/home/A B/x.png"), "No such file: x.png"),
        (KeyError("P1"), "KeyError: 'P1'"),
        (MemoryError(), "MemoryError"),
        (ValueError("x" * 5000), "x" * cohort_extraction.REASON_LENGTH + " ..."),
    ],
)
def test_a_reason_is_one_short_line_without_folders(error, reason):
    def fails(patient_id):
        raise error

    assert cohort_extraction.extract_cohort(["0"], fails).failures["reason"].item() == reason


def cohort_with(n, n_failed):
    patients = [f"P{i}" for i in range(n)]
    return cohort_extraction.Extraction(
        pd.DataFrame({"a": np.ones(n)}, index=patients),
        pd.DataFrame({"original": np.ones(n)}, index=patients),
        pd.DataFrame({"patient_id": patients[:n_failed], "reason": "mask: empty"}, dtype=str),
        n_cached=0,
    )


@pytest.mark.parametrize(("n", "n_failed"), [(10, 0), (10, 1), (30, 3)])
def test_a_tenth_may_fail(n, n_failed):
    cohort_extraction.check_failures(cohort_with(n, n_failed))


def test_more_than_a_tenth_may_not():
    with pytest.raises(ValueError, match="2 of 10 patients.*at most 10%") as caught:
        cohort_extraction.check_failures(cohort_with(10, 2))
    assert str(caught.value).splitlines()[1:] == ["  P0: mask: empty", "  P1: mask: empty"]
    with pytest.raises(ValueError, match="50 of 50") as caught:
        cohort_extraction.check_failures(cohort_with(50, 50), most=1)
    lines = str(caught.value).splitlines()
    assert len(lines) == 22 and lines[-1] == "  and 30 more"


def test_adding_patients_measures_only_them(cache, measured):
    first = cohort_extraction.extract_cohort(["0", "1"], read, cache=cache)
    assert len(measured) == 2 and first.n_cached == 0
    again = cohort_extraction.extract_cohort(["1", "2", "0"], read, cache=cache)
    assert len(measured) == 3 and again.n_cached == 2
    pd.testing.assert_frame_equal(again.features.loc[["0", "1"]], first.features, check_exact=True)
    pd.testing.assert_frame_equal(again.levels.loc[["0", "1"]], first.levels, check_exact=True)
    assert tuple(again.levels.columns) == feature_sets.PAPER.image_types
    assert again.levels.loc["2"].tolist() == list(range(17))
    whole = cohort_extraction.extract_cohort(["1", "2", "0"], read)
    assert again.features.to_parquet() == whole.features.to_parquet()


def test_what_no_patient_uses_is_removed_but_not_when_most_fail(cache, measured):
    cohort_extraction.extract_cohort(["0", "1", "2"], read, cache=cache)
    before = cache.keys()

    def unplugged(patient_id):
        raise OSError("the disk of the images is not there")

    cohort_extraction.extract_cohort(["0", "1", "2"], unplugged, cache=cache)
    assert cache.keys() == before
    cohort_extraction.extract_cohort(["1"], read, cache=cache)
    assert len(cache.keys()) == 1 and cache.keys() < before


GRID = common_grid.CommonGrid(0.1, frozenset({"0"}))


def changed(image=None, mask=None, spacing=(0.1, 0.1)):
    case = [*frame(0), spacing]
    if image is not None:
        case[0] = image
    if mask is not None:
        case[1] = mask
    return lambda patient_id: tuple(case)


def one_more(array):
    array = array.copy()
    array[5, 5] = not array[5, 5] if array.dtype == bool else array[5, 5] + 1
    return array


@pytest.mark.parametrize(
    ("read", "options"),
    [
        (changed(image=one_more(frame(0)[0])), {}),
        (changed(mask=one_more(frame(0)[1])), {}),
        (changed(image=frame(0)[0].astype(np.float32)), {}),
        (changed(spacing=(0.1, 0.2)), {}),
        (changed(), {"settings": {"binWidth": 10}}),
        (changed(), {"settings": {"binCount": 32}}),
        (changed(), {"grid": GRID}),
        (changed(), {"feature_set": dataclasses.replace(feature_sets.PAPER, name="other")}),
        (
            changed(),
            {
                "feature_set": dataclasses.replace(
                    feature_sets.PAPER, list_names=lambda: feature_sets.PAPER.names[::-1]
                )
            },
        ),
    ],
    ids=["pixel", "mask", "type", "spacing", "width", "bins", "grid", "feature_set", "names"],
)
def test_any_change_measures_again(cache, measured, read, options):
    cohort_extraction.extract_cohort(["0"], changed(), cache=cache)
    assert cohort_extraction.extract_cohort(["0"], changed(), cache=cache).n_cached == 1
    assert len(measured) == 1
    assert cohort_extraction.extract_cohort(["0"], read, cache=cache, **options).n_cached == 0
    assert len(measured) == 2


def test_only_who_is_resampled_is_measured_again_on_other_pixels(cache, measured):
    """Who has no pixel size stays as measured; so does everybody where a patient is added."""

    def sized(patient_id):
        return (*frame(int(patient_id)), (0.1, 0.1))

    def n_cached(patients, pixel_mm, *with_size):
        grid = common_grid.CommonGrid(pixel_mm, frozenset(with_size))
        return cohort_extraction.extract_cohort(patients, sized, grid=grid, cache=cache).n_cached

    assert n_cached(["0", "1"], 0.2, "0") == 0
    assert n_cached(["0", "1", "2"], 0.2, "0", "2") == 2
    assert n_cached(["0", "1", "2"], 0.15, "0", "2") == 1


@pytest.mark.parametrize("what", ["version", "code"])
def test_other_packages_or_code_measure_again(cache, measured, monkeypatch, what):
    cohort_extraction.extract_cohort(["0"], read, cache=cache)
    if what == "version":
        versions = cohort_extraction.store.versions() | {"numpy": "0"}
        monkeypatch.setattr(cohort_extraction.store, "versions", lambda: versions)
    else:
        monkeypatch.setattr(cohort_extraction.core, "code_checksum", lambda *modules: "edited")
    assert cohort_extraction.extract_cohort(["0"], read, cache=cache).n_cached == 0


@pytest.mark.parametrize("cut", [0, 40, -8], ids=["empty", "short", "one value short"])
def test_a_damaged_entry_is_measured_again(cache, measured, tmp_path, cut):
    first = cohort_extraction.extract_cohort(["0"], read, cache=cache)
    (file,) = (tmp_path / "results/.cache/radiomics_or").iterdir()
    file.write_bytes(file.read_bytes()[:cut])
    again = cohort_extraction.extract_cohort(["0"], read, cache=cache)
    assert again.n_cached == 0
    pd.testing.assert_frame_equal(again.features, first.features, check_exact=True)
    assert cohort_extraction.extract_cohort(["0"], read, cache=cache).n_cached == 1


def test_a_reader_that_tells_its_checksum_does_not_read_again(cache, measured):
    class Reader:
        n_read, content = 0, "first"

        def __call__(self, patient_id):
            self.n_read += 1
            return read(patient_id)

        def checksum(self, patient_id):
            return hashlib.sha256((self.content + patient_id).encode()).hexdigest()

    reader = Reader()
    cohort_extraction.extract_cohort(["0", "1"], reader, cache=cache)
    assert cohort_extraction.extract_cohort(["0", "1"], reader, cache=cache).n_cached == 2
    assert reader.n_read == 2
    reader.content = "second"
    assert cohort_extraction.extract_cohort(["0", "1"], reader, cache=cache).n_cached == 0


def test_killed_and_resumed_the_table_is_the_same(study, whole):
    first = study.start("run(8, workers=2)")
    until = time.monotonic() + 60
    while len(study.cached()) < 3 and first.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    n_kept = len(study.cached())
    assert 3 <= n_kept < 8
    # By one process: by several see `test_few_are_measured_without_other_processes...`.
    (resumed,) = study.run("run(8, workers=1)")
    assert resumed["n_cached"] == n_kept and not resumed["failures"]
    assert resumed["table"] == whole["table"]


def test_who_ends_a_process_twice_is_given_up_and_nobody_else(study, whole):
    """Patients 3 and 6 end every process, 2 only the first one."""
    (found,) = study.run("run(8, workers=2, dies=['3', '6'], dies_once=['2'])")
    assert (study.folder / "2").exists()  # it did end one
    assert found["failures"] == dict.fromkeys("36", cohort_extraction.ENDED_TWICE)
    assert found["nan"] == ["3", "6"]
    assert list(found["bytes"]) == list(whole["bytes"])
    others = [patient for patient in whole["bytes"] if patient not in found["nan"]]
    assert all(found["bytes"][patient] == whole["bytes"][patient] for patient in others)


def test_few_are_measured_without_other_processes_but_not_after_a_crash(study, whole):
    arguments = "4, workers=2, dies_once=['2'], few=4"
    crashed = study.start(f"run({arguments})")
    crashed.communicate()
    assert crashed.returncode == -signal.SIGKILL
    found, again = study.run(f"run({arguments}); run(5, workers=2, few=4)")
    assert found["n_cached"] == 2 and not found["failures"]
    assert all(found["bytes"][patient] == whole["bytes"][patient] for patient in "0123")
    lines = (study.folder / "memory.txt").read_text().splitlines()
    processes = [line.split()[0] for line in lines]
    assert processes[:3] == [str(crashed.pid)] * 3
    looking_up, measuring, next_run = processes[3:7], processes[7:9], processes[9:]
    assert len(set(looking_up)) == 1 and not set(looking_up) & set(measuring)
    assert again["n_cached"] == 4
    assert len(next_run) == 4 + 1 + 1 and set(next_run) == set(looking_up)


@pytest.mark.parametrize(("seconds", "passed_on"), [(60, []), (0, [["0", "1"]])])
def test_few_that_take_long_are_passed_on(cache, measured, monkeypatch, seconds, passed_on):
    passed = []

    def as_done(jobs, workers, *, cluster=""):
        jobs = list(jobs)
        passed.append([patient for _, (patient,), _ in jobs])
        yield from (task(*patient) for task, patient, _ in jobs)

    monkeypatch.setattr(cohort_extraction, "START_SECONDS", seconds)
    monkeypatch.setattr(cohort_extraction.core, "as_done", as_done)
    found = cohort_extraction.extract_cohort(["0", "1"], read, cache=cache, workers=2)
    assert passed == passed_on
    assert found.failures.empty and found.features.notna().all(axis=None)


def test_the_memory_of_a_worker_does_not_grow_with_the_cohort(study):
    study.run("run(30, size=(160, 200), workers=2)")
    by_process = {}
    for line in (study.folder / "memory.txt").read_text().splitlines():
        process, megabytes = line.split()
        by_process.setdefault(process, []).append(float(megabytes))
    # The frames of one patient, filtered in all ways, are 4 MB.
    assert len(by_process) == 2
    assert all(peaks[-1] - peaks[4] < 30 for peaks in by_process.values())


@pytest.mark.parametrize("run", [0, 1], ids=["both work", "one killed"])
def test_a_cluster_gives_the_same_table(on_cluster, whole, run):
    found = on_cluster[run]
    assert found["table"] == whole["table"] and not found["failures"] and not found["n_cached"]


def test_who_ends_the_workers_of_a_cluster_is_given_up(on_cluster):
    found = on_cluster[2]
    assert found["failures"] == {"2": cohort_extraction.ENDED_TWICE} and found["nan"] == ["2"]
