"""Invented patients with scores, for tests of what holds whatever the scores are."""

import numpy as np
from hypothesis import strategies as st


@st.composite
def scored(draw, scores=2):
    """Labels with two of each, and scores with many ties."""
    n = draw(st.integers(4, 40))
    y = np.array(
        draw(
            st.permutations(
                [1, 1, 0, 0, *draw(st.lists(st.integers(0, 1), min_size=n - 4, max_size=n - 4))]
            )
        )
    )
    value = st.integers(0, 12).map(lambda k: k / 4 - 1)
    drawn = [np.array(draw(st.lists(value, min_size=n, max_size=n))) for _ in range(scores)]
    return y, *drawn
