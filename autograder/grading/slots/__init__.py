"""TRUSTED: starts sandboxes, feeds them jobs, keeps what was seen. It cannot give points."""
