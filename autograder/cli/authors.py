"""What authors type: lessons, oracles and references, and what is made of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from autograder.cli.places import class_folder
from autograder.cli.told import Run, of_authors
from course.chapters import CHAPTERS, find_chapter

__all__ = ["COMMANDS"]

# Each command imports what it needs when it runs: so the command line itself starts at once.


def _build(chosen: argparse.Namespace) -> int:
    from autograder.authoring.build import build

    for path in build(output=chosen.output, chapters=chosen.chapters or None):
        print(path)
    return 0


def _new(chosen: argparse.Namespace) -> int:
    from autograder.authoring.build import ROOT
    from autograder.authoring.new import new

    print(new(chosen.exercise, chosen.chapter, ROOT).text())
    return 0


def _site(chosen: argparse.Namespace) -> int:
    from autograder.authoring.site import ADDRESS, build_site

    files = build_site(chosen.output, chapters=chosen.chapters or None, address=chosen.address or ADDRESS)
    print(f"{len(files)} files in {chosen.output}: open {chosen.output / 'index.html'}")
    return 0


def _reference(chosen: argparse.Namespace) -> int:
    from autograder.authoring import references as record
    from autograder.judging.reference import PUBLIC

    topics = [find_chapter(slug).topic for slug in chosen.chapters] or [one.topic for one in CHAPTERS]
    seed = chosen.seed_file.read_bytes() if chosen.seed_file else record.PUBLIC_SEED
    if chosen.seed_file and len(seed.strip()) < 16:
        raise ValueError(f"{chosen.seed_file} holds fewer than 16 bytes; a seed that can be guessed is no secret")
    directory = chosen.output or (Path("classroom/reference") if chosen.seed_file else PUBLIC)
    if chosen.check:
        stale = record.stale(topics, seed, directory)
        for topic in topics:
            exercises = ", ".join(stale.get(topic, ()))
            print(f"{topic}: {f'not what the oracles observe today: {exercises}' if exercises else 'up to date'}")
        if stale:
            print("The same command without --check writes what is observed today")
        return 1 if stale else 0
    for topic, changed in record.write(topics, seed, directory).items():
        print(f"{directory / topic}.safetensors: {'written' if changed else 'unchanged'}")
    return 0


def _mutants(chosen: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from autograder.authoring.mutants.survey import survey, text

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=chosen.json or not console.is_terminal) as progress:
        bar = progress.add_task("mutants", total=None)
        found = survey(
            chosen.exercises,
            chosen.budget,
            chosen.inputs,
            chosen.jobs,
            tell=lambda exercise, done, of: progress.update(bar, description=exercise, completed=done, total=of),
        )
    print(json.dumps([one.as_json() for one in found], indent=2) if chosen.json else text(found))
    return 0 if all(one.sound for one in found) else 1


def _misconception(chosen: argparse.Namespace) -> int:
    from autograder.authoring.stub import write_stub
    from autograder.grading.groups import groups

    found = [one for one in groups(chosen.chapter, class_folder()) if one.exercise == chosen.exercise]
    group = next((one for one in found if one.number == chosen.group), None)
    if group is None:
        there = f"its groups are 1 to {len(found)}" if found else "it has no group of wrong answers in this class"
        raise ValueError(f"{chosen.exercise} of {chosen.chapter} has no group {chosen.group}: {there}")
    if not group.example:
        raise ValueError(
            "none of this group's code can be shown without a learner's name: write its misconception by hand"
        )
    print(write_stub(group.exercise, chosen.name, group.example, group.answer).text())
    return 0


def _bundle(chosen: argparse.Namespace) -> int:
    from autograder.authoring.bundle import bundle

    for path in bundle(chosen.output):
        print(path)
    return 0


def _bench(chosen: argparse.Namespace) -> int:
    from autograder.sample.bench import bench

    return bench(chosen.submissions, growth=chosen.growth, as_json=chosen.json, checks=chosen.checks)


def _demo(chosen: argparse.Namespace) -> int:
    from autograder.sample.demo import play

    return play(chapter=chosen.chapter)


COMMANDS: Mapping[str, Run] = {
    "build": of_authors(_build),
    "new": of_authors(_new),
    "site": of_authors(_site),
    "reference": of_authors(_reference),
    "mutants": of_authors(_mutants),
    "misconception": of_authors(_misconception),
    "bundle": _bundle,
    "bench": _bench,
    "demo": _demo,
}
