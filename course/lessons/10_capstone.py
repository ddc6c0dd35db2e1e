# %% [markdown]
# # 10 · Capstone: three builds of one network
#
# In [chapter 03](../03_cnn_with_modules/03_cnn_with_modules.ipynb) you built a network from modules, in [chapter
# 04](../04_the_same_cnn_with_functional/04_the_same_cnn_with_functional.ipynb) from functions, and in [chapter
# 05](../05_convolution_by_hand/05_convolution_by_hand.ipynb) you wrote the convolution itself. Here all three meet.
#
# **At the end you can**
#
# - write a network in the mixed style of most PyTorch code, and give the reason for every line of it;
# - prove that three builds are one network, with a report that would notice if they were not;
# - run several networks in one forward pass, and get a gradient for every single sample;
# - say when you take a module and when a function, and what each costs you.

# %%
import copy

import torch
from torch import nn
import torch.nn.functional as F
from torch.func import functional_call, stack_module_state

from autograder import check
from course import data, network

_ = torch.manual_seed(0)  # the same random numbers for everybody

# %% [markdown]
# ## 1 · The mixed style
#
# Chapter 04 had four questions. Is something **learned**? Is something else **kept**? Is there a **mode**? Does it stand
# in an `nn.Sequential`? One yes makes it a module. Without any, a function will do.
#
# Here is a network of seven steps. **Predict** for each: module or function?
#
# ```
# conv → norm → ReLU → max pooling → dropout → flatten → fc
# ```
#
# <details><summary>Four and three</summary>
#
# `conv` and `fc` own what is learned. `norm` also keeps running statistics, and has a mode. `dropout` owns nothing, but
# has a mode. ReLU, pooling and flatten answer no four times: they are calls in `forward`.
#
# </details>
#
# Dropout could be a call, too: chapter 07 wrote `F.dropout(x, p, training=self.training)`. So why a module? Because a
# part may have a mode of its own.
#
# **Predict:** both of these are in training. Somebody wants only dropout to stop. Which of the two can do that?


# %%
class ByCall(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.25, training=self.training)


class ByModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.25)

    def forward(self, x):
        return self.dropout(x)


for layer in (ByCall(), ByModule()):
    parts = dict(layer.named_children())
    if "dropout" in parts:
        parts["dropout"].eval()
    zeros = (layer(torch.ones(1000)) == 0).sum()
    print(f"{type(layer).__name__:9} parts: {list(parts)!s:12} in training: {layer.training}   {zeros:3} zeros of 1000")

# %% [markdown]
# The call has no name that anybody could reach. A module has: it can be found, stopped by itself, exchanged, or watched
# by a hook.
#
# Each step passes a shape on. **Predict** the last one. How many numbers does `fc` get from one image?

# %%
conv, norm = nn.Conv2d(3, 16, kernel_size=3, padding=1), nn.BatchNorm2d(16)
x = data.photos()  # (2, 3, 32, 32)
for step in (conv, norm, F.relu, lambda x: F.max_pool2d(x, 2)):
    x = step(x)
    print(tuple(x.shape))

# %% [markdown]
# 16 maps of 16 × 16. Pooling halves both sides, so that `fc` has a quarter of TinyCNN's weights.

# %% [markdown]
# ### Exercise: `hybrid_cnn` (4 points)
#
# Write the class `HybridCNN(nn.Module)`. `HybridCNN(p=0.25)` takes the probability of dropout. It owns four modules:
#
# - `conv`: as TinyCNN's, from 3 channels to 16, kernel 3, stride 1, padding 1;
# - `norm`: an `nn.BatchNorm2d(16)`;
# - `dropout`: an `nn.Dropout(p)`;
# - `fc`: a linear layer from 16 · 16 · 16 to 10.
#
# `forward` turns `(N, 3, 32, 32)` into logits `(N, 10)`: conv, norm, ReLU, max pooling by 2, dropout, flatten, fc.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which of the seven steps need a line in `__init__`? What does `forward` call for the other three?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `F.relu(x)`, `F.max_pool2d(x, 2)` and `x.flatten(1)` stand in `forward`, between calls of your four modules. Whoever
# calls a module need not think of its mode.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The first line of `forward` is `x = F.relu(self.norm(self.conv(x)))`. Two more, and the return.
#
# </details>


# %% exercise="hybrid_cnn"
class HybridCNN(nn.Module):
    """Images ``(N, 3, 32, 32)`` to logits ``(N, 10)``, with dropout of probability ``p``."""

    def __init__(self, p=0.25):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.dropout = nn.Dropout(p)
        self.fc = nn.Linear(16 * 16 * 16, 10)
        ### END SOLUTION

    def forward(self, x):
        """``x``: ``(N, 3, 32, 32)``. Returns logits ``(N, 10)``."""
        ### BEGIN SOLUTION
        x = F.relu(self.norm(self.conv(x)))
        x = F.max_pool2d(x, 2)
        x = self.dropout(x)
        return self.fc(x.flatten(1))
        ### END SOLUTION


# %% check="hybrid_cnn"
check("hybrid_cnn", HybridCNN)

# %% [markdown]
# **Predict:** in the picture of where every tensor lives, how many are parameters, and how many are buffers? Which of
# your four modules has none at all?

# %%
try:
    picture = network.where(HybridCNN())
except NotImplementedError:
    picture = None
    print("This draws your own network, once `hybrid_cnn` is solved.")
picture

# %% [markdown]
# Three of yours, trained for a moment on 400 digits each. Only the seed differs: other weights at the start, another
# order of images, other numbers dropped.
#
# **Predict:** how many of 400 digits that they have never seen does each get right?


# %%
def trained(seed, images=400):
    """A HybridCNN after one pass over the first digits, in batches of 20."""
    torch.manual_seed(seed)
    model = HybridCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005)
    x, target = data.digits(images)
    for batch in torch.randperm(images).split(20):
        optimizer.zero_grad()
        F.cross_entropy(model(x[batch]), target[batch]).backward()
        optimizer.step()
    return model.eval()


unseen, truth = data.digits(400, start=1000)
try:
    models = [trained(seed) for seed in range(3)]
    with torch.no_grad():
        for seed, model in enumerate(models):
            print(f"seed {seed}: {(model(unseen).argmax(1) == truth).sum()} of 400 right")
except NotImplementedError:
    models = []
    print("This trains your own network, once `hybrid_cnn` is solved.")

# %% [markdown]
# All three are good, and none is the same. Section 3 asks them together.

# %% [markdown]
# ## 2 · Three builds of one network
#
# First a single layer, in three builds: as a module, as a function, and by hand. They share their tensors.
#
# **Predict:** which of the differences below are exactly 0?

# %%
layer = nn.Linear(500, 4).double()
x, target = torch.randn(6, 500, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0, 1])
weight, bias = layer.weight, layer.bias

by_module = layer(x)
by_function = F.linear(x, weight, bias)
by_hand = (x[:, None, :] * weight).sum(-1) + bias
print("function:", (by_function - by_module).abs().max().item())
print("by hand: ", (by_hand - by_module).abs().max().item())

# %% [markdown]
# The module calls the function, so that difference is 0. By hand, the same 500 products are added in another order:
# rounding, and nothing else.
#
# ### The largest difference
#
# One number is to say how far two tensors are apart. **Predict** all three, for these two:

# %%
one, other = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.5, 6.0, 3.25])
print("largest of the differences:         ", (one - other).max().item())
print("largest of the absolute differences:", (one - other).abs().max().item())
print("the absolute value of the largest:  ", (one - other).max().abs().item())

# %% [markdown]
# They are 4 apart. Without `abs` in the right place, a large negative difference hides behind a small one.
#
# ### Gradients without a trace
#
# `backward()` **adds** to `.grad`. **Predict:** two builds, one set of leaves, two calls. What does `.grad` hold in the
# end?

# %%
layer.zero_grad()
for number, out in enumerate((by_module, by_function), start=1):
    F.cross_entropy(out, target).backward()
    print(f"after {number}: size of weight.grad {weight.grad.norm().item():.6f}")
layer.zero_grad()

# %% [markdown]
# Twice the gradient: it was added up, over both builds. `torch.autograd.grad` *returns* gradients, and leaves `.grad`
# alone.
#
# **Predict:** what does the last line say?

# %%
loss = F.cross_entropy(by_hand, target)
gradients = torch.autograd.grad(loss, [weight, bias])
print([tuple(one.shape) for one in gradients])
print("weight.grad is", weight.grad)

# %% [markdown]
# ### A proof that can fail
#
# A report of zeros is worth something only if it would say otherwise of a network that *is* different. So it has to ask
# the model that it is given, by calling it, whatever its `forward` does. Here is TinyCNN, and one that is a little off:
# same four tensors, and one that looks twice at the bias.


# %%
class TinyCNN(nn.Module):
    """Images ``(N, 3, 32, 32)`` to logits ``(N, 10)``."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


class LittleOff(TinyCNN):
    """The same tensors, and a bias that counts double."""

    def forward(self, x):
        return super().forward(x) + self.fc.bias


# %% [markdown]
# ### Exercise: `parity_report` (5 points)
#
# Write `parity_report(model, x, target)`. `model` has TinyCNN's four parameters, `x` is `(N, 3, 32, 32)`, `target` holds
# N classes. It returns a dictionary of two dictionaries, four floats in all:
#
# | | `"logits"` | `"gradients"` |
# |---|---|---|
# | `"functional"` | largest absolute difference from `model`'s logits | the same of the gradients, over all four parameters |
# | `"by_hand"` | … | … |
#
# - `"functional"` is your `functional_cnn` of chapter 04, `"by_hand"` the same network without any convolution of
#   torch's: your `conv2d` of chapter 05, with `relu` and `linear`. Both compute with the model's own numbers. Paste what
#   you have, or write it anew.
# - The gradients are those of the mean cross-entropy.
# - `model` stays as it is: parameters, their `.grad`, its mode.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For each of the three builds you need logits and four gradients. Which of the two ways above gets gradients and leaves
# no trace? And on which tensors can a function compute, so that its gradients are comparable with the model's?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `params = dict(model.named_parameters())` are four leaves by name, and a function may compute with the very same. A
# small inner function that turns logits into `(logits, gradients)` serves all three builds. By hand, the convolution is
# `conv2d(x, weight, bias, padding=1)`, or `F.unfold(x, 3, padding=1)` and one matrix product.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `gradients = torch.autograd.grad(F.cross_entropy(logits, target), list(params.values()))`. Then, for each build,
# `max((one - other).abs().max().item() for one, other in zip(gradients, models_gradients))`, and the same for the logits.
#
# </details>


# %% exercise="parity_report"
def functional_cnn(x, params):
    """Chapter 04: ``x (N, 3, 32, 32)`` and the four tensors by name. Returns logits ``(N, 10)``."""
    ### BEGIN SOLUTION
    x = F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1)
    return F.linear(F.relu(x).flatten(1), params["fc.weight"], params["fc.bias"])
    ### END SOLUTION


def by_hand_cnn(x, params):
    """The same, with a convolution, a ReLU and a linear layer of your own."""
    ### BEGIN SOLUTION
    columns = F.unfold(x, 3, padding=1)  # (N, 27, 1024): every window is a column
    x = params["conv.weight"].flatten(1) @ columns + params["conv.bias"][:, None]
    return x.clamp(min=0).flatten(1) @ params["fc.weight"].T + params["fc.bias"]
    ### END SOLUTION


def parity_report(model, x, target):
    """Largest absolute differences from ``model``: ``report["functional" or "by_hand"]["logits" or "gradients"]``."""
    ### BEGIN SOLUTION
    params = dict(model.named_parameters())

    def observed(logits):
        return logits, torch.autograd.grad(F.cross_entropy(logits, target), list(params.values()))

    def apart(one, other):
        return (one - other).abs().max().item()

    logits, gradients = observed(model(x))
    report = {}
    for name, build in (("functional", functional_cnn), ("by_hand", by_hand_cnn)):
        its_logits, its_gradients = observed(build(x, params))
        worst = max(apart(one, other) for one, other in zip(its_gradients, gradients))
        report[name] = {"logits": apart(its_logits, logits), "gradients": worst}
    return report
    ### END SOLUTION


# %% check="parity_report"
check("parity_report", parity_report)

# %% [markdown]
# This is what the course was about: one network, three builds, eight real digits.
#
# **Predict:** the size of the differences in float32 and in float64. And which of the last four will be large?


# %%
def show_report(title, report):
    for build, found in report.items():
        print(f"{title:10} {build:10}", *(f"  {what} {size:.1e}" for what, size in found.items()))


eight, classes = data.digits(8)
try:
    show_report("float32", parity_report(TinyCNN(), eight, classes))
    show_report("float64", parity_report(TinyCNN().double(), eight.double(), classes))
    show_report("LittleOff", parity_report(LittleOff().double(), eight.double(), classes))
except NotImplementedError:
    print("The report is here, once `parity_report` is solved.")

# %% [markdown]
# Rounding in float32, and hardly anything in float64: the three builds are one network. And of `LittleOff`, with its
# bias counted twice, the report says so in all four numbers. It could have failed for TinyCNN, and it did not.

# %% [markdown]
# ## 3 · Several networks, one forward
#
# Ask the three networks of section 1 one after the other, and you have a loop. But they are one *function* with three
# sets of tensors. Chapter 09 had the tools for that: `functional_call` runs a module on tensors that you hand it, and
# `vmap` runs a function over a new dimension of its arguments.
#
# The tensors need that dimension first. **Predict** the shapes:

# %%
small = [nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3)) for _ in range(4)]
params, buffers = stack_module_state(small)
for name, tensor in (params | buffers).items():
    print(f"{name:22}{tuple(tensor.shape)}")

# %% [markdown]
# A leading 4 everywhere, in the buffers too. They belong to their network: statistics of one are wrong for another.
#
# **Predict:** how often is `F.linear` called for all four networks? (The class in the middle counts.)

# %%
from torch.overrides import TorchFunctionMode


class CountLinear(TorchFunctionMode):
    calls = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.calls += function is F.linear
        return function(*args, **(kwargs or {}))


x = torch.rand(7, 5)
skeleton = copy.deepcopy(small[0]).eval()  # says how to compute; its own numbers are not used


def forward(params, buffers):
    return functional_call(skeleton, (params, buffers), (x,))


with CountLinear() as count:
    together = torch.vmap(forward)(params, buffers)
print(tuple(together.shape), "with", count.calls, "call of F.linear")
one_by_one = torch.stack([model.eval()(x) for model in small])
print("largest difference from the loop:", (together - one_by_one).abs().max().item())

# %% [markdown]
# One call. The copy is in eval mode, because the mode is the *module's*, and not among the tensors.
#
# **Predict:** is `stack_module_state` content with networks of different modes? And what does dropout in training mode do
# under `vmap`: drop the same numbers for all, other numbers for each?

# %%
small[2].train()
try:
    stack_module_state(small)
except RuntimeError as error:
    print(error)

try:
    torch.vmap(nn.Dropout(0.25))(torch.ones(4, 7))
except RuntimeError as error:
    print(str(error).split(".")[0])

# %% [markdown]
# Neither works. `vmap` does not guess what you mean by chance. So all networks have to be in one mode while they are
# stacked, and for reading logits that is eval mode. Whoever changes a mode puts it back.

# %% [markdown]
# ### Exercise: `ensemble_logits` (4 points)
#
# Write `ensemble_logits(models, x)`: the logits of all `models`, a list of M networks of one build, for the batch `x`, as
# one tensor `(M, N, 10)`. Use `torch.func.functional_call` and `vmap`, so that `forward` runs **once**, for all of them,
# in eval mode.
#
# The networks may be in any modes, each of their parts too. Afterwards they are as they were: parameters, buffers, modes.
# Nobody asks for gradients.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which two things of a network does the stacked dictionary not hold: how it computes, and …? Where do you get both from,
# without touching the networks that you were given?
#
# </details>
# <details><summary>Hint 2</summary>
#
# What is stacked is a copy. So is `copy.deepcopy(model)`, a whole network, and a copy may be put in eval mode without
# asking anybody. Copies of all of them are in one mode, and can be stacked.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `copies = [copy.deepcopy(model).eval() for model in models]`, then `stack_module_state(copies)`, then `vmap` over a
# function of `(params, buffers)` that returns `functional_call(copies[0], (params, buffers), (x,))`.
#
# </details>


# %% exercise="ensemble_logits"
def ensemble_logits(models, x):
    """``models``: M networks of one build; ``x``: a batch of N. Returns logits ``(M, N, 10)``."""
    ### BEGIN SOLUTION
    copies = [copy.deepcopy(model).eval() for model in models]
    params, buffers = stack_module_state(copies)

    def forward(params, buffers):
        return functional_call(copies[0], (params, buffers), (x,))

    return torch.vmap(forward)(params, buffers)
    ### END SOLUTION


# %% check="ensemble_logits"
check("ensemble_logits", ensemble_logits)

# %% [markdown]
# What is such a committee good for? Where its members differ, somebody should look.
#
# **Predict:** the mean of three networks' probabilities: better than the best of the three, or in between?

# %%
picture = None
try:
    if not models:
        raise NotImplementedError
    probabilities = ensemble_logits(models, unseen).detach().softmax(-1)  # (3, 400, 10)
    votes = probabilities.argmax(-1)  # (3, 400)
    for seed, vote in enumerate(votes):
        print(f"seed {seed}:   {(vote == truth).sum()} of 400 right")
    print(f"together: {(probabilities.mean(0).argmax(-1) == truth).sum()} of 400 right")

    agreed = (votes == votes[0]).all(0)
    right = (votes[0] == truth)[agreed]
    print(f"All agree on {agreed.sum()}, and are right on {right.sum()} of these.")
    disputed = (~agreed).nonzero().flatten()[:6]
    print("Under six of the disputed ones: what it is, and what the three say.")
    captions = [f"{truth[one]}: {votes[0, one]}, {votes[1, one]}, {votes[2, one]}" for one in disputed]
    picture = network.draw_images(unseen[disputed], captions)
except NotImplementedError:
    print("This asks your own networks, once `hybrid_cnn` and `ensemble_logits` are solved.")
picture

# %% [markdown]
# ## 4 · A gradient for each sample
#
# `backward()` gives one gradient for the whole batch. What did each sample contribute?
#
# The loss is a mean over the samples. **Predict:** what is the mean of their gradients?

# %%
layer = nn.Linear(500, 4).double()
x, target = torch.randn(6, 500, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0, 1])


def gradient(x, target):
    return torch.autograd.grad(F.cross_entropy(layer(x), target), layer.weight)[0]


each = torch.stack([gradient(x[i : i + 1], target[i : i + 1]) for i in range(6)])
difference = each.mean(0) - gradient(x, target)
print(tuple(each.shape), "  largest difference of its mean from the batch's:", difference.abs().max().item())

# %% [markdown]
# It is the batch's gradient. The other way round there is no way: six gradients cannot be had back from their mean.
#
# The loop runs the model six times. The tools of section 3 do it in one run: write the loss of *one* sample as a function
# of the tensors, let `torch.func.grad` differentiate it, and let `vmap` run that over the samples.


# %%
def loss_of_one(params, one, its_class):
    logits = functional_call(layer, params, (one[None],))  # a batch of one
    return F.cross_entropy(logits, its_class[None])


params = {name: parameter.detach() for name, parameter in layer.named_parameters()}
found = torch.vmap(torch.func.grad(loss_of_one), in_dims=(None, 0, 0))(params, x, target)
for name, gradient in found.items():
    print(f"{name:7}{tuple(gradient.shape)}")
print("largest difference from the loop:", (found["weight"] - each).abs().max().item())

# %% [markdown]
# `in_dims=(None, 0, 0)` says: the same parameters for all, and one row of `x` and of `target` for each.

# %% [markdown]
# ### Exercise: `per_sample_gradients` (3 points)
#
# Write `per_sample_gradients(model, x, target)`: a dictionary from the name of each parameter to a tensor `(N, …)`, whose
# entry `i` is the gradient of the cross-entropy of sample `i` alone. The model's mode and every `.grad` are afterwards as
# they were. Loops are allowed.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which batch has sample `i` as its only sample, and what is the mean loss of that? Which function returns gradients
# without touching `.grad`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# With a loop: `torch.autograd.grad` for every `i`, then `torch.stack` for every parameter. Without: the cell above is
# nearly all of it. Only `layer` has to become `model`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Inside your function, define `loss_of_one(params, one, its_class)` as above on `model`, and return
# `torch.vmap(torch.func.grad(loss_of_one), in_dims=(None, 0, 0))(params, x, target)`.
#
# </details>


# %% exercise="per_sample_gradients"
def per_sample_gradients(model, x, target):
    """``x``: a batch of N, ``target (N,)``. Returns each parameter's gradients ``(N, …)`` by name."""
    ### BEGIN SOLUTION
    params = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def loss_of_one(params, one, its_class):
        logits = functional_call(model, params, (one[None],))
        return F.cross_entropy(logits, its_class[None])

    return torch.vmap(torch.func.grad(loss_of_one), in_dims=(None, 0, 0))(params, x, target)
    ### END SOLUTION


# %% check="per_sample_gradients"
check("per_sample_gradients", per_sample_gradients)

# %% [markdown]
# A sample with a large gradient is one that the network would have to change for. **Predict:** what will the six digits
# look like that pull hardest at a trained network?

# %%
picture = None
try:
    if not models:
        raise NotImplementedError
    found = per_sample_gradients(models[0], unseen[:200], truth[:200])
    pull = sum(gradient.flatten(1).square().sum(1) for gradient in found.values()).sqrt()  # (200,)
    hardest = pull.argsort(descending=True)[:6]
    guesses = models[0](unseen[hardest]).argmax(1)
    print(f"median pull {pull.median():.2f}, the six largest:", [round(one, 1) for one in pull[hardest].tolist()])
    print("the network takes them for", guesses.tolist())
    picture = network.draw_images(unseen[hardest], truth[hardest])
except NotImplementedError:
    print("This looks for the hardest digits, once `hybrid_cnn` and `per_sample_gradients` are solved.")
picture

# %% [markdown]
# ## 5 · What people trip over next
#
# Four short stories. Each has a prediction and a cell.
#
# ### Channels last, and `.view`
#
# Chapter 02 stored *images* channels last. `model.to(memory_format=torch.channels_last)` stores the *weights* that way,
# and the images stay as they are. **Predict:** will the two networks below still run? And how are the numbers behind conv
# stored, if the images came in contiguous?


# %%
class ViewCNN(TinyCNN):
    """TinyCNN as many people write it: with ``view``."""

    def forward(self, x):
        hidden = F.relu(self.conv(x))
        return self.fc(hidden.view(len(hidden), -1))


x = data.photos()
for model in (TinyCNN(), ViewCNN()):
    before = model(x)
    model.to(memory_format=torch.channels_last)
    print(type(model).__name__, "x contiguous:", x.is_contiguous(), "  behind conv:", model.conv(x).stride())
    try:
        print("  largest difference of the logits:", (model(x) - before).abs().max().item())
    except RuntimeError as error:
        print("  fails:", str(error).split(" (")[0])

# %% [markdown]
# The output of a convolution is laid out as its weights ask for. `flatten(1)` copies where it has to, and the logits
# agree to rounding. `view` raises: chapter 02 said why.
#
# **Predict:** which of the two orders does an image with a single channel have?

# %%
grey = torch.zeros(2, 1, 4, 4)
print("contiguous:", grey.is_contiguous(), "  channels last:", grey.is_contiguous(memory_format=torch.channels_last))

# %% [markdown]
# Both: no step is ever taken along a dimension of size 1. So a test with grey images does not see the mistake.

# %% [markdown]
# ### `nn.Buffer`, or just a tensor?
#
# A module keeps a mean that nobody learns. Two ways to write that down give the same numbers, as long as there is one
# network. Here are two networks of each kind, with the means 0 and 5, asked together as in section 3.
#
# **Predict:** in which of the two kinds do both networks keep their own mean? And which of the means follows `.double()`?


# %%
class Centred(nn.Module):
    def __init__(self, mean):
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.mean = mean

    def forward(self, x):
        return self.layer(x) - self.mean


ones = torch.ones(1, 3)
for title, keep in (("plain tensor", lambda mean: mean), ("nn.Buffer", nn.Buffer)):
    pair = [Centred(keep(torch.full((2,), mean))) for mean in (0.0, 5.0)]
    state = stack_module_state(pair)
    together = torch.vmap(lambda *state: functional_call(pair[0], state, (ones,)))(*state)
    apart = together - torch.stack([model(ones) for model in pair])
    print(f"{title:13} buffers: {list(state[1])!s:9}  largest difference from the loop: {apart.abs().max().item():.1f}")
    print(f"{title:13} after double(): {pair[0].double().mean.dtype}")

# %% [markdown]
# The plain tensor is not registered (chapter 06). So it was not stacked, and the second network was asked with the mean
# of the first, in silence; and it stays behind when the module is moved. What others are to
# find in a module has to be registered.

# %% [markdown]
# ### Tensors without numbers: the meta device
#
# On `device="meta"` a tensor has a shape, strides and a dtype, and no numbers. **Predict:** does your computer have the
# memory for this layer? Its 10,000,100,000 parameters would be 40 GB in float32.

# %%
with torch.device("meta"):
    huge = nn.Linear(100_000, 100_000)
    out = huge(torch.empty(7, 100_000))
print(f"{sum(one.numel() for one in huge.parameters()):,} parameters, out {tuple(out.shape)} on {out.device}")

try:
    out.sum().item()
except RuntimeError as error:
    print(error)

# %% [markdown]
# Shapes run through; numbers there are none, and no memory for them. That is good for counting and planning, and as a
# skeleton: `functional_call` brings the numbers. **Predict:** does this give photographs' logits, although the model has
# no weights?

# %%
with torch.device("meta"):
    skeleton = TinyCNN()
real = TinyCNN()
logits = functional_call(skeleton, dict(real.named_parameters()), (x,))
print(torch.equal(logits, real(x)))

# %% [markdown]
# ### `torch.export`: the module becomes a function
#
# `torch.export` runs `forward` once, on tensors that only note what happens to them, and writes the steps down.
# **Predict:** what are the arguments of the program that comes out?

# %%
program = torch.export.export(TinyCNN(), (x,))
print(program.graph_module.code)
for given in program.graph_signature.input_specs:
    print(given.kind.name, given.target or "")

# %% [markdown]
# Four tensors, then `x`: it is chapter 04's function. The module is where they come from, not part of the computation.
#
# That only works if the steps are the same for every input. **Predict:** which of these two forwards can be exported? The
# first decides by a *number* in the input, the second chooses between two results.

# %%
import contextlib
import io
import logging

torch._logging.set_logs(dynamic=logging.CRITICAL)  # it would tell the failure at great length


class Deciding(TinyCNN):
    def forward(self, x):
        if x.mean() > 0.5:
            x = 1 - x
        return super().forward(x)


class Choosing(TinyCNN):
    def forward(self, x):
        return super().forward(torch.where(x.mean() > 0.5, 1 - x, x))


for model in (Deciding(), Choosing()):
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            program = torch.export.export(model, (x,))
        print(type(model).__name__, "exported, the same logits:", torch.equal(program.module()(x), model(x)))
    except RuntimeError as error:
        print(type(model).__name__, "fails:", str(error).partition("(")[0])

# %% [markdown]
# While the steps are written down, nobody knows the number, so that `if` cannot decide. `torch.where` computes both and
# keeps one.
#
# A *size* is known, and is taken for fixed. **Predict:** does the program take five images, when it was exported with two?

# %%
five, _ = data.digits(5)
fixed = torch.export.export(real, (x,))
free = torch.export.export(real, (x,), dynamic_shapes={"x": {0: torch.export.Dim("batch")}})
for title, program in (("fixed", fixed), ("free", free)):
    try:
        print(title, torch.equal(program.module()(five), real(five)))
    except (AssertionError, RuntimeError) as error:  # which of the two depends on torch's version
        print(title, "fails:", error)

# %% [markdown]
# Last: what does `forward` *change*? A function changes nothing, it returns. **Predict:** how many results has a batch
# norm, in training and in evaluation?

# %%
import warnings

for mode in ("train", "eval"):
    norm = nn.BatchNorm2d(3).train(mode == "train")
    with warnings.catch_warnings(action="ignore"):
        program = torch.export.export(norm, (x,)).run_decompositions()
    results = [f"new {one.target}" if one.target else "output" for one in program.graph_signature.output_specs]
    print(mode, results)

# %% [markdown]
# In training, the three buffers come *out*, as results, for whoever calls the program to keep. As a function, a module
# takes its state as an argument, and hands the new state on.
#
# So a forward that can be exported computes with tensors; it does not ask a tensor for a number in order to decide; and
# what it keeps is a registered buffer.

# %% [markdown]
# ## 6 · When a module, when a function
#
# | you have | take | because | a line |
# |---|---|---|---|
# | weights that are learned | a module | it fills, lists, saves and moves them | `conv = nn.Conv2d(3, 16, 3, padding=1)` |
# | other tensors to keep | a module, with buffers | saved and moved, but not trained | `norm = nn.BatchNorm2d(16)` |
# | a step that differs in training | a module | `train()` and `eval()` reach it | `dropout = nn.Dropout(0.25)` |
# | a place in `nn.Sequential` | a module | it registers its steps, so it takes only modules | `row = nn.Sequential(conv, nn.ReLU(), nn.Flatten())` |
# | a layer to be watched | a module | a hook needs something to hang on | `hook = norm.register_forward_hook(print)` |
# | arithmetic that keeps nothing | a function | there is nothing to make or register | `hidden = F.max_pool2d(F.relu(maps), 2)` |
# | another shape of the same | a method | the same | `flat = hidden.flatten(1)` |
# | a loss | a function | the same | `loss = F.cross_entropy(logits, target)` |
# | weights that are computed | a function | no module owns them: they are an argument | `maps = F.conv2d(x, computed, padding=1)` |
# | a weight used in another form | a Parameter, and a function | one tensor, several uses | `back = F.linear(code, weight.T)` |
# | a module, but other numbers | the module as a function | its tensors become an argument | `logits = functional_call(model, tensors, (x,))` |
# | a dozen lines and a few tensors | a dictionary and functions | everything in sight | `params["weight"].add_(gradient, alpha=-lr)` |
#
# Every line of it, run:

# %%
x, target = data.digits(4)
model, tensors = TinyCNN(), TinyCNN().state_dict()
conv = nn.Conv2d(3, 16, 3, padding=1)
norm = nn.BatchNorm2d(16)
dropout = nn.Dropout(0.25)
row = nn.Sequential(conv, nn.ReLU(), nn.Flatten())
hook = norm.register_forward_hook(print)
hook.remove()

maps = dropout(norm(conv(x)))
hidden = F.max_pool2d(F.relu(maps), 2)
flat = hidden.flatten(1)
logits = functional_call(model, tensors, (x,))
loss = F.cross_entropy(logits, target)

computed = torch.rand(8, 3, 3, 3)  # by another network, say
maps = F.conv2d(x, computed, padding=1)
weight = nn.Parameter(torch.rand(5, flat.shape[1]))
code = F.linear(flat, weight)
back = F.linear(code, weight.T)

params, gradient, lr = {"weight": torch.ones(5)}, torch.ones(5), 0.1
params["weight"].add_(gradient, alpha=-lr)
print("row", tuple(row(x).shape), " loss", round(loss.item(), 3), " back", tuple(back.shape), " weight", params)

# %% [markdown]
# ### What each costs
#
# **A module** costs you the sight of its state. A call may change it (batch norm counts), a mode may be the wrong one, an
# attribute may not be registered, and none of that shows in the line `model(x)`.
#
# **A function** costs you arguments. Every call is handed every tensor and every setting, and what you forget has a
# default: no bias, no padding, dropout on. You fill, move and save the tensors yourself.
#
# ### What the mixed style looks like
#
# `__init__` makes what is kept, and nothing else. `forward` reads like arithmetic: modules for what is kept, functions
# for the rest, and the mode handed on where a function has one.


# %%
class Blend(nn.Module):
    """``(N, 8)`` to ``(N, 3)``: a gate mixes the features with their own average so far."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(8, 8)  # learned: a module
        self.out = nn.Linear(8, 3)
        self.average = nn.Buffer(torch.zeros(8))  # kept, not learned: a buffer

    def forward(self, x):
        if self.training:  # has a mode, and asks its own module for it
            self.average.lerp_(x.detach().mean(0), 0.1)
        share = F.sigmoid(self.gate(x))  # arithmetic: a function
        mixed = share * x + (1 - share) * self.average
        return self.out(F.dropout(mixed, 0.25, training=self.training))


blend = Blend()
_ = blend(torch.rand(6, 8))
print([name for name, _ in blend.named_parameters()])
print("average after one batch:", blend.average)

# %% [markdown]
# ## 7 · In your own words
#
# ### Exercise: `reflection` (5 points, read by a person)
#
# You have built the same thing in both ways, and several more. A colleague starts a new project and asks: *modules or
# functions?* Answer in about 200 words, for three pieces of code of this course that you name yourself.
#
# A good answer
#
# - says for each piece which of the two you took, or would take, and **why**: what is learned, what is kept, what has a
#   mode, where the weights come from;
# - names at least one piece where the **function** is the better choice, and one where the **module** is;
# - says what each of the two **costs**, with something that went wrong, or could have, as an example;
# - says how you would **find out** that two builds are the same.
#
# Write into the next cell: click it twice to open it, and press Shift + Enter when you are done.

# %% [markdown] exercise="reflection" points=5
# **TinyCNN's two layers: modules.** The convolution and the linear layer own what is learned. As modules they filled
# their weights sensibly, the optimiser found them with `parameters()`, and the `state_dict` saved them by name. When I
# held the four tensors in a dictionary (chapter 04), I did each of these myself; and after `.to` the optimiser still held
# the old tensors, and trained what nobody looked at. That is what functions cost: everything is handed over and looked
# after by hand, and what I forget has a default, such as `padding=0`.
#
# **ReLU, pooling, flatten, the loss: functions.** Nothing is learned or kept, there is no mode. A module would be one
# more object without content.
#
# **A filter that another network computes: a function.** It is another one for every image, a result and not a leaf. A
# module owns its weights and would have to be filled anew for each image, which cuts the gradient to the network that
# computes them.
#
# Dropout owns nothing, and still I take `nn.Dropout`: it has a mode. `F.dropout` drops in evaluation, too, unless it is
# told. What a module costs is sight: batch norm changes its buffers when I only call it, and a network left in training
# mode gives other numbers, and nothing in the line `model(x)` says so.
#
# Whether two builds are the same I measure: same weights, same batch, largest absolute difference of logits and of every
# gradient, in float64, where rounding is near 1e-16 and a mistake stays large. And I try it on a pair that differs, to
# see that it can fail.

# %% [markdown]
# ## What you have now
#
# | one network | its tensors | its state and mode |
# |---|---|---|
# | from modules | the module holds them | the module holds them |
# | from functions, or by hand | you hold them | an argument of each call |
# | as a function of its tensors | a dictionary, a stack of M, one for each sample | buffers in the dictionary, the mode in the skeleton |

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. The logits of two builds agree to 1e-7. Are they the same network?</summary>
#
# Not proved yet. In float32, 1e-7 is rounding; compare in float64, where rounding is near 1e-16 and a mistake stays as
# large as it was. Compare gradients too: a build that cuts the graph has the right logits and learns nothing. And see
# that the comparison can fail.
#
# </details>
# <details><summary>2. Why does an ensemble under <code>vmap</code> need the buffers as well, and why eval mode?</summary>
#
# Batch norm's statistics belong to each network: with those of one, all others are wrong. In training mode batch norm
# would take the batch's statistics in place of its own, and dropout would draw: under `vmap` it refuses to.
#
# </details>
# <details><summary>3. <code>F.dropout</code> owns no tensors. Why is dropout mostly written as a module all the same?</summary>
#
# It has a mode. `eval()` reaches every module inside a network, and no function. `F.dropout(x, p,
# training=self.training)` in the forward of a module does the same job: then the mode is that of the module around it.
#
# </details>

# %% [markdown]
# ## The way on
#
# You can read a tensor off its memory, write a convolution out of views, hold a network's weights in your hand, and let
# modules hold them for you. Three ways lead on from here:
#
# - **Read** torch's own source, a method at a time: `import inspect`, and then
#   `print(inspect.getsource(nn.Module.__setattr__))` or `nn.Module.__getattr__`, `nn.Conv2d.forward`, `nn.Dropout.forward`. You
#   have written the heart of each of them.
# - **Change.** Give HybridCNN a second convolution, or the digits another network. The report of section 2 and the tools
#   of sections 3 and 4 work on any module.
# - **Look back.** What is still open is in [Start here](../00_start_here.ipynb).
