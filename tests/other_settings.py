"""Run by itself, under settings of torch that the environment makes: ``reference --check``, and every misconception's name.

What each answer shows is observed once, and serves both. The last line it prints is what a test reads.
"""

from __future__ import annotations

import json
import os

import torch
from judging import observed

from autograder.__main__ import main
from autograder.authoring import references as recording
from autograder.authoring.oracles import oracles_of
from autograder.judging.judge import judge
from autograder.judging.reference import load
from autograder.observing.exercise import catalogue


def misnamed() -> list[str]:
    """The misconceptions that are called by another name than their own, or by none."""
    found = []
    for exercise in catalogue().values():
        reference = load(exercise)
        for known in oracles_of(exercise.topic)[exercise.id].misconceptions:
            for number, answer in enumerate(known.variants):
                verdict = judge(exercise, reference, observed(exercise, answer, reference.cases))
                if verdict.misconception != known.name or verdict.score >= exercise.points:
                    found.append(f"{exercise.id}, {known.name} {number}: {verdict.misconception!r}, {verdict.score}")
    return found


if __name__ == "__main__":
    if os.environ.get("ONEDNN") == "off":
        torch.backends.mkldnn.set_flags(False)
    recording.run = observed  # type: ignore[attr-defined]
    status = main(["reference", "--check"])
    settings = {
        "capability": torch.backends.cpu.get_cpu_capability(),
        "onednn": torch._C._get_mkldnn_enabled(),
        "threads": torch.get_num_threads(),
    }
    print(json.dumps({"settings": settings, "status": status, "misnamed": misnamed()}))
