"""nbgrader's settings for this course, in a class's directory: the one in which this file lies.

`python -m autograder build` reads them, too, so that nbgrader's own commands make the same notebooks.
"""

import contextlib
from pathlib import Path

from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.preprocessors import ClearSolutions, Execute, GetGrades

c = get_config()  # noqa: F821  # traitlets puts it there
here = Path(__file__).absolute().parent

c.CourseDirectory.course_id = "one_cnn_two_ways"
c.CourseDirectory.root = str(here)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = "classroom/submitted"
c.CourseDirectory.autograded_directory = "classroom/autograded"
c.CourseDirectory.feedback_directory = "classroom/feedback"
c.CourseDirectory.db_url = f"sqlite:///{here / 'classroom' / 'gradebook.db'}"
with contextlib.suppress(OSError):  # SQLite makes no folders; where none can be made, nbgrader says so if it needs one
    (here / "classroom").mkdir(exist_ok=True)

# Stubs that let "Run all" run, and a stamp by which a released notebook is told from one with a learner's work in it.
# Named by strings: they are imported when a notebook is made, and not by every nbgrader that reads this file.
c.GenerateAssignment.preprocessors = [
    "autograder.authoring.lessons.stubs.RunnableStubs" if step is ClearSolutions else step
    for step in GenerateAssignment.preprocessors.default()
] + ["autograder.authoring.lessons.stubs.StampRelease"]

# A check cell that a learner has deleted comes back, and counts.
c.OverwriteCells.add_missing_cells = True

# A stored widget is drawn by a script from elsewhere, and not at all offline; without it, its static picture is shown.
c.ExecutePreprocessor.store_widget_state = False

# Feedback shows the total that every other page and table shows; below a check the learner's last try at home, and where a
# private reference took points, why. The model answers stand there with "after_due", once a learner's own due date, an
# extension with it, has passed, and with "always".
c.FeedbackNotes.model_answers = "never"
c.GenerateFeedback.preprocessors = ["autograder.grading.records.notes.FeedbackNotes"] + [
    "autograder.grading.records.counted.GetTotal" if step is GetGrades else step
    for step in GenerateFeedback.preprocessors.default()
]

# Submissions are read, repaired and run by the grading engine: nbgrader's own `autograde` and the formgrader's button
# give the grades that `python -m autograder grade` gives.
c.Autograde.exporter_class = "autograder.grading.records.plugins.SubmissionExporter"
c.Autograde.autograde_preprocessors = [
    "autograder.grading.records.plugins.TrustedExecute" if step is Execute else step
    for step in Autograde.autograde_preprocessors.default()
]

# What a learner wrote is shown, never run: in feedback pages, and in the formgrader, which stands on the Jupyter server's own
# origin. Named by strings as above; the exporter of the formgrader is nbconvert's own and takes these.
_SHOWN = "autograder.grading.records.shown"
c.HTMLExporter.default_preprocessors = [f"{_SHOWN}.Shown", "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor"]
c.HTMLExporter.filters = {
    "markdown2html": f"{_SHOWN}.markdown2html",
    "clean_html": f"{_SHOWN}.clean_html",
    "strip_files_prefix": f"{_SHOWN}.unchanged",
}
c.HTMLExporter.sanitize_html = True
c.GenerateFeedback.exporter_class = f"{_SHOWN}.FeedbackExporter"

# What a submission may use: wall-clock seconds of a cell and of the whole notebook, and bytes of memory. After another limit
# everything is run anew.
c.SubmissionLimits.cell_seconds = 30
c.SubmissionLimits.notebook_seconds = 300
c.SubmissionLimits.memory = 2 << 30

# The same in a kernel that is trusted (AUTOGRADER_TRUST_KERNEL=1): the cell is interrupted, and those after it still run.
c.Execute.timeout = c.SubmissionLimits.cell_seconds
c.Execute.interrupt_on_timeout = True
