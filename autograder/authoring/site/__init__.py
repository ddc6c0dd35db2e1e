"""The course as pages: a folder of HTML that needs no kernel, no server and no network.

A page is the learner's notebook: its prose and hints, the pictures of the cells that run without an answer, and the
stubs as they are handed out. No model answer comes near it: the released notebook is what runs. Cells that use a
learner's answers are shown and not run; they say so.
"""

from autograder.authoring.site.folder import ADDRESS, SiteError, build_site

__all__ = ["ADDRESS", "SiteError", "build_site"]
