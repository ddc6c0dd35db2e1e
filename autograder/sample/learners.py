"""A sample class: made-up learners, what they wrote in place of the right answers, and what each answer deserves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.observing.exercise import exercises_of
from course.chapters import find_chapter

__all__ = ["SAMPLE_CLASS", "Answer", "Submission"]

STUB = "STUB"  # the cell as it was handed out


@dataclass(frozen=True)
class Answer:
    """What stands in the cell of one exercise, the points that it deserves, and a word that the panel has to say."""

    source: str
    points: float
    says: str = ""


@dataclass(frozen=True)
class Submission:
    """One learner's notebook of one chapter. Exercises that ``answers`` does not name are solved, or ``rest`` stands there."""

    learner: str
    chapter: str
    what: str
    answers: Mapping[str, Answer] = field(default_factory=dict)
    rest: str = ""

    def deserves(self) -> dict[str, float]:
        """Points by exercise."""
        full = {one.id: float(one.points) for one in exercises_of(find_chapter(self.chapter).topic)}
        rest = dict.fromkeys(full, 0.0) if self.rest == STUB else full
        return rest | {name: answer.points for name, answer in self.answers.items()}


_TINY = """
class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x):
        {forward}
"""
_SIZE = "def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):\n    {body}"


def _tiny(forward: str) -> str:
    return _TINY.format(forward=forward).strip()


_VIEWS = "02_views_and_copies"
_MODULES = "03_cnn_with_modules"
_FUNCTIONAL = "04_the_same_cnn_with_functional"

SAMPLE_CLASS: tuple[Submission, ...] = (
    Submission("ada", _VIEWS, "perfect"),
    Submission(
        "emil",
        _VIEWS,
        "misconception: only sizes swapped",
        {
            "transpose_layout": Answer(
                "def transpose_layout(size, stride, offset, dim0, dim1):\n"
                "    size = list(size)\n"
                "    size[dim0], size[dim1] = size[dim1], size[dim0]\n"
                "    return tuple(size), stride, offset",
                0,
                "only sizes swapped",
            )
        },
    ),
    Submission(
        "grace",
        _VIEWS,
        "half done",
        {
            "is_contiguous": Answer(
                "def is_contiguous(size, stride):\n"
                "    step = 1\n"
                "    for n, s in reversed(list(zip(size, stride))):\n"
                "        if n != 1 and s != step:\n"
                "            return 0 in size\n"
                "        step *= n\n"
                "    return True",
                3,
            ),
            "to_channels_last": Answer("def to_channels_last(x):\n    return x.permute(0, 2, 3, 1)", 2),
        },
        rest=STUB,
    ),
    Submission("ada", _MODULES, "perfect"),
    Submission(
        "carl",
        _MODULES,
        "half done",
        {
            "conv_output_size": Answer(
                _SIZE.format(body="return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1"), 2
            ),
            "tiny_cnn": Answer(_tiny("return self.fc(torch.relu(self.conv(x)).flatten(1))"), 5),
        },
        rest=STUB,
    ),
    Submission(
        "emil",
        _MODULES,
        "misconception: softmax inside",
        {"tiny_cnn": Answer(_tiny("return self.fc(F.relu(self.conv(x)).flatten(1)).softmax(1)"), 0, "softmax inside")},
    ),
    Submission(
        "hedy",
        _MODULES,
        "crashes",
        {
            "tiny_cnn": Answer(_tiny("return self.fc(F.relu(self.konv(x)).flatten(1))"), 0, "no attribute"),
            "count_parameters": Answer(
                "def count_parameters(module, trainable_only=False)\n    return 0", 0, "does not parse, line 1"
            ),
        },
    ),
    Submission("ada", _FUNCTIONAL, "perfect"),
    Submission(
        "barbara",
        _FUNCTIONAL,
        "in another style",
        {
            "relu": Answer("def relu(x):\n    out = x.clone()\n    out[out < 0] = 0\n    return out", 2),
            "linear": Answer(
                "def linear(x, weight, bias=None):\n    out = torch.einsum('...i,oi->...o', x, weight)\n"
                "    return out if bias is None else out + bias",
                3,
            ),
        },
    ),
    Submission(
        "carl",
        _FUNCTIONAL,
        "half done",
        {
            "relu": Answer("def relu(x):\n    return x.clamp(min=0)", 2),
            "linear": Answer(
                "def linear(x, weight, bias=None):\n    return x @ weight.T + (0 if bias is None else bias)", 3
            ),
        },
        rest=STUB,
    ),
    Submission("dorothy", _FUNCTIONAL, "blank", rest=STUB),
    Submission(
        "emil",
        _FUNCTIONAL,
        "misconception: weight not transposed",
        {
            "linear": Answer(
                "def linear(x, weight, bias=None):\n    return x @ weight + (0 if bias is None else bias)",
                0,
                "weight not transposed",
            )
        },
    ),
    Submission(
        "frances",
        _FUNCTIONAL,
        "misconception: not stabilised",
        {
            "softmax": Answer(
                "def softmax(x, dim):\n    return x.exp() / x.exp().sum(dim, keepdim=True)", 2.1, "not stabilised"
            )
        },
    ),
    Submission(
        "grace",
        _FUNCTIONAL,
        "misconception: aliases the module's memory",
        {
            "params_from_module": Answer(
                "def params_from_module(model):\n    return dict(model.named_parameters())",
                0.97,
                "storage",
            )
        },
    ),
    Submission(
        "hedy",
        _FUNCTIONAL,
        "crashes",
        {
            "relu": Answer("def relu(x):\n    return x / 0 / nothing", 0, "NameError"),
            "linear": Answer("def linear(x, weight, bias=None)\n    return x", 0, "does not parse, line 1"),
        },
    ),
    Submission(
        "ivan",
        _FUNCTIONAL,
        "endless loop",
        {"softmax": Answer("def softmax(x, dim):\n    while True:\n        pass", 0, "took too long")},
    ),
)
