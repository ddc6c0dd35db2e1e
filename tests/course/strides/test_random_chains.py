"""The command that holds the model against torch on random chains, and that it would notice a mistake."""

import pytest

from course.strides import reshaping
from course.strides.layout import contiguous_stride
from course.strides.operations import OPERATIONS
from course.strides.random_chains import check_chains, main


def test_model_and_torch_agree_and_every_operation_comes_up() -> None:
    tally = check_chains(1500, seed=20)
    assert tally.disagreements == ()
    for name in OPERATIONS:
        copies = name in ("clone", "flip")
        assert tally.counts[name, "copy" if copies else "view"] > 20, name
        if name not in ("contiguous", "clone", "T"):
            assert tally.counts[name, "error"] > 0, name
    for name in ("reshape", "flatten", "contiguous"):
        assert tally.counts[name, "copy"] > 10, name


def test_the_same_seed_makes_the_same_chains() -> None:
    assert check_chains(30, seed=5) == check_chains(30, seed=5)
    assert check_chains(30, seed=5) != check_chains(30, seed=6)


def test_the_command_prints_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chains", "20", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert out.split()[:4] == ["operation", "view", "copy", "error"]
    assert "20 chains, " in out
    assert "seed 3: model and torch agree on every one." in out


def test_a_mistake_in_the_model_is_found_and_the_smallest_case_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def always_contiguous(size: tuple[int, ...], stride: tuple[int, ...], new_size: tuple[int, ...]) -> tuple[int, ...]:
        return contiguous_stride(new_size)

    monkeypatch.setattr(reshaping, "view_stride", always_contiguous)
    assert main(["--chains", "60", "--seed", "1"]) == 1
    out = capsys.readouterr().out
    assert "disagreements. The smallest:\ntorch.arange(" in out
    assert "the model says" in out


def test_no_chains_at_all_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--chains", "0"])
    assert "at least one chain is needed" in capsys.readouterr().err
