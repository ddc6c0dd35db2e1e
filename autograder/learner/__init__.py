"""What `check` needs on a learner's own machine."""
