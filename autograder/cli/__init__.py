"""The command line: what its words are, and what each command does with them."""
