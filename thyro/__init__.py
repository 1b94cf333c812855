"""thyro: a notebook-first radiomics nomogram study of thyroid ultrasound."""

__version__ = "0.1.0"
