"""Right answers in other styles, `record_activations` and `evaluate`."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook


def on_a_copy(model: nn.Module, names: Sequence[str], x: Tensor) -> Any:
    """A copy of the model is run: nothing can happen to the model itself."""
    for name in names:
        if name not in dict(model.named_modules()):
            raise KeyError(name)
    twin, found = copy.deepcopy(model), {}
    for name in names:
        twin.get_submodule(name).register_forward_hook(
            lambda module, inputs, out, name=name: found.__setitem__(name, out.detach().clone())
        )
    twin(x)
    return {name: found[name] for name in names}


def with_a_hook_for_all(model: nn.Module, names: Sequence[str], x: Tensor) -> Any:
    """One hook for all modules of torch, which asks whether it is wanted."""
    wanted = {id(module): name for name, module in model.named_modules() if name in names}
    if missing := set(names) - set(wanted.values()):
        raise KeyError(f"no modules called {', '.join(sorted(missing))}")
    found = OrderedDict.fromkeys(names)

    def keep(module: nn.Module, inputs: Any, out: Tensor) -> None:
        if id(module) in wanted:
            found[wanted[id(module)]] = torch.empty_like(out).copy_(out.detach())

    saved = [(buffer, buffer.clone()) for buffer in model.buffers()]
    names_of = {name: buffer.clone() for name, buffer in model.named_buffers()}
    handle = register_module_forward_hook(keep)
    try:
        with torch.no_grad():
            model(x)
    finally:
        handle.remove()
        with torch.no_grad():
            for buffer, value in saved:
                buffer.copy_(value)
            for name, buffer in model.named_buffers():
                buffer.copy_(names_of[name])
    return found


def by_functional_call(model: nn.Module, names: Sequence[str], x: Tensor) -> Any:
    """The pass runs on clones of the buffers, so that nothing has to be put back."""
    found: dict[str, Tensor] = {}
    with contextlib.ExitStack() as stack:
        modules = []
        for name in names:
            try:
                modules.append((name, model.get_submodule(name)))
            except AttributeError:
                raise KeyError(name) from None
        for name, module in modules:
            handle = module.register_forward_hook(lambda m, i, out, name=name: found.update({name: out.data.clone()}))
            stack.callback(handle.remove)
        buffers = {name: buffer.detach().clone() for name, buffer in model.named_buffers()}
        torch.func.functional_call(model, buffers, (x,))
    return {name: found[name] for name in names}


def by_patched_forwards(model: nn.Module, names: Sequence[str], x: Tensor) -> Any:
    """Without hooks: the forward of each module wrapped for the time of the pass."""
    modules = dict(model.named_modules())
    parts = [modules[name] for name in names]
    found = {}

    def wrapped(name: str, forward: Any) -> Any:
        def run(*args: Any) -> Tensor:
            out = forward(*args)
            found[name] = out.clone().detach()
            return out

        return run

    saved = {name: buffer.clone() for name, buffer in model.named_buffers()}
    for name, part in zip(names, parts, strict=True):
        part.forward = wrapped(name, part.forward)
    try:
        model(x)
    finally:
        for part in parts:
            part.__dict__.pop("forward", None)
        for name, buffer in saved.items():
            where, _, last = name.rpartition(".")
            model.get_submodule(where)._buffers[last].data.copy_(buffer)
    return {name: found[name] for name in names}


class Recorder:
    """A callable object, in inference mode."""

    def __call__(self, model: nn.Module, names: Sequence[str], x: Tensor, *, verbose: bool = False) -> Any:
        parts = {name: dict(model.named_modules())[name] for name in names}
        results: list[Any] = []
        handles = [
            part.register_forward_hook(lambda module, args, out, name=name: results.append((name, out.clone())))
            for name, part in parts.items()
        ]
        before = copy.deepcopy(dict(model.named_buffers()))
        try:
            with torch.inference_mode():
                model(x)
                for name, buffer in model.named_buffers():
                    buffer.copy_(before[name])
        finally:
            [handle.remove() for handle in handles]
        last = dict(results)
        return {name: last[name] for name in names}


def buffers_of_before_put_in(model: nn.Module, names: Sequence[str], x: Tensor) -> Any:
    """Not copied back: clones of before take the buffers' places afterwards."""
    modules = dict(model.named_modules())
    if unknown := [name for name in names if name not in modules]:
        raise KeyError(*unknown)
    found: dict[str, Tensor] = {}
    with contextlib.ExitStack() as stack, torch.no_grad():
        for part in modules.values():
            for name, buffer in part._buffers.items():
                stack.callback(setattr, part, name, None if buffer is None else buffer.clone())
        for name in names:
            hook = functools.partial(lambda name, part, inputs, out: found.update({name: out.clone()}), name)
            stack.callback(modules[name].register_forward_hook(hook).remove)
        model(x)
    return {name: found[name] for name in names}


def by_recursive_train(model: nn.Module, x: Tensor) -> Tensor:
    modes = {name: part.training for name, part in model.named_modules()}
    try:
        return torch.no_grad()(model.eval())(x)
    finally:
        for name, part in model.named_modules():
            part.train(modes[name])


def evaluated_on_a_copy(model: nn.Module, x: Tensor) -> Tensor:
    twin = copy.deepcopy(model).eval()
    return twin(x).detach()


@contextlib.contextmanager
def _in_eval(model: nn.Module) -> Iterator[nn.Module]:
    modes = [part.training for part in model.modules()]
    enabled = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    for part in model.modules():
        part.training = False
    try:
        yield model
    finally:
        torch.set_grad_enabled(enabled)
        for part, mode in zip(model.modules(), modes, strict=True):
            part.training = mode


def with_a_context_of_its_own(model: nn.Module, x: Tensor) -> Tensor:
    with _in_eval(model) as quiet:
        return quiet(x)


class Evaluator:
    def __call__(self, *, model: nn.Module, x: Tensor) -> Tensor:
        was = {part for part in model.modules() if part.training}
        model.train(False)
        try:
            with torch.inference_mode():
                out = model(x)
        except Exception:
            for part in was:
                part.training = True
            raise
        for part in was:
            part.training = True
        return out


def only_those_that_train(model: nn.Module, x: Tensor) -> Tensor:
    training = [part for part in model.modules() if part.training]
    for part in training:
        part.training = False
    try:
        out = model(x)
    finally:
        for part in training:
            part.training = True
    return out.detach().clone()


def row_by_row(model: nn.Module, x: Tensor) -> Tensor:
    """In eval a row is no matter of the others."""
    with _in_eval(model) as quiet:
        return torch.cat([quiet(row) for row in x.split(1)])


RECORD_ACTIVATIONS = [
    *(on_a_copy, with_a_hook_for_all, by_functional_call, by_patched_forwards, Recorder()),
    buffers_of_before_put_in,
]
EVALUATE = [
    *(by_recursive_train, evaluated_on_a_copy, with_a_context_of_its_own, Evaluator(), only_those_that_train),
    row_by_row,
]
