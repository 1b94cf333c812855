"""Speed of the parts that take time, measured in one run."""
