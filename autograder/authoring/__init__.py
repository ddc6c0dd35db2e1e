"""What never leaves the author's machine: lessons, oracles, the cases that follow from a contract, and references."""
