"""First ideas for chapter 08 that are wrong, each with the name of what is wrong about it."""

import copy
import io
import math
import pickle

import torch
import torch.nn.functional as F
from answers.training.checkpoints import load_by_torch, save_by_torch
from answers.training.heads import by_index
from answers.training.loading import through_load_state_dict
from answers.training.right import forward
from torch import nn

__all__ = ["IDEAS"]


def of_right(rows, target):
    return -rows[torch.arange(len(target)), target].mean()


def subtracted_in_place(logits, target):
    logits.data -= logits.data.max(1, keepdim=True).values
    return of_right(F.log_softmax(logits, 1), target)


def by_the_loops_name(params, lr):
    for one in params.values():
        one = one - lr * one.grad


def by_data_and_left(params, lr):
    for one in params.values():
        if one.grad is not None:
            one.data = one.data - lr * one.grad


def by_data_of_all(params, lr):
    with torch.no_grad():
        for one in params.values():
            one.data = one - one.grad * lr


def stepped(step, once=False):
    def answer(params, lr):
        with torch.no_grad():
            for one in params.values():
                if one.grad is not None:
                    one -= step(one.grad, lr)
                    one.grad = None
                    if once:
                        break

    return answer


def stepped_and_then(clear):
    def answer(params, lr):
        for one in params.values():
            if one.grad is not None:
                with torch.no_grad():
                    one -= lr * one.grad
                    clear(one)

    return answer


def trained(model, batches, lr, *, loss=F.cross_entropy, optimizer=torch.optim.SGD, zero=True, keep=torch.Tensor.item):
    made, losses = optimizer(model.parameters(), lr=lr), []
    for x, target in batches:
        if zero:
            made.zero_grad()
        value = loss(model(x), target)
        value.backward()
        made.step()
        losses.append(keep(value))
    return losses


def cleared_once(model, batches, lr):
    model.zero_grad()
    return trained(model, batches, lr, zero=False)


def put_to_sleep(model, batches, lr):
    losses = trained(model, batches, lr)
    model.eval()
    return losses


def stacked(losses):
    return torch.stack(losses) if losses else losses


def functional(params, batches, lr, *, step=None, call=forward, keep=torch.Tensor.item):
    losses = []
    for x, target in batches:
        value = F.cross_entropy(call(x, params), target)
        gradients = torch.autograd.grad(value, list(params.values()))
        for name, gradient in zip(params, gradients, strict=True):
            (step or (lambda params, name, move: params[name].data.sub_(move)))(params, name, lr * gradient)
        losses.append(keep(value))
    return losses


def rebound(params, name, move):
    params[name].data = params[name].data - move


def by_values(x, params):
    weight, bias, fc_weight, fc_bias = params.values()
    return F.linear(F.conv2d(x, weight, bias, padding=1).relu().flatten(1), fc_weight, fc_bias)


def no_relu(x, params):
    hidden = F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1).flatten(1)
    return F.linear(hidden, params["fc.weight"], params["fc.bias"])


def bias_left(model, optimizer, num_classes):
    before = model.fc.weight
    model.fc = nn.Linear(model.fc.in_features, num_classes).to(before)
    for group in optimizer.param_groups:
        group["params"] = [model.fc.weight if one is before else one for one in group["params"]]
    optimizer.state.pop(before, None)


def last_in_line(model, optimizer, num_classes):
    gone = {id(one) for one in model.fc.parameters()}
    for one in model.fc.parameters():
        optimizer.state.pop(one, None)
    model.fc = nn.Linear(model.fc.in_features, num_classes).to(model.fc.weight)
    for group in optimizer.param_groups:
        group["params"] = [one for one in group["params"] if id(one) not in gone]
    optimizer.param_groups[-1]["params"].extend(model.fc.parameters())


def others_frozen(model, optimizer, num_classes):
    by_index(model, optimizer, num_classes)
    for name, one in model.named_parameters():
        if not name.startswith("fc"):
            one.requires_grad = False


def loading(change):
    return lambda model, state_dict: change(*through_load_state_dict(model, state_dict))


def fails_by(error):
    def answer(model, state_dict):
        try:
            return through_load_state_dict(model, state_dict)
        except ValueError as nothing:
            raise error(str(nothing)) from nothing

    return answer


def into_the_dictionary(model, state_dict):
    own = model.state_dict()
    fits = [name for name in state_dict if name in own and own[name].shape == state_dict[name].shape]
    if not fits:
        raise ValueError("nothing fits")
    for name in fits:
        own[name] = state_dict[name]
    return tuple(sorted(fits)), tuple(sorted(set(state_dict) - set(fits)))


def stretched(model, state_dict):
    own, fits, rest = model.state_dict(), [], []
    for name, one in state_dict.items():
        try:
            own[name].copy_(one.detach())
            fits.append(name)
        except Exception:
            rest.append(name)
    if not fits:
        raise ValueError("nothing fits")
    return tuple(sorted(fits)), tuple(sorted(rest))


def without_prefix(model, state_dict):
    return through_load_state_dict(model, {name.replace("module.", ""): one for name, one in state_dict.items()})


def asleep(model, state_dict):
    model.train(False)
    return through_load_state_dict(model, state_dict)


def save_parameters(model, optimizer):
    file = io.BytesIO()
    torch.save([{name: one.data for name, one in model.named_parameters()}, optimizer.state_dict()], file)
    return file.getvalue()


def load_parameters(data, model, optimizer):
    tensors, state = torch.load(io.BytesIO(data), weights_only=True)
    model.load_state_dict(tensors, strict=False)
    optimizer.load_state_dict(state)
    return model, optimizer


def load_what_learns(data, model, optimizer):
    before = {name: one.detach().clone() for name, one in model.named_parameters() if not one.requires_grad}
    both = load_by_torch(data, model, optimizer)
    for name, one in before.items():
        model.get_parameter(name).data.copy_(one)
    return both


def not_rewound(model, optimizer):
    file = io.BytesIO()
    torch.save((model.state_dict(), optimizer.state_dict()), file)
    return file.read()


def loaded(change):
    return lambda data, model, optimizer: change(*load_by_torch(data, model, optimizer))


def put_in_place_of_leaves(params, lr):
    for name in params:
        if params[name].grad is not None:
            params[name] = params[name] - params[name].grad * lr


def group_added(model, optimizer, num_classes):
    like = model.fc.weight
    model.fc = nn.Linear(like.size(1), num_classes, device=like.device, dtype=like.dtype)
    optimizer.add_param_group({"params": model.fc.parameters()})


def group_of_float32_added(model, optimizer, num_classes):
    model.fc = nn.Linear(model.fc.in_features, num_classes)
    optimizer.add_param_group({"params": model.fc.parameters()})


def cleared(params):
    for one in params.values():
        one.grad = None


def trained_by_grad(step, before=lambda params: None):
    def answer(params, batches, lr):
        before(params)
        losses = []
        for x, target in batches:
            loss = F.cross_entropy(forward(x, params), target)
            loss.backward()
            step(params, lr)
            losses.append(float(loss))
        return losses

    return answer


@torch.no_grad()
def subtracted(params, lr):
    for one in params.values():
        one.sub_(lr * one.grad)


def replaced(params, lr):
    for name in params:
        params[name] = params[name] - lr * params[name].grad


def replaced_by_leaves(params, lr):
    for name in params:
        params[name] = (params[name] - lr * params[name].grad).detach().requires_grad_()


def new_head(model, num_classes):
    model.fc = nn.Linear(model.fc.in_features, num_classes).to(model.fc.weight)
    return model.fc


def beside_the_old_weight(model, optimizer, num_classes):
    old = model.fc.weight
    new = new_head(model, num_classes)
    for group in optimizer.param_groups:
        if old in set(group["params"]):
            group["params"] += [new.weight, new.bias]


def not_strict(model, state_dict):
    _, unexpected = model.load_state_dict(state_dict, strict=False)
    loaded = sorted(name for name in state_dict if name not in unexpected)
    if len(loaded) == 0:
        raise ValueError("no name fits")
    return tuple(loaded), tuple(sorted(unexpected))


def parameters_of_the_file(model, state_dict):
    own = model.state_dict()
    loaded = [name for name in sorted(state_dict) if name in own and own[name].shape == state_dict[name].shape]
    if not loaded:
        raise ValueError
    for name in loaded:
        path, _, last = name.rpartition(".")
        if last in ("weight", "bias"):
            setattr(model.get_submodule(path), last, nn.Parameter(state_dict[name].to(own[name].dtype)))
        else:
            own[name].copy_(state_dict[name])
    return tuple(loaded), tuple(name for name in sorted(state_dict) if name not in loaded)


def save_objects(model, optimizer):
    file = io.BytesIO()
    torch.save({"model": model, "optimizer": optimizer}, file)
    return file.getvalue()


def load_objects(data, model, optimizer):
    saved = torch.load(io.BytesIO(data), weights_only=False)
    model.load_state_dict(saved["model"].state_dict())
    optimizer.load_state_dict(saved["optimizer"].state_dict())
    return model, optimizer


def hand_out_objects(data, model, optimizer):
    saved = torch.load(io.BytesIO(data), weights_only=False)
    return saved["model"], saved["optimizer"]


def unpickled(data, model, optimizer):
    saved_model, saved_optimizer = pickle.loads(data)
    model.load_state_dict(saved_model.state_dict())
    optimizer.load_state_dict(saved_optimizer.state_dict())
    return model, optimizer


IDEAS = [
    ("cross_entropy", "clamped inside the logarithm", lambda logits, target: of_right(
        torch.log(torch.clamp(F.softmax(logits, 1), min=1e-7)), target)),
    ("cross_entropy", "softmax left out", F.nll_loss),
    ("cross_entropy", "one loss a row", lambda logits, target: F.nll_loss(F.log_softmax(logits, 1), target, reduction="none")),
    ("cross_entropy", "a dimension too many", lambda logits, target: of_right(logits.log_softmax(1), target).view(1)),
    ("cross_entropy", "every row with every target", lambda logits, target: -F.log_softmax(logits, dim=1)[:, target].mean()),
    ("cross_entropy", "one largest number for all rows", lambda logits, target: -of_right(
        torch.exp(logits - logits.max()).sum(1, keepdim=True).log() - (logits - logits.max()), target)),
    ("cross_entropy", "divided by the classes", lambda logits, target: of_right(
        logits.log_softmax(1), target) * len(target) / logits.size(1)),
    ("cross_entropy", "logarithm to another base", lambda logits, target: of_right(
        logits.log_softmax(1), target) * math.log2(math.e)),
    ("cross_entropy", "the share of mistakes", lambda logits, target: 1 - (
        logits.argmax(1) == target).to(logits.dtype).mean()),
    ("cross_entropy", "squared error", lambda logits, target: (
        (F.softmax(logits, 1) - F.one_hot(target, logits.size(1))) ** 2).mean()),
    ("cross_entropy", "dtype of the input lost", lambda logits, target: of_right(logits.float().log_softmax(1), target)),
    ("cross_entropy", "graph cut", lambda logits, target: torch.tensor(float(of_right(logits.log_softmax(1), target)))),
    ("cross_entropy", "in place", subtracted_in_place),
    ("sgd_step", "the first leaf only", stepped(lambda gradient, lr: lr * gradient, once=True)),
    ("sgd_step", "only the gradient's direction used", stepped(lambda gradient, lr: lr * torch.sign(gradient))),
    ("sgd_step", "cleared by arithmetic", stepped_and_then(lambda one: one.grad.mul_(0))),
    ("sgd_step", "cleared by arithmetic", stepped_and_then(lambda one: setattr(one, "grad", one.grad * 0))),
    ("sgd_step", "cleared by arithmetic", stepped_and_then(lambda one: one.grad.sub_(one.grad.clone()))),
    ("sgd_step", "divided by lr", stepped(lambda gradient, lr: gradient / lr if lr else 0)),
    ("sgd_step", "the leaves stand still", lambda params, lr: {
        name: one if one.grad is None else (one.data - lr * one.grad).requires_grad_() for name, one in params.items()}),
    ("train_module", "zero_grad forgotten", cleared_once),
    ("train_module", "mode changed", put_to_sleep),
    ("train_module", "losses in a tensor", lambda model, batches, lr: stacked(
        trained(model, batches, lr, keep=lambda loss: loss.data))),
    ("train_module", "nll_loss without a logarithm", lambda model, batches, lr: trained(
        model, batches, lr, loss=lambda out, target: F.nll_loss(F.softmax(out, 1), target))),
    ("train_module", "lr written in", lambda model, batches, lr: trained(model, batches, 0.1)),
    ("train_module", "a copy trained", lambda model, batches, lr: trained(copy.deepcopy(model), batches, lr)),
    ("train_module", "batches taken for a list", lambda model, batches, lr: trained(
        model, [batches[i] for i in range(len(batches))], lr)),
    ("train_functional", "other memory under the same leaves", lambda params, batches, lr: functional(
        params, batches, lr, step=rebound)),
    ("train_functional", "losses in a tensor", lambda params, batches, lr: stacked(
        functional(params, batches, lr, keep=torch.Tensor.detach))),
    ("train_functional", "biases not stepped", lambda params, batches, lr: functional(
        params, batches, lr, step=lambda params, name, move: "bias" in name or params[name].data.sub_(move))),
    ("train_functional", "tensors by their place, not by their name", lambda params, batches, lr: functional(
        params, batches, lr, call=by_values)),
    ("train_functional", "ReLU missing", lambda params, batches, lr: functional(params, batches, lr, call=no_relu)),
    ("train_functional", "lr ignored", lambda params, batches, lr: functional(params, batches, 1)),
    ("train_functional", "lr written in", lambda params, batches, lr: functional(params, batches, 1e-2)),
    ("swap_head", "only the weight exchanged", bias_left),
    ("swap_head", "put into another group", last_in_line),
    ("swap_head", "the body frozen", others_frozen),
    ("load_partly", "another error than a ValueError", fails_by(KeyError)),
    ("load_partly", "another error than a ValueError", fails_by(RuntimeError)),
    ("load_partly", "the two exchanged", loading(lambda used, unused: (unused, used))),
    ("load_partly", "numbers for names", loading(lambda used, unused: (len(used), len(unused)))),
    ("load_partly", "nothing handed back", loading(lambda used, unused: None)),
    ("load_partly", "nothing copied", into_the_dictionary),
    ("load_partly", "copied wherever it broadcasts", stretched),
    ("load_partly", "a prefix forgiven", without_prefix),
    ("load_partly", "mode changed", asleep),
    ("checkpoint", "something else handed back than both", (save_by_torch, loaded(lambda model, optimizer: model))),
    ("checkpoint", "something else handed back than both", (save_by_torch, loaded(lambda model, optimizer: (optimizer, model)))),
    ("checkpoint", "buffers forgotten", (save_parameters, load_parameters)),
    ("checkpoint", "frozen parameters left out", (save_by_torch, load_what_learns)),
    ("checkpoint", "empty bytes", (not_rewound, load_by_torch)),
    ("checkpoint", "mode changed", (save_by_torch, loaded(lambda model, optimizer: (model.eval(), optimizer)))),
    ("sgd_step", "rebinding to new tensors", lambda params, lr: params.update(
        {name: one - lr * one.grad for name, one in params.items()})),
    ("sgd_step", "rebinding to new tensors", put_in_place_of_leaves),
    ("sgd_step", "the leaves stand still", by_the_loops_name),
    ("sgd_step", "other memory under the same leaves", by_data_and_left),
    ("sgd_step", "other memory under the same leaves", by_data_of_all),
    ("sgd_step", "other memory under the same leaves", lambda params, lr: [
        rebound(params, name, lr * one.grad) or setattr(one, "grad", None)
        for name, one in params.items() if one.grad is not None] and None),
    ("train_module", "batches taken for a list", lambda model, batches, lr: (
        sum(trained(model, batches, lr)) / len(batches))),
    ("swap_head", "both kept", group_added),
    ("swap_head", "both kept", group_of_float32_added),
    ("train_functional", "gradients never cleared", trained_by_grad(subtracted, before=cleared)),
    ("train_functional", "graph kept through steps", trained_by_grad(replaced)),
    ("train_functional", "graph kept through steps", trained_by_grad(replaced, before=cleared)),
    ("train_functional", "new leaves in the dictionary", trained_by_grad(replaced_by_leaves)),
    ("swap_head", "both kept", lambda model, optimizer, num_classes: (
        optimizer.param_groups[0]["params"].extend(new_head(model, num_classes).parameters()))),
    ("swap_head", "both kept", beside_the_old_weight),
    ("load_partly", "strict=False believed to be enough", not_strict),
    ("load_partly", "new Parameters put in", parameters_of_the_file),
    ("checkpoint", "whole-module pickle", (save_objects, load_objects)),
    ("checkpoint", "whole-module pickle", (save_objects, hand_out_objects)),
    ("checkpoint", "whole-module pickle", (lambda model, optimizer: pickle.dumps([model, optimizer]), unpickled)),
]  # fmt: skip
