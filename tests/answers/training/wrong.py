"""Misconceptions of chapter 08 in other words than the oracles'."""

from __future__ import annotations

import copy
import io
import pickle

import torch
import torch.nn.functional as F
from answers.training.checkpoints import load_by_torch, save_by_torch
from answers.training.heads import by_identity
from answers.training.right import forward
from torch import nn

from autograder.authoring.oracles.training import BUGS


def log_of_probabilities(logits, target):
    probabilities = F.softmax(logits, dim=1)
    return -torch.log(probabilities[range(len(target)), target]).mean()


def never_cleared(params, lr):
    for one in params.values():
        if one.grad is not None:
            one.data = one.data  # no copy
            one.data -= lr * one.grad


def into_the_dictionary(params, lr):
    for name in list(params):
        old = params[name]
        if old.grad is not None:
            with torch.no_grad():
                params[name] = old - lr * old.grad
            params[name].requires_grad_()


def trained(model, batches, lr, *, zero=True, after=False, soften=False):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    optimizer.zero_grad()
    losses = []
    for x, target in batches:
        if zero:
            optimizer.zero_grad()
        out = model(x)
        loss = nn.CrossEntropyLoss()(F.softmax(out, -1) if soften else out, target)
        loss.backward()
        optimizer.step()
        losses.append(F.cross_entropy(model(x), target).item() if after else loss.item())
    return losses


def accumulated(model, batches, lr):
    losses = []
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for x, target in batches:
        loss = F.cross_entropy(model(x), target)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    return losses


def in_training_mode(model, batches, lr):
    model.train()
    return trained(model, batches, lr)


def functional(params, batches, lr, *, soften=False, rebind=False, keep=False, zero=True):
    losses = []
    for x, target in batches:
        logits = forward(x, params)
        loss = F.cross_entropy(logits.softmax(dim=1) if soften else logits, target)
        if rebind:
            gradients = torch.autograd.grad(loss, tuple(params.values()))
            for (name, one), gradient in zip(list(params.items()), gradients, strict=True):
                params[name] = one.sub(gradient, alpha=lr)
        else:
            if zero:
                for one in params.values():
                    one.grad = None
            loss.backward()
            with torch.no_grad():
                for one in params.values():
                    one -= lr * one.grad
        losses.append(loss if keep else loss.item())
    return losses


def head_replaced(model, optimizer, num_classes):
    model.fc = nn.Linear(model.fc.in_features, num_classes).to(model.fc.weight)
    optimizer.zero_grad()


def head_added(model, optimizer, num_classes):
    model.fc = nn.Linear(model.fc.in_features, num_classes).to(model.fc.weight)
    optimizer.param_groups[-1]["params"] += [*model.fc.parameters()]


def averages_forgotten(model, optimizer, num_classes):
    by_identity(model=model, optimizer=optimizer, num_classes=num_classes)
    for one in list(optimizer.state):
        del optimizer.state[one]


def not_strict(model, state_dict):
    unknown = model.load_state_dict(state_dict, strict=False).unexpected_keys
    return tuple(sorted(name for name in state_dict if name not in unknown)), tuple(sorted(unknown))


def parameters_only(model, state_dict):
    names = [n for n, p in model.named_parameters() if n in state_dict and state_dict[n].shape == p.shape]
    if not names:
        raise ValueError("nothing fits")
    with torch.no_grad():
        for name in names:
            model.get_parameter(name).copy_(state_dict[name])
    return tuple(sorted(names)), tuple(sorted(set(state_dict) - set(names)))


def fresh_parameters(model, state_dict):
    own = model.state_dict()
    names = sorted(n for n in state_dict if n in own and own[n].shape == state_dict[n].shape)
    if not names:
        raise ValueError("nothing fits")
    for name in names:
        path, _, last = name.rpartition(".")
        part = model.get_submodule(path)
        if name in dict(model.named_parameters()):
            setattr(part, last, nn.Parameter(state_dict[name].detach().clone().to(own[name])))
        else:
            own[name].copy_(state_dict[name])
    return tuple(names), tuple(sorted(set(state_dict) - set(names)))


def weights_alone(data, model, optimizer):
    model.load_state_dict(torch.load(io.BytesIO(data), weights_only=True)[0])
    return (model, optimizer)


def save_module(model, optimizer):
    file = io.BytesIO()
    torch.save({"model": model, "optimizer": optimizer.state_dict()}, file)
    return file.getvalue()


def load_module(data, model, optimizer):
    saved = torch.load(io.BytesIO(data), weights_only=False)
    model.load_state_dict(saved["model"].state_dict())
    optimizer.load_state_dict(saved["optimizer"])
    return model, optimizer


def load_anything(data, model, optimizer):
    weights, steps = torch.load(io.BytesIO(data), weights_only=False)
    model.load_state_dict(weights)
    optimizer.load_state_dict(steps)
    return model, optimizer


def save_pickle(model, optimizer):
    return pickle.dumps((copy.deepcopy(model.state_dict()), optimizer.state_dict()))


def load_pickle(data, model, optimizer):
    weights, steps = pickle.loads(data)
    model.load_state_dict(weights)
    optimizer.load_state_dict(steps)
    return model, optimizer


_kept = {}


def save_a_name(model, optimizer):
    _kept["latest"] = (model.state_dict(), optimizer.state_dict())
    return b"latest"


def load_a_name(data, model, optimizer):
    weights, steps = _kept[data.decode()]
    model.load_state_dict(weights)
    optimizer.load_state_dict(copy.deepcopy(steps))
    return model, optimizer


def swapped(one, other):
    return {**BUGS, one: BUGS[other], other: BUGS[one]}


WRONG = [
    ("cross_entropy", "softmax twice", lambda logits, target: F.nll_loss(F.log_softmax(F.softmax(logits, 1), 1), target)),
    ("cross_entropy", "sum for mean", lambda logits, target: (
        torch.logsumexp(logits, 1) - logits[torch.arange(len(target)), target]).sum()),
    ("cross_entropy", "not stabilised", log_of_probabilities),
    ("cross_entropy", "not stabilised", lambda logits, target: (
        torch.exp(logits).sum(-1).log() - logits[torch.arange(len(target)), target]).mean()),
    ("cross_entropy", "epsilon inside the logarithm", lambda logits, target: -torch.log(
        torch.softmax(logits, -1).gather(1, target.unsqueeze(1)) + 1e-8).mean()),
    ("sgd_step", "gradient left", never_cleared),
    ("sgd_step", "rebinding to new tensors", into_the_dictionary),
    ("sgd_step", "descent reversed", lambda params, lr: [
        (p.data.add_(lr * p.grad), setattr(p, "grad", None)) for p in params.values() if p.grad is not None]),
    ("train_module", "zero_grad forgotten", accumulated),
    ("train_module", "loss recorded after the step", lambda model, batches, lr: trained(model, batches, lr, after=True)),
    ("train_module", "softmax before the loss", lambda model, batches, lr: trained(model, batches, lr, soften=True)),
    ("train_module", "mode changed", in_training_mode),
    ("train_functional", "softmax before the loss", lambda params, batches, lr: functional(params, batches, lr, soften=True)),
    ("train_functional", "graph kept through steps", lambda params, batches, lr: functional(params, batches, lr, rebind=True)),
    ("train_functional", "tensors for floats", lambda params, batches, lr: functional(params, batches, lr, keep=True)),
    ("train_functional", "gradients never cleared", lambda params, batches, lr: functional(params, batches, lr, zero=False)),
    ("diagnose", "an old tensor and an unregistered one confused", swapped(4, 7)),
    ("diagnose", "the two modes confused", lambda: swapped(2, 8)),
    ("swap_head", "stale parameter", head_replaced),
    ("swap_head", "both kept", head_added),
    ("swap_head", "optimiser state lost", averages_forgotten),
    ("load_partly", "strict=False believed to be enough", not_strict),
    ("load_partly", "buffers forgotten", parameters_only),
    ("load_partly", "new Parameters put in", fresh_parameters),
    ("checkpoint", "optimiser left out", (save_by_torch, weights_alone)),
    ("checkpoint", "whole-module pickle", (save_module, load_module)),
    ("checkpoint", "whatever the bytes say is run", (save_by_torch, load_anything)),
    ("checkpoint", "whatever the bytes say is run", (save_pickle, load_pickle)),
    ("checkpoint", "references saved, not values", (save_a_name, load_a_name)),
    ("checkpoint", "nothing handed back", (save_by_torch, lambda data, model, optimizer: load_by_torch(
        data, model, optimizer) and None)),
]  # fmt: skip
