"""Whether the simulation meets the goals of `thyro.simulate.risk`.

    python -m tests.benchmarks.detectability --seeds 20 --images 200 --image-seeds 20

Goals 2 and 3 need no image: outcomes are drawn in a population, the latents are read with a given
correlation, and both models are fitted on the whole population, which stands for a cohort so large
that nothing is left to chance. Goal 1 simulates frames, measures the planar features and reads the
latents off them, in original images of every seed and, for the first, after a fourfold loss of
resolution. No seed is that of a study file. The whole chain is too dear for twenty seeds.
"""

import argparse

import joblib
import numpy as np
import pandas as pd
import torch
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from thyro.radiomics import PLANAR, extract
from thyro.simulate import case_mix, oracle, risk
from thyro.simulate.cohort import simulate_cohort
from thyro.statistics import auc_ci, delong_test
from thyro.super_resolution import Degradation

GOAL_R, GOAL_GAIN, GOAL_POWER, LEVEL = 0.7, 0.05, 0.8, 0.05
COHORTS = {"test": (164, 49), "external": (204, 102)}  # patients, events
FIRST_SEED = 2000  # what was tried on the way had others


def population(
    n: int,
    seed: int,
    r: float = GOAL_R,
    *,
    coarse: float = risk.COARSE_LOG_ODDS,
    fine: float = risk.FINE_LOG_ODDS,
    prevalence: float = case_mix.PREVALENCE,
    size_shift: float = 0.0,
) -> pd.DataFrame:
    """Outcome and scores of `n` patients: C of the clinical terms, A of these and of read latents.

    Parameters
    ----------
    n : int
        Patients.
    seed : int
    r : float
        Correlation of each latent with what is read of it.
    coarse, fine, prevalence, size_shift : float
        As in `simulate_cohort`.

    Returns
    -------
    DataFrame
        y, A, C, and the true risk.
    """
    rng = np.random.default_rng(seed)
    table = case_mix.preoperative(n, rng, size_shift=size_shift)
    latents = pd.DataFrame(rng.standard_normal((n, 2)), columns=risk.LATENTS)
    terms = risk.risk_terms(table, latents)
    model = risk.coefficients(terms, risk.log_odds(coarse=coarse, fine=fine), prevalence)
    intercept, *slopes = model.values()
    true = expit(intercept + terms.to_numpy() @ np.array(slopes))
    y = rng.binomial(1, true)
    read = r * latents + np.sqrt(1 - r**2) * rng.standard_normal((n, 2))
    clinical = terms.drop(columns=[*risk.LATENTS])
    scores = {
        name: LogisticRegression(C=np.inf, max_iter=1000).fit(x, y).decision_function(x)
        for name, x in {"A": clinical.join(read), "C": clinical}.items()
    }
    return pd.DataFrame({"y": y, **scores, "risk": true})


def power(patients: pd.DataFrame, n: int, events: int, *, draws: int, seed: int) -> float:
    """Share of cohorts drawn from a population in which DeLong's test finds A above C."""
    rng = np.random.default_rng(seed)
    scores = patients[["A", "C"]].to_numpy()
    of = [np.flatnonzero(patients["y"] == value) for value in (1, 0)]
    y = np.repeat([1, 0], [events, n - events])
    found = 0
    for _ in range(draws):
        drawn = [rng.choice(some, k) for some, k in zip(of, (events, n - events), strict=True)]
        test = delong_test(y, *scores[np.concatenate(drawn)].T)
        found += test.p_value < LEVEL and test.difference > 0
    return found / draws


def design(seed: int, *, patients: int, draws: int, r: float = GOAL_R) -> dict[str, float]:
    """AUC, gain and power in the population of one seed, here and in the external case mix."""
    mixes = {"test": {}, "external": {"prevalence": 0.5, "size_shift": 0.5}}
    row = {"seed": seed}
    for name, mix in mixes.items():
        people = population(patients, seed, r, **mix)
        a, c, best = (auc_ci(people["y"], people[score]).auc for score in ("A", "C", "risk"))
        row |= {f"C {name}": c, f"A {name}": a, f"risk {name}": best, f"gain {name}": a - c}
        n, events = COHORTS[name]
        row[f"power {name}"] = power(people, n, events, draws=draws, seed=seed)
    return row


def reading(n: int, seed: int, *, degraded: bool = True, workers: int = 1) -> pd.DataFrame:
    """Correlation of the latents with what features tell, in `n` patients of one seed.

    Parameters
    ----------
    n, seed : int
    degraded : bool, default True
        Whether images after a fourfold loss are measured, too.
    workers : int
        Processes.

    Returns
    -------
    DataFrame
        As `oracle.latent_correlations`, of features of original and of degraded images.
    """
    cohort = simulate_cohort(n, rng=np.random.default_rng(seed))
    jobs = (
        joblib.delayed(_measured)(
            cohort.images[i], cohort.masks[i], spacing, (seed, i) if degraded else ()
        )
        for i, spacing in enumerate(cohort.table["spacing_mm"])
    )
    rows = joblib.Parallel(workers)(jobs)
    measured = {name: [row[name] for row in rows] for name in rows[0]}
    latents, everybody = cohort.truth[[*risk.LATENTS]], pd.Series(True, range(n))
    read = {
        name: oracle.read_latents(pd.DataFrame(rows), latents, everybody)
        for name, rows in measured.items()
    }
    return oracle.latent_correlations(latents, read, pd.Series("train", range(n)))


def _measured(image: np.ndarray, mask: np.ndarray, spacing, noise: tuple) -> dict[str, pd.Series]:
    """Planar features of an image as it is, and degraded where a seed of the noise is given."""
    image = image.astype(float)
    shown = {"original": image}
    if noise:
        frame = torch.from_numpy(image / 255).float()[None, None]
        coarse = Degradation()(frame, np.random.default_rng(list(noise)))
        shown["fourfold loss"] = 255 * coarse[0, 0].double().numpy()
    return {name: extract(one, mask, spacing, feature_set=PLANAR) for name, one in shown.items()}


def main(argv: list[str] | None = None) -> None:
    """Print the figures of the design beside its goals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--patients", type=int, default=200_000, help="of each population")
    parser.add_argument("--draws", type=int, default=500, help="test cohorts of each population")
    parser.add_argument("--r", type=float, default=GOAL_R, help="with which latents are read")
    parser.add_argument("--images", type=int, default=0, help="patients with frames; 0: goal 1 off")
    parser.add_argument("--image-seeds", type=int, default=1, help="cohorts of so many patients")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(argv)
    if given.images:
        parts = {}
        for seed in range(FIRST_SEED, FIRST_SEED + given.image_seeds):
            first = seed == FIRST_SEED
            parts[seed] = reading(given.images, seed, degraded=first, workers=given.workers)
            print(parts[seed].drop(columns="cohort").round(2).to_string(index=False), flush=True)
        found = pd.concat(parts)
        original = found[found["features"].eq("original")].groupby("latent")["r"]
        print(original.agg(["mean", "std", "min", "max"]).round(3).to_string())
        print(f"1. lowest mean r of original images {original.mean().min():.2f}, goal {GOAL_R}")
    if given.seeds:
        seeds = range(FIRST_SEED, FIRST_SEED + given.seeds)
        sizes = {"patients": given.patients, "draws": given.draws, "r": given.r}
        rows = pd.DataFrame([design(seed, **sizes) for seed in seeds]).set_index("seed")
        print(rows.agg(["mean", "min", "max"]).T.round(3).to_string())
        print(f"2. lowest gain {rows['gain test'].min():.3f}, goal {GOAL_GAIN}")
        share = rows["power test"].mean()
        se = np.sqrt(share * (1 - share) / (given.draws * given.seeds))
        print(f"3. power {share:.3f} (Monte Carlo SE {se:.3f}), goal {GOAL_POWER}")


if __name__ == "__main__":
    main()
