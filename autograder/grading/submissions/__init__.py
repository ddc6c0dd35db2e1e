"""TRUSTED: from a stranger's file to a job, and from what was seen to points."""
