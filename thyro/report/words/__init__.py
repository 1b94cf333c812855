"""Sentences and numbers of the manuscript, one module per section."""
