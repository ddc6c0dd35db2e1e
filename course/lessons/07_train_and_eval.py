# %% [markdown]
# # 07 · Train and eval
#
# Some layers do one thing while a network is trained, and another thing afterwards. Most of what goes wrong
# between "it trains well" and "it answers badly" has to do with that.
#
# **At the end you can**
#
# - say what `train()` and `eval()` change, and what they leave alone;
# - write dropout and batch norm as plain functions, and give each of them a home in a module;
# - look inside a network while it runs, and ask it for its logits, without leaving a trace.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from autograder import check
from course import data, network

_ = torch.manual_seed(0)  # the same random numbers for everybody

# %% [markdown]
# ## 1 · One flag in every module
#
# Every module has an attribute `training`. It is `True` when the module is made; `eval()` and `train()` set it.
#
# **Predict:** `eval()` is called once, on the outside. Which of the modules inside notice?

# %%
net = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.BatchNorm1d(4), nn.ReLU()), nn.Dropout(p=0.5))


def show_modes(module):
    for name, part in module.named_modules():
        print(f"  {name or 'itself':7}{type(part).__name__:13}{'training' if part.training else 'eval'}")


net.eval()
show_modes(net)

# %% [markdown]
# All of them. And what else has changed? **Predict:** does any tensor hold other numbers now? Does any parameter ask for no
# gradient?

# %%
net.train()
before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
net.eval()
print("the same numbers:        ", all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items()))
print("all ask for gradients:   ", all(parameter.requires_grad for parameter in net.parameters()))
print("gradients still computed:", net(torch.ones(2, 4)).requires_grad)

# %% [markdown]
# Nothing but the flag. It is up to each layer to look at it. **Predict:** which of these four layers answer differently in
# training and in eval?

# %%
x = 2 + 3 * torch.randn(6, 4)
for layer in (nn.Linear(4, 4), nn.ReLU(), nn.Dropout(p=0.5), nn.BatchNorm1d(4)):
    same = torch.equal(layer.train()(x), layer.eval()(x))
    print(f"{type(layer).__name__:12}", "the same in both modes" if same else "not the same")

# %% [markdown]
# Dropout and batch norm. This chapter is about these two, and about what the flag does *not* do.
#
# A part may have a mode of its own. Whoever wants a batch norm to stay as it is while the rest is trained sets it so.
# **Predict:** what does the batch norm say in the first list, and what in the second?

# %%
net.train()
net[1][0].eval()
show_modes(net)

net.train()
print("after another net.train():")
show_modes(net[1])

# %% [markdown]
# `train()` reaches every module inside, and knows nothing of your wishes: the part that was to stay in eval is awake again.
# Keep that in mind for section 7.

# %% [markdown]
# ## 2 · Dropout: switch off, and make up for it
#
# In training, dropout turns random numbers into 0, so that the network does not lean too much on any one of them. That is
# a *regularisation*. It is no normalisation: it computes no statistics, and it owns no tensor.
#
# **Predict:** below, half of all numbers in eight feature maps are switched off. White is 0. Does each map lose whole
# regions, or single pixels? And what happens to the smallest and the largest number?

# %%
print("what an nn.Dropout owns:", dict(nn.Dropout(p=0.5).state_dict()))

flower = data.photo("flower")
with torch.no_grad():
    maps = nn.Conv2d(3, 8, kernel_size=3, padding=1)(flower[None])
    dropped = F.dropout(maps, p=0.5)
print(f"before from {maps.min():.2f} to {maps.max():.2f}, after from {dropped.min():.2f} to {dropped.max():.2f}")
network.draw_feature_maps(dropped, flower)

# %% [markdown]
# Single pixels: every element is decided by itself. And what is kept is twice as large as before. Why?
#
# **Predict** the two means. A million ones, of which a quarter is switched off:

# %%
ones = torch.ones(1_000_000)
kept = torch.rand(1_000_000) >= 0.25
print(f"switched off:            mean {(ones * kept).mean():.3f}")
print(f"and divided by 1 − 0.25: mean {(ones * kept / 0.75).mean():.3f}")

# %% [markdown]
# The next layer adds these numbers up. If a quarter of them were missing in training and all of them there in eval, its sums would
# be larger in eval by a third. So what is kept is divided by `1 − p` *in training*, and in eval there is nothing left to do. That
# is called **inverted** dropout.
#
# Dropout has a gradient too. **Predict:** what is it where an element was dropped, and what where it was kept, for p = 0.75?

# %%
z = torch.ones(8, requires_grad=True)
out = F.dropout(z, p=0.75)
out.sum().backward()
print("output:  ", out.tolist())
print("gradient:", z.grad.tolist())

# %% [markdown]
# The same mask, the same factor 1 / (1 − 0.75) = 4.
#
# ### Whose random numbers?
#
# `F.dropout` has no argument for a generator: it always draws from the global one, and so every other draw in your program
# changes what it drops. A function may do better. **Predict:** which of these three rows are equal?

# %%
generator = torch.Generator().manual_seed(7)
print(torch.rand(4, generator=generator).tolist())
torch.rand(1000)  # somebody else draws from the global generator
print(torch.rand(4, generator=generator).tolist())
print(torch.rand(4, generator=generator.manual_seed(7)).tolist())

# %% [markdown]
# The first and the last: a generator goes on from where it stands, and nobody else moves it.

# %% [markdown]
# ### Exercise: `dropout` (4 points)
#
# Write `dropout(x, p=0.5, training=True, generator=None)`: inverted dropout for `x` of any shape, `0 ≤ p < 1`. In training every
# element by itself becomes 0 with probability `p`, and otherwise `x / (1 − p)`; out of training, `x` is the answer. The dtype is that of
# `x`. If there is a `generator`, all random numbers come from it, and the global one is left alone. Gradients go through what is kept.
#
# ✋ `dropout` in any form. How you draw the mask is up to you.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A random number between 0 and 1 lies below `p` with which probability? How many such numbers do you need, if each element is decided
# by itself?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.rand(x.shape, generator=generator)` is happy with `generator=None`, too. A comparison makes a mask of it, and a product
# with a mask keeps or drops. What has to come before all that, if nobody is training?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `if not training: return x`. Then `keep = torch.rand(x.shape, generator=generator) >= p`, and `x * keep` still has to be
# divided by something.
#
# </details>


# %% exercise="dropout"
def dropout(x, p=0.5, training=True, generator=None):
    """``x``: any shape. Returns the same shape: in training 0 or ``x / (1 - p)``, otherwise ``x``."""
    ### BEGIN SOLUTION
    if not training:
        return x
    keep = torch.rand(x.shape, generator=generator) >= p
    return x * keep / (1 - p)
    ### END SOLUTION


# %% check="dropout"
check("dropout", dropout)

# %% [markdown]
# ## 3 · Who tells the function?
#
# A function has no mode. `F.dropout` has an argument instead, and it is `True` unless you say otherwise. A module that is made
# in `forward` has a mode, but which?
#
# **Predict:** here are two networks that both want dropout. Both are asked twice for the same thing, in eval. Which of them still
# drops?


# %%
class Forgetful(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5)


class Newborn(nn.Module):
    def forward(self, x):
        return nn.Dropout(0.5)(x)


for kind in (Forgetful, Newborn):
    model = kind().eval()
    print(f"{kind.__name__:10}", model(torch.ones(8)).tolist())
    print(f"{'':10}", model(torch.ones(8)).tolist())

# %% [markdown]
# Both, and in silence: such a network trains as it should, and then answers every question a little differently. `Forgetful` never hands on
# its mode. `Newborn` makes a module that is new at every call, and a new module is in training mode: `eval()` cannot
# reach what is not registered.
#
# The module knows its mode: `self.training`. So hand that on.

# %% [markdown]
# ### Exercise: `dropout_net` (3 points)
#
# Write the class `DropoutNet(nn.Module)`. `DropoutNet(p)` turns `(N, 8)` into logits `(N, 4)`:
#
# - `hidden`: a linear layer from 8 to 16;
# - ReLU;
# - dropout with probability `p`, by `F.dropout`;
# - `out`: a linear layer from 16 to 4.
#
# It follows `.train()` and `.eval()`. Its four tensors are called `hidden.weight`, `hidden.bias`, `out.weight` and `out.bias`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which two things does `__init__` have to make, and which plain number does it have to remember?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `F.dropout` takes the tensor, the probability and the mode. Between which two of the four steps does it stand?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `F.dropout(x, self.p, training=self.training)`, after the ReLU and before `self.out`.
#
# </details>


# %% exercise="dropout_net"
class DropoutNet(nn.Module):
    """``(N, 8)`` to logits ``(N, 4)``, with dropout between the two layers."""

    def __init__(self, p):
        super().__init__()
        ### BEGIN SOLUTION
        self.p = p
        self.hidden = nn.Linear(8, 16)
        self.out = nn.Linear(16, 4)
        ### END SOLUTION

    def forward(self, x):
        """``x``: ``(N, 8)``. Returns logits ``(N, 4)``."""
        ### BEGIN SOLUTION
        x = F.relu(self.hidden(x))
        x = F.dropout(x, self.p, training=self.training)
        return self.out(x)
        ### END SOLUTION


# %% check="dropout_net"
check("dropout_net", DropoutNet)

# %% [markdown]
# With dropout on, one network is many: each pass leaves out other numbers. **Predict:** the mean over ten thousand passes in
# training mode, is it near the logits in eval mode?

# %%
try:
    model, x = DropoutNet(0.5), torch.randn(1, 8)
    with torch.no_grad():
        in_training = model.train()(x.expand(10_000, 8))
        in_eval = model.eval()(x)
    print("three passes in training:\n", in_training[:3])
    print("mean of 10,000 passes:   ", in_training.mean(dim=0))
    print("one pass in eval:        ", in_eval[0])
except NotImplementedError:
    print("This shows your own network, once `dropout_net` is solved.")

# %% [markdown]
# It is. Behind the dropout stands only a linear layer, and there the mean of the outputs is the output of the mean.

# %% [markdown]
# ## 4 · Batch norm: numbers that a batch shares
#
# Batch norm takes each channel, over all images and all places, subtracts the mean and divides by the standard deviation. Then it multiplies
# by a `weight` and adds a `bias`, one each per channel; both are learned.
#
# **Predict:** for each channel, which mean and which standard deviation come out, as long as the weight is 1 and the bias 0?

# %%
with torch.no_grad():
    maps = nn.Conv2d(3, 6, kernel_size=3, padding=1)(data.photos())  # two photographs, (2, 6, 32, 32)
    normed = nn.BatchNorm2d(6)(maps)

for name, one in (("before", maps), ("after", normed)):
    means, deviations = one.mean(dim=(0, 2, 3)), one.std(dim=(0, 2, 3))
    print(f"{name:7}", *(f"{mean:6.2f} ± {deviation:.2f}" for mean, deviation in zip(means, deviations)))

# %%
network.draw_feature_maps(normed[1:], flower)

# %% [markdown]
# Every channel has mean 0 and deviation 1 now, over the two photographs together. Of one photograph alone that need not be so.
#
# ### The other images matter
#
# That has a price. **Predict:** does the output for the flower depend on the image beside it in the batch?

# %%
norm = nn.BatchNorm2d(6)
with torch.no_grad():
    for mode in ("train", "eval"):
        getattr(norm, mode)()
        alone, together = norm(maps[1:])[0], norm(maps)[1]
        print(f"{mode:6} largest difference between alone and together: {(alone - together).abs().max():.3f}")

# %% [markdown]
# In training it does; in eval it must not, since an answer should not depend on who else is asking. So in training, batch norm
# keeps **running statistics** of what it has seen, and in eval it normalises by those, whatever the batch:
#
# $$\text{running} \leftarrow (1 - \text{momentum}) \cdot \text{running} + \text{momentum} \cdot \text{new}$$
#
# **Predict:** the running mean starts at 0, the batch has mean 20, and momentum is 0.1. Where is it after one step? After ten?

# %%
batch = torch.tensor([[10.0], [30.0]])
mean, var = torch.zeros(1), torch.ones(1)
for step in range(1, 31):
    F.batch_norm(batch, mean, var, training=True)
    if step in (1, 2, 10, 30):
        print(f"after {step:2} steps: running mean {mean.item():.3f}, running variance {var.item():.3f}")

# %% [markdown]
# One tenth of the way at each step. The function wrote into `mean` and `var`, the tensors that you gave it.
#
# Is `training=True` needed there? **Predict**, before you look: `F.dropout` is in training mode unless told otherwise. And `F.batch_norm`?

# %%
mean, var = torch.zeros(1), torch.ones(1)
print("nothing said:", F.batch_norm(batch, mean, var).flatten().tolist(), " running mean", mean.item())
print("training:    ", F.batch_norm(batch, mean, var, training=True).flatten().tolist(), " running mean", mean.item())

# %% [markdown]
# The other way round: `F.batch_norm` uses the running statistics and leaves them alone, unless you say `training=True`.
#
# ### Two variances
#
# The numbers 10 and 30 are 10 away from their mean, so their squares are 100 each. The variance is 100 if you divide the sum by
# n = 2 (**biased**), and 200 if you divide by n − 1 (**unbiased**). **Predict:** which of them did torch normalise with, and which
# did the running variance above go to?

# %%
mean, var = torch.zeros(1), torch.ones(1)
out = F.batch_norm(batch, mean, var, training=True, momentum=1.0)  # 1.0: keep only the new one
print(
    f"10 came out as {out[0].item():.4f}, so it was divided by {10 / -out[0].item():.4f} = √{100 / out[0].item() ** 2:.1f}"
)
print(f"running variance: {var.item():.1f}")
print(f"batch.var(): {batch.var().item():.1f}   batch.var(unbiased=False): {batch.var(unbiased=False).item():.1f}")

# %% [markdown]
# It normalises by the biased one, and keeps the unbiased one. And before the root is taken, a small `eps` is added, so that a channel
# whose values are all alike is not divided by 0.

# %% [markdown]
# ### Exercise: `batch_norm` (5 points)
#
# Write `batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5)` for `x (N, C, H, W)`; the four
# tensors are `(C,)`, and all are given. In training it normalises each channel with the batch's own mean and biased variance, and moves the
# running statistics **in place**, the variance towards the unbiased one. Otherwise it normalises with the running statistics, and changes
# nothing. Gradients reach `x`, `weight` and `bias`, as in `F.batch_norm`; the running statistics stay out of the graph.
#
# ✋ `batch_norm` in any form, and so `nn.BatchNorm2d`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Over which three of the four dimensions does one channel's mean go? And what has to stand behind a `(C,)` tensor, so that broadcasting
# lines it up with dimension 1?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `x.var(dim=…, unbiased=…)` gives either variance. `tensor.lerp_(new, momentum)` goes that part of the way, in place; `mul_` and `add_` do it in
# two steps. Gradients need the batch's mean and variance in the graph; the running statistics need them outside of it.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Inside `with torch.no_grad():`, `running_var.lerp_(x.var(dim=(0, 2, 3)), momentum)`, and the mean likewise. Then, in both
# modes, `(x - mean) / (var + eps).sqrt() * weight + bias`, each of the four made `(C, 1, 1)` by `[:, None, None]`.
#
# </details>


# %% exercise="batch_norm"
def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    """``x (N, C, H, W)``, the four tensors ``(C,)``. Returns ``(N, C, H, W)``."""
    ### BEGIN SOLUTION
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), unbiased=False)
        with torch.no_grad():
            running_mean.lerp_(mean, momentum)
            running_var.lerp_(x.var(dim=(0, 2, 3)), momentum)
    scale = weight / (var + eps).sqrt()
    return (x - mean[:, None, None]) * scale[:, None, None] + bias[:, None, None]
    ### END SOLUTION


# %% check="batch_norm"
check("batch_norm", batch_norm)

# %% [markdown]
# ## 5 · A home for the statistics
#
# Your function wants four tensors at each call, and two of them have to be kept from one call to the next. That is what a module is
# for. **Predict:** which of the five tensors of `nn.BatchNorm2d` does an optimiser get? Which go into a file?

# %%
norm = nn.BatchNorm2d(3)
learned = dict(norm.named_parameters())
for name, tensor in norm.state_dict().items():
    kind = "parameter" if name in learned else "buffer"
    print(f"{name:20}{kind:11}{str(tuple(tensor.shape)):7}{tensor.dtype}  {tensor.tolist()}")

# %% [markdown]
# Two parameters, and three **buffers**: tensors that nobody learns, but which are part of the state. They are saved, loaded
# and moved with the module. The last one counts the batches seen in training.
#
# **Predict:** after `norm.double()`, what is the dtype of the counter? And what would have become of statistics in plain
# attributes?

# %%
norm.plain = torch.zeros(3)
norm.double()
for name in ("weight", "running_mean", "num_batches_tracked", "plain"):
    print(f"{name:20}", getattr(norm, name).dtype)

# %% [markdown]
# Only floating-point tensors are turned into others, and the plain attribute is left behind. Chapter 06's tool says so by name.
# **Predict:** which of the six tensors does an optimiser step?

# %%
network.where(norm, torch.optim.SGD(norm.parameters(), lr=0.1))

# %% [markdown]
# Two of the six. The buffers are saved without being stepped, and what nobody registered is neither.

# %% [markdown]
# ### Exercise: `my_batch_norm2d` (4 points)
#
# Write the class `MyBatchNorm2d(nn.Module)`, made by `MyBatchNorm2d(num_features, eps=1e-5, momentum=0.1)`. It behaves as
# `nn.BatchNorm2d` does, in both modes, and a state_dict of either can be loaded into the other: the same five names, shapes, dtypes and first
# values.
#
# ✋ `nn.BatchNorm2d` and its relatives, to derive from or to hold. `F.batch_norm` is welcome, and so is your own.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The table above says what has to be there. How does a tensor become a parameter, and how a buffer? (Chapter 06.)
#
# </details>
# <details><summary>Hint 2</summary>
#
# `self.register_buffer("running_mean", torch.zeros(num_features))`. The counter is `torch.tensor(0)`, and goes up by 1 at each
# forward pass in training. `F.batch_norm` wants to be told the mode, the momentum and eps.
#
# </details>
# <details><summary>Hint 3</summary>
#
# In `forward`: `if self.training: self.num_batches_tracked += 1`, and then `F.batch_norm(x, self.running_mean, self.running_var, self.weight,
# self.bias, …)` with `training=self.training` and the two numbers.
#
# </details>


# %% exercise="my_batch_norm2d"
class MyBatchNorm2d(nn.Module):
    """Batch norm over ``(N, C, H, W)``, with the state of ``nn.BatchNorm2d``."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        ### BEGIN SOLUTION
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))
        ### END SOLUTION

    def forward(self, x):
        """``x``: ``(N, C, H, W)``. Returns the same shape."""
        ### BEGIN SOLUTION
        if self.training:
            self.num_batches_tracked += 1
        return F.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=self.training,
            momentum=self.momentum,
            eps=self.eps,
        )
        ### END SOLUTION


# %% check="my_batch_norm2d"
check("my_batch_norm2d", MyBatchNorm2d)

# %% [markdown]
# Now put yours beside torch's. Both see the same three batches, and then both are asked in eval. **Predict:** how far are they apart?

# %%
try:
    torchs, mine = nn.BatchNorm2d(3), MyBatchNorm2d(3)
    for start in (0, 50, 100):
        images, _ = data.digits(50, start=start)
        apart = (torchs(images) - mine(images)).abs().max()
        print(f"training, digits {start:3} to {start + 49:3}: {apart.item():.1e}")
    print(f"eval:                         {(torchs.eval()(images) - mine.eval()(images)).abs().max().item():.1e}")
    print("and torch's loads the state of yours:", torchs.load_state_dict(mine.state_dict()))
except NotImplementedError:
    print("This compares your own layer with torch's, once `my_batch_norm2d` is solved.")

# %% [markdown]
# ## 6 · Looking inside
#
# What does a layer deep inside give? A **hook** tells you: a function that you attach to a module, and that is called after each of its forward
# passes. A first try:

# %%
small = nn.Sequential(
    nn.Conv2d(3, 4, kernel_size=3, padding=1), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4096, 10)
)
seen = {}


def remember(module, inputs, output):
    seen["conv"] = output


small[0].register_forward_hook(remember)
_ = small(flower[None])

# %% [markdown]
# **Predict:** a convolution gives positive and negative numbers. What is the smallest number that was recorded of it?

# %%
print("smallest recorded:", seen["conv"].min().item())
print("smallest there was:", F.conv2d(flower[None], small[0].weight, small[0].bias, padding=1).min().item())

# %% [markdown]
# 0. The hook kept the *tensor*, and the in-place ReLU wrote over it afterwards. What is recorded has to be a copy.
#
# There is more that a first try leaves behind. **Predict:** are these three lines what you would want of somebody who only looked?

# %%
print("the recorded tensor hangs in a graph:", seen["conv"].requires_grad)
print("hooks that are still there:          ", len(small[0]._forward_hooks))

norm = nn.BatchNorm2d(3)
norm(flower[None])
print("batch norm was only looked at:        running mean", [round(one, 3) for one in norm.running_mean.tolist()])

# %% [markdown]
# A graph that keeps every activation alive, a hook that will go on recording, and a batch norm that has *learned* from being looked at, since
# it was in training mode.
#
# `register_forward_hook` returns a handle, and `handle.remove()` takes the hook away. For that to happen whatever else does, it
# belongs in a `finally`. **Predict:** in which order are the lines printed?

# %%
try:
    try:
        print("1: a hook is there")
        raise ValueError("the model does not like its input")
    finally:
        print("2: the hook is taken away")
except ValueError as error:
    print("3: and the error went on:", error)

# %% [markdown]
# Two things to know about hooks, each in one line. **Predict** which of them says nothing at all:

# %%
small[0].forward(flower[None])  # `forward` by hand: who is called?
print("recorded anew:", seen["conv"].min().item() < 0)

small[0].register_full_backward_hook(lambda module, grad_in, grad_out: None)
try:
    small(flower[None])
except RuntimeError as error:
    print("RuntimeError:", str(error)[:86], "…")

# %% [markdown]
# Calling `forward` by hand goes past all hooks. And a full *backward* hook with an in-place ReLU behind it is refused: torch says so
# itself.

# %% [markdown]
# ### Exercise: `record_activations` (5 points)
#
# Write `record_activations(model, names, x)`: a dictionary from each of `names`, in the order asked, to what that module gave in **one** forward pass
# of `model` on `x`. The names are dotted, as in `model.named_modules()`.
#
# - What is recorded is detached, and stays as it was whatever runs afterwards. If a module is called twice in the pass, the last time counts.
# - A name that is no module's: `KeyError` with that name in it, before anything has run.
# - Nothing is left behind: no hook of yours, also when the model raises. Other hooks, modes and gradients are as they were.
# - The pass runs in the modules' own modes. Buffers that it updates are put back.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The list of demands is a list of steps. Which of them come before the pass, which are done by the hook, which come after the pass, and which of
# these even if it fails?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `dict(model.named_modules())` looks names up. A hook needs to know its own name: make it in a small function that takes the name. For buffers:
# `model.named_buffers()` finds all, those that are not in the state_dict too; keep a clone of each, and copy it back with `copy_`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# In the hook: `found[name] = output.detach().clone()`. Around the pass: `try:`, `model(x)`, `finally:`, and there `handle.remove()` for
# each handle, and under `torch.no_grad()` the buffers. At the end, `{name: found[name] for name in names}` brings them in order.
#
# </details>


# %% exercise="record_activations"
def record_activations(model, names, x):
    """What each module in ``names`` gave in one forward pass on ``x``: a dict, name to tensor."""
    ### BEGIN SOLUTION
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise KeyError(f"there is no module {name!r}")

    found = {}

    def hook_for(name):
        def keep(module, inputs, output):
            found[name] = output.detach().clone()

        return keep

    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    handles = [modules[name].register_forward_hook(hook_for(name)) for name in names]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                buffer.copy_(buffers[name])
    return {name: found[name] for name in names}
    ### END SOLUTION


# %% check="record_activations"
check("record_activations", record_activations)

# %% [markdown]
# Look inside: what did the batch norm give, and what did the in-place ReLU make of it? Blue is below zero.

# %%
try:
    looked_at = nn.Sequential(nn.Conv2d(3, 6, kernel_size=3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True))
    found = record_activations(looked_at, ["2", "0", "1"], flower[None])
    for name, one in found.items():
        print(f"module {name}: {tuple(one.shape)}, from {one.min():.2f} to {one.max():.2f}")
    picture = network.draw_feature_maps(torch.cat([found["1"], found["2"]], dim=1), flower)
except NotImplementedError:
    picture = None
    print("This looks inside a network, once `record_activations` is solved.")
picture

# %% [markdown]
# The first six maps are the batch norm's, the last six the ReLU's: the same, without the blue.

# %% [markdown]
# ## 7 · Asking without leaving a trace
#
# Two switches are often taken for one: `model.eval()` and `torch.no_grad()`. **Predict** the four lines: in which of them is dropout off? In
# which is there no graph?

# %%
model = nn.Sequential(nn.Linear(4, 64), nn.Dropout(p=0.5))
x = torch.rand(1, 4)
for mode in ("train", "eval"):
    for gradients in (True, False):
        getattr(model, mode)()
        with torch.set_grad_enabled(gradients):
            out = model(x)
        off = "off" if (out != 0).all() else "on"
        print(
            f"{mode + '()':8} {'' if gradients else 'no_grad':8} dropout {off:4} graph {'kept' if out.requires_grad else 'none'}"
        )

# %% [markdown]
# They have nothing to do with each other: one is a flag in the modules, the other is a state of torch. Whoever only wants an answer wants both.
#
# And whoever borrows a model should give it back as it came. That is more than `model.train()` at the end: section 1 had a batch norm that was
# *meant* to be in eval. **Predict:** which flags have to be remembered, and when have they to be put back if the model raises an error?

# %% [markdown]
# ### Exercise: `evaluate` (3 points)
#
# Write `evaluate(model, x)`: what `model` answers to `x` in eval mode, without a graph. Afterwards every module inside has the mode it had, and
# torch's gradient mode is what it was; also when the model raises an error, which goes on to whoever called you.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `model.training` is one flag. How many are there, and how do you get at all of them?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `model.modules()` goes through all, the model itself first. Keep a list of `(module, module.training)`. A `with` block puts gradients back
# by itself; for the flags, use what section 6 showed.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `model.eval()`, then `try:` with `with torch.no_grad(): return model(x)`, then `finally:` a loop that sets `module.training = mode` for each.
#
# </details>


# %% exercise="evaluate"
def evaluate(model, x):
    """What ``model`` gives for ``x`` in eval mode, without a graph; ``model`` is left as it was."""
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        for module, mode in modes:
            module.training = mode
    ### END SOLUTION


# %% check="evaluate"
check("evaluate", evaluate)

# %% [markdown]
# ### Both modes at work
#
# A small network with batch norm and dropout learns 200 digits. Every ten steps we count how many it gets right: of these digits in training
# mode, of the same digits with *your* `evaluate`, and of digits it has never seen.
#
# **Predict:** the first two columns are about the same digits and the same weights. Which of them is higher?


# %%
def right(logits, target):
    return (logits.argmax(dim=1) == target).float().mean().item()


try:
    norm = MyBatchNorm2d(8)
    layers = [
        nn.Conv2d(3, 8, kernel_size=4, stride=4),
        norm,
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.75),
        nn.Linear(512, 10),
    ]
    model = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    images, target = data.digits(200)
    unseen, truth = data.digits(297, start=1500)
    for step in range(41):
        logits = model(images)
        if step % 10 == 0:
            in_training, in_eval = right(logits, target), right(evaluate(model, images), target)
            new = right(evaluate(model, unseen), truth)
            print(
                f"step {step:2}: in training {in_training:4.0%}, in eval {in_eval:4.0%}, unseen digits in eval {new:4.0%}"
            )
        optimizer.zero_grad()
        F.cross_entropy(logits, target).backward()
        optimizer.step()
    print("batches that the batch norm counted:", norm.num_batches_tracked.item())
except NotImplementedError:
    print("This trains a network, once `my_batch_norm2d` and `evaluate` are solved.")

# %% [markdown]
# From step 10 on, the network knows more than it shows in training: three of four numbers before the last layer are switched off there. That is
# why a training loss and an evaluation loss are not comparable just like that. And your `evaluate` was called ten times in between, and left the
# network in training mode: 41 batches were counted, not one more.

# %% [markdown]
# ## What you have now
#
# | | in training | in eval | owns |
# |---|---|---|---|
# | dropout | 0 with probability p, otherwise `x / (1 − p)` | `x` | nothing |
# | batch norm | the batch's mean and biased variance; moves its statistics | its running statistics | two parameters, three buffers |
# | torch's other layers in this course | the same | the same | |
#
# | to change | write |
# |---|---|
# | the flag of a module and of all inside | `train()`, `eval()` |
# | the mode of a function | its argument: `training=self.training` |
# | whether a graph is kept | `torch.no_grad()` |

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. A network answers the same question differently each time, although <code>eval()</code> was called.
# Where do you look first?</summary>
#
# At calls of `F.dropout` without `training=self.training`, and at modules that are made in `forward` or kept where nobody registers them: in both
# cases `eval()` changes nothing.
#
# </details>
# <details><summary>2. Somebody measured a network's accuracy after every epoch, under <code>torch.no_grad()</code>, and forgot
# <code>eval()</code>. What happened to the network?</summary>
#
# Its batch norms moved their running statistics towards the digits it was measured on, and counted them as batches. No parameter changed. And the accuracy
# was that of a network with dropout on, each image normalised together with its neighbours.
#
# </details>
# <details><summary>3. Why does batch norm keep the unbiased variance, and normalise with the biased one?</summary>
#
# That is how torch does it, and you have measured both. The biased one is the variance of *these* numbers, so that they come out with deviation 1.
# The unbiased one estimates the variance of all numbers that might come, and those are what eval is about. The more numbers a batch has, the less
# they differ.
#
# </details>
#
# In [chapter 08](../08_training_both_ways/08_training_both_ways.ipynb) you train the network of this course both ways, step by step, and the two
# stay the same. What you have solved so far is in [Start here](../00_start_here.ipynb).
