"""The class report: one page and one table of a graded chapter, from `Result.as_json`, and from groups of wrong answers where they are given.

`learner` reads results, `numbers` counts, `charts` draws, `page` and `export` write them down, `write` puts them on disk.
"""

from __future__ import annotations

from autograder.report.write import write_report

__all__ = ["write_report"]
