"""Never leaves the author's machine: lessons, oracles, cases, and what is built of them."""
