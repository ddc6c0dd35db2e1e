"""A lesson on its way to a notebook: its cells, what is wrong with them, nbgrader's metadata, stubs, and a stamp."""
