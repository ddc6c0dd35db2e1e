"""What the inside and the slots say to each other. Whoever reads believes nothing."""
