# %% [markdown]
# # 09 · Where functions shine
#
# A module keeps its tensors for you. That is what you want, until the tensors come from somewhere else: from a formula,
# from another network, from the input itself. In this chapter they do.
#
# **At the end you can**
#
# - call any module with tensors that it does not own, and get gradients for them;
# - write attention and the layer around it, and say which way round a mask goes;
# - give every image of a batch filters of its own, in one call;
# - use one tensor for two jobs, and compute a weight from another one.

# %%
import copy

import torch
from torch import nn
import torch.nn.functional as F

from autograder import check
from course import data, network
from course.strides import show

_ = torch.manual_seed(0)  # the same random numbers for everybody

# %% [markdown]
# ## 1 · A network with somebody else's tensors
#
# [Chapter 06](../06_what_a_module_registers/06_what_a_module_registers.ipynb) said that a module is a tree of tensors
# and one function. Here is the tree of a small one: two layers of numbers, and batch norm, which has buffers too.

# %%
model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 1))
for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
    print(f"{name:22}{tuple(tensor.shape)!s:8}{type(tensor).__name__}")

# %% [markdown]
# If that is all, then you could take the function and hand it *other* tensors. Why would you? Because they may be
# results. Take two layers, `a` and `b`, and a third one whose numbers are a mixture of theirs. The share `t` is a
# tensor that asks for gradients: would it help to move towards `b`?

# %%
a, b, layer = nn.Linear(2, 1), nn.Linear(2, 1), nn.Linear(2, 1)
t = torch.tensor(0.5, requires_grad=True)


def mixture():
    return {name: (1 - t) * a.state_dict()[name] + t * b.state_dict()[name] for name in ("weight", "bias")}


def gradient_of_t(out):
    return torch.autograd.grad(out.sum(), t, allow_unused=True)[0]


x = torch.tensor([[1.0, 2.0]])
out = F.linear(x, **mixture())  # chapter 04's way: the tensors are arguments
print("as a function:", out.item(), "  gradient of t:", gradient_of_t(out))

# %% [markdown]
# For one `F.linear` that is easy. For a module with a hundred layers, nobody wants to write the function a second time.
# So let us put the mixture *into* the module.
#
# **Predict:** after `load_state_dict`, the module gives the same number. Does a gradient reach `t`?

# %%
layer.load_state_dict(mixture())
out = layer(x)
print("copied in:    ", out.item(), "  gradient of t:", gradient_of_t(out))

# %% [markdown]
# `None`. Copying takes the numbers and leaves their history behind. The tensor *itself* has to stand where the module
# looks for its weight. **Predict:** does a plain assignment do that?

# %%
try:
    layer.weight = mixture()["weight"]
except TypeError as error:
    print(error)

# %% [markdown]
# A module guards its parameters. But where does it keep them? `layer.weight` is no ordinary attribute: it is looked up
# in a dictionary of the module, in order of registration. There is another one for buffers.

# %%
print(list(layer._parameters), "  is the weight in there?", layer._parameters["weight"] is layer.weight)
print(list(model[1]._buffers))
print("the module called '1':", model.get_submodule("1"))

# %% [markdown]
# **Predict:** we exchange the entry of that dictionary. What do the two lines print?

# %%
own = layer._parameters["weight"]
layer._parameters["weight"] = mixture()["weight"]
print("gradient of t:", gradient_of_t(layer(x)))

layer._parameters["weight"] = own  # back again: nobody else should notice
print("a Parameter again:", type(layer.weight).__name__, "  the same object as before:", layer.weight is own)

# %% [markdown]
# The gradient is there (without the bias' part: that one was not exchanged). And the module got its own Parameter back,
# the same object: an optimiser that holds it notices nothing.

# %% [markdown]
# ### Exercise: `call_with` (5 points)
#
# Write `call_with(module, tensors, x)`: what `module(x)` would give if its parameters and buffers were those of the
# dictionary `tensors`, dotted name → tensor.
#
# - Gradients flow into the tensors, whether they are leaves or results. Names left out are the module's own.
# - A name that is neither a parameter nor a buffer: `KeyError` that names it, whole, before anything runs.
# - Afterwards the module is as it was, **also when it raises an error**: the same Parameter objects in the same order,
#   their values and `.grad`, and its hooks.
# - The dictionary stays as it is, but for a buffer that the module updates in place (batch norm's): that happens to the
#   dictionary's tensor.
#
# Shapes match; no tensor is registered under two names, and no name without a tensor. ✋ `functional_call`, both of
# them: in `torch.func` and in `torch.nn.utils.stateless`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `"2.0.weight"` has two parts: the way to a submodule, and a name in it. How do you cut a text at its *last* dot? What
# are the two parts of `"weight"`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# First ask whether all names are known: `module.named_parameters()` and `module.named_buffers()` have them. Then, for
# each name, find the dictionary it stands in, `_parameters` or `_buffers` of its submodule, keep what is there, and
# exchange it. `try … finally` puts everything back, whatever happens.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `path, _, leaf = name.rpartition(".")`, then `part = module.get_submodule(path)` (for `""` it gives the module
# itself), then `home = part._parameters if leaf in part._parameters else part._buffers`. Keep
# `(home, leaf, home[leaf])` in a list.
#
# </details>


# %% exercise="call_with"
def call_with(module, tensors, x):
    """``module(x)`` with the parameters and buffers of ``tensors``; the module is afterwards as it was."""
    ### BEGIN SOLUTION
    known = dict(module.named_parameters()) | dict(module.named_buffers())
    for name in tensors:
        if name not in known:
            raise KeyError(f"{name} is neither a parameter nor a buffer; there are {', '.join(known)}")

    kept = []
    try:
        for name, tensor in tensors.items():
            path, _, leaf = name.rpartition(".")
            part = module.get_submodule(path)
            home = part._parameters if leaf in part._parameters else part._buffers
            kept.append((home, leaf, home[leaf]))
            home[leaf] = tensor
        return module(x)
    finally:
        for home, leaf, own in kept:
            home[leaf] = own
    ### END SOLUTION


# %% check="call_with"
check("call_with", call_with)

# %% [markdown]
# ## 2 · The one that torch has
#
# What you have built is `torch.func.functional_call`. From here on we use torch's. Any module becomes a function of its
# tensors, with nothing to write a second time.
#
# **Predict:** with the module's own tensors, is its result nearly that of the module, or exactly?

# %%
from torch.func import functional_call

model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 32), nn.ReLU(), nn.Linear(32, 10))
images, target = data.digits(200)
print("exactly equal:", torch.equal(functional_call(model, dict(model.named_parameters()), (images,)), model(images)))

# %% [markdown]
# Now a question that needs gradients *through* weights. Two networks are trained from different beginnings; both know
# these 200 digits well.

# %%
ends = []
for seed in (1, 2):
    torch.manual_seed(seed)
    trained = copy.deepcopy(model)
    for part in (trained[1], trained[3]):
        part.reset_parameters()  # another beginning
    optimizer = torch.optim.SGD(trained.parameters(), lr=0.1, momentum=0.9)
    for step in range(40):
        optimizer.zero_grad()
        F.cross_entropy(trained(images), target).backward()
        optimizer.step()
    ends.append({name: tensor.detach() for name, tensor in trained.named_parameters()})
    print(f"network {seed}: loss {F.cross_entropy(trained(images), target).item():.3f}")

# %% [markdown]
# Walk in a straight line from one to the other. **Predict:** how good is the network in the middle, whose every number
# is the mean of two good ones? And which way is downhill at t = 0.25?

# %%
for share in (0.0, 0.25, 0.5, 0.75, 1.0):
    t = torch.tensor(share, requires_grad=True)
    between = {name: (1 - t) * ends[0][name] + t * ends[1][name] for name in ends[0]}
    loss = F.cross_entropy(functional_call(model, between, (images,)), target)
    slope = torch.autograd.grad(loss, t)[0].item()
    print(f"t = {share:4}: loss {loss.item():.3f}   slope {slope:+6.2f}")

# %% [markdown]
# Worst in the middle: the mean of two good networks need not be a good one. At 0.25 the slope is positive, so that
# downhill is back where you came from. One module, five sets of weights, and it never owned any of them.

# %% [markdown]
# ### Three things to know about it
#
# **A misspelt name.** Yours raises a `KeyError`. **Predict:** what does torch's do?

# %%
layer = nn.Linear(2, 1)
other = torch.zeros(1, 2)
print("wieght:", torch.equal(functional_call(layer, {"wieght": other}, (x,)), layer(x)))

try:
    functional_call(layer, {"wieght": other}, (x,), strict=True)
except RuntimeError as error:
    print(error)

# %% [markdown]
# It ignored the name and used the layer's own weight, without a word. `strict=True` complains, but then *every* name
# has to be there.
#
# **Buffers.** Batch norm in training updates its running mean. **Predict:** the module's, or the dictionary's?

# %%
norm = nn.BatchNorm1d(1)
buffers = {name: tensor.clone() for name, tensor in norm.named_buffers()}
functional_call(norm, buffers, (torch.tensor([[10.0], [30.0]]),))
print("the dictionary's:", buffers["running_mean"].item(), "  the module's:", norm.running_mean.item())

# %% [markdown]
# **Tied weights.** Two layers share one Parameter, and the dictionary has a tensor for each. **Predict:** which one
# counts?

# %%
pair = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
pair[1].weight = pair[0].weight
two = {"0.weight": torch.eye(2), "1.weight": 3 * torch.eye(2)}

try:
    functional_call(pair, two, (x,))
except ValueError as error:
    print(error)
print(functional_call(pair, two, (x,), tie_weights=False).tolist(), "from", x.tolist())
print(functional_call(pair, {"0.weight": 3 * torch.eye(2)}, (x,)).tolist(), "one name, both layers")

# %% [markdown]
# Neither: it raises an error, unless you say `tie_weights=False`. With one of the names alone, both layers get it: 3 ·
# 3 = 9 times `x`.

# %% [markdown]
# ## 3 · Attention: a sum whose weights come from the input
#
# A linear layer adds up its inputs with weights that it has *learned*. Attention adds up **values**, with weights that
# it computes on the spot: each **query** is compared with each **key**, and where they agree, there the query looks.
#
# Four colours, each as (red, green, blue) between −2 and 2. Every colour asks: who is like me?
#
# **Predict:** at whom does orange look most, apart from itself? At whom does blue look?

# %%
colours = {
    "red": [2.0, -2.0, -2.0],
    "orange": [2.0, 0.0, -2.0],
    "green": [-2.0, 1.0, -2.0],
    "blue": [-2.0, -2.0, 2.0],
}
q = k = torch.tensor(list(colours.values()))  # (4, 3): queries and keys are the same four colours

scores = q @ k.mT / 3**0.5  # (4, 4): each query with each key
weights = F.softmax(scores, dim=-1)
network.draw_attention(weights, list(colours), list(colours))

# %% [markdown]
# Each row sums to 1: how a query divides its attention over the keys. The result is that mixture of the values,
# `weights @ v`.
#
# ### Why divide by √E?
#
# `E` is how many numbers a query has. A score is a sum of `E` products, and such a sum grows with √E, as in chapter 04.
# **Predict** the last column: how much of its attention does a query give to its favourite among ten random keys?

# %%
for size in (4, 64, 1024):
    query, keys = torch.randn(100, 1, size), torch.randn(100, 10, size)
    raw = query @ keys.mT
    favourite = [F.softmax(one, dim=-1).amax(-1).mean().item() for one in (raw, raw / size**0.5)]
    print(f"E = {size:4}: scores of size {raw.std():4.1f}, favourite {favourite[0]:.2f}; ÷ √E: {favourite[1]:.2f}")

# %% [markdown]
# Without the division, a query with many numbers looks at one key and is nearly blind for all others. With it, `E`
# makes hardly any difference.

# %% [markdown]
# ### Who may look at whom
#
# A **mask** says it: a boolean tensor, here with `True` for "may attend". Somebody who reads from left to right may
# look at what came before, and at themselves. A score of −∞ becomes a weight of e⁻^∞ = 0.

# %%
before = torch.ones(4, 4, dtype=torch.bool).tril()
weights = F.softmax(scores.masked_fill(~before, float("-inf")), dim=-1)
network.draw_attention(weights, list(colours), list(colours))

# %% [markdown]
# The mask comes **before** softmax: what is left still sums to 1. **Predict:** what would the first row sum to, if we
# had put in the zeros afterwards?

# %%
print((F.softmax(scores, dim=-1) * before).sum(-1))

# %% [markdown]
# ### Exercise: `attention` (4 points)
#
# Write `attention(q, k, v, mask=None)`: `q` is `(…, L, E)`, `k` is `(…, S, E)`, `v` is `(…, S, Ev)`, the result
# `(…, L, Ev)`: softmax of `q·k / √E` over the keys, times `v`. In front stand any number of dimensions, the same for
# all three. `mask` is boolean, broadcasts to `(…, L, S)`, and `True` means *may attend*; every query may attend to
# something. Scores may be as large as 10,000 and as low as −10,000. Gradients reach all three.
#
# ✋ `scaled_dot_product_attention`, also where it works inside of something else. `softmax` is free.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Of `(…, L, E)` and `(…, S, E)` you need `(…, L, S)`. Which two dimensions of `k` change places? (And what does `.T` do
# to a tensor of four dimensions?)
#
# </details>
# <details><summary>Hint 2</summary>
#
# Five steps: product, scale, mask, softmax over the *last* dimension, product. `masked_fill` writes where its mask is
# `True`; yours says `True` where nothing is to be written.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5`. Then, with a mask,
# `scores.masked_fill(~mask, float("-inf"))`.
#
# </details>


# %% exercise="attention"
def attention(q, k, v, mask=None):
    """``q (…, L, E)``, ``k (…, S, E)``, ``v (…, S, Ev)``, ``mask`` True = may attend. Returns ``(…, L, Ev)``."""
    ### BEGIN SOLUTION
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return F.softmax(scores, dim=-1) @ v
    ### END SOLUTION


# %% check="attention"
check("attention", attention)

# %% [markdown]
# torch's own is `F.scaled_dot_product_attention`, SDPA for short. **Predict:** how far apart are the two?

# %%
try:
    for dtype in (torch.float64, torch.float32):
        q, k, v = (torch.randn(2, 3, 5, 4, dtype=dtype) for _ in range(3))
        mask = torch.ones(5, 5, dtype=torch.bool).tril()
        apart = attention(q, k, v, mask) - F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        print(f"{dtype}  largest difference {apart.abs().max().item():.1e}")
except NotImplementedError:
    print("This measures your own `attention`, once it is solved.")

# %% [markdown]
# ### True means the opposite next door
#
# `nn.MultiheadAttention` takes a boolean mask as well. Here is one that is `True` on the diagonal, and both get it. To
# see who looks at whom, SDPA's values are the rows of an identity matrix, so that its result *is* the table of weights;
# the module hands out its table itself.
#
# **Predict:** where does each of the two tables have its zeros?

# %%
diagonal = torch.eye(3, dtype=torch.bool)
q = torch.randn(1, 3, 4)
by_function = F.scaled_dot_product_attention(q, q, torch.eye(3)[None], attn_mask=diagonal)
_, by_module = nn.MultiheadAttention(4, num_heads=1, batch_first=True)(q, q, q, attn_mask=diagonal)

print("scaled_dot_product_attention:\n", by_function[0])
print("MultiheadAttention:\n", by_module[0].detach())

# %% [markdown]
# For the function, `True` means *may* attend: everybody looks at themselves. For the module, `True` means *ignore*:
# everybody looks at the two others. Both results have the right shape, and nobody complains. Look it up each time.
#
# ### A query that may attend to nothing
#
# It happens: a sentence of padding only, a first row with the diagonal taken out. **Predict:** what is a softmax over
# nothing but −∞?

# %%
nothing_first = torch.tensor([[False, False], [True, True]])
q = torch.randn(1, 2, 4)
written_out = F.softmax((q @ q.mT / 2).masked_fill(~nothing_first, float("-inf")), dim=-1) @ q
print("written out:\n", written_out[0])
print("scaled_dot_product_attention:\n", F.scaled_dot_product_attention(q, q, q, attn_mask=nothing_first)[0])

# %% [markdown]
# Written out, it is 0 / 0: NaN. torch's function gives zeros. So yours and torch's agree only where every query may
# attend to something; that is why the exercise says so.

# %% [markdown]
# ## 4 · Heads are a view
#
# One table of weights gives one mixture. For several, the `E` numbers are divided among **heads**: each compares its
# own part of the query with its own part of the key, and has a table of its own.
#
# For one call of `attention` over all heads, they have to stand in front: `(N, heads, L, E / heads)`. **Predict:** here
# are two tokens with six numbers each. In the view below, with three heads, which four strides does it have?

# %%
tokens = torch.arange(12.0).view(1, 2, 6)  # (N, L, E)
heads = tokens.unflatten(-1, (3, 2)).transpose(1, 2)  # (N, heads, L, E / heads)
show(heads, focus=(0, 1, 1, 0), name="heads")

# %% [markdown]
# `(12, 2, 6, 1)`: to the next head 2 slots, to the next token 6. Not one number was moved (chapter 02). And the last
# dimension can be divided in *any* layout: its stride is simply used twice.
#
# **Predict:** the shape is right here, too. What is in head 0?

# %%
print("divided, then exchanged: ", heads[0, 0].tolist())
print("cut straight to that size:", tokens.view(1, 3, 2, 2)[0, 0].tolist())

# %% [markdown]
# Four numbers of token 0, and none of token 1. Cutting goes through memory in order, and in memory the tokens come
# first.

# %% [markdown]
# ### Exercise: `split_heads` (2 points)
#
# Write `split_heads(x, num_heads)`: `x` is `(N, L, E)` in any layout, the result `(N, num_heads, L, E / num_heads)`,
# **a view**. Head 0 gets the first `E / num_heads` numbers of each token, head 1 the next, and so on. `ValueError` if
# `num_heads` does not divide `E`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two steps: one divides a dimension into two, the other exchanges two dimensions. Which comes first?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `E % num_heads` is what is left over. torch's own complaint about sizes that do not fit is a `RuntimeError`; ask
# before it comes to that.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `x.view(N, L, num_heads, E // num_heads)`, or `unflatten` as above. Then exchange dimensions 1 and 2.
#
# </details>


# %% exercise="split_heads"
def split_heads(x, num_heads):
    """``x (N, L, E)``. Returns a view ``(N, num_heads, L, E / num_heads)``."""
    ### BEGIN SOLUTION
    n, length, size = x.shape
    if size % num_heads:
        raise ValueError(f"{size} numbers cannot be divided among {num_heads} heads")
    return x.view(n, length, num_heads, size // num_heads).transpose(1, 2)
    ### END SOLUTION


# %% check="split_heads"
check("split_heads", split_heads)

# %% [markdown]
# ## 5 · Self-attention: modules own, functions compute
#
# In a network, queries, keys and values are all made from the same tokens, each by a linear layer: those are learned.
# What happens between them is a function. So a self-attention layer is the mixed style at its best:
#
# ```
# x (N, L, E) → q, k, v: three nn.Linear → split heads → attention → heads side by side again → out: nn.Linear → (N, L, E)
# ```
#
# **Predict:** how many numbers does a layer with E = 4 learn? Does it depend on the number of heads?

# %%
mha = nn.MultiheadAttention(4, num_heads=2, batch_first=True)
for name, tensor in mha.named_parameters():
    print(f"{name:18}{tuple(tensor.shape)}")
print(sum(tensor.numel() for tensor in mha.parameters()), "numbers, and with one head:",
      sum(tensor.numel() for tensor in nn.MultiheadAttention(4, num_heads=1).parameters()))  # fmt: skip

# %% [markdown]
# 4 · (16 + 4) = 80, whatever the heads: they only divide what is there. torch keeps the three weights in one, on top of
# each other; you will keep them apart.
#
# The way back, from heads to tokens, is the one you came: exchange first, then put together. **Predict:** why does
# `heads.reshape(1, 2, 6)` alone give something else?

# %%
print("exchanged, then put together:", heads.transpose(1, 2).flatten(2).tolist())
print("only put together:           ", heads.reshape(1, 2, 6).tolist())

# %% [markdown]
# ### Exercise: `self_attention` (4 points)
#
# Write `class SelfAttention(nn.Module)` with `SelfAttention(embed_dim, num_heads)`: four layers
# `nn.Linear(embed_dim, embed_dim)` called `q`, `k`, `v` and `out`, and `F.softmax`. `forward` takes `x (N, L, E)` and
# returns `(N, L, E)`; no mask. Each head scales by its own number of features. `num_heads` divides `embed_dim`.
#
# ✋ `nn.MultiheadAttention`, `scaled_dot_product_attention`. Your own `split_heads` and `attention` are welcome.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which of these own something, so that they belong in `__init__`? Which are only done, in `forward`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `forward` has five steps: three projections, heads, attention, heads put together, `out`. If `attention` gets heads as
# a dimension in front, it does all of them at once, and divides by the right root by itself.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `q, k, v = (split_heads(layer(x), self.num_heads) for layer in (self.q, self.k, self.v))`, and at the end
# `self.out(mixed.transpose(1, 2).flatten(2))`.
#
# </details>


# %% exercise="self_attention"
class SelfAttention(nn.Module):
    """``(N, L, E)`` to ``(N, L, E)``."""

    def __init__(self, embed_dim, num_heads):
        ### BEGIN SOLUTION
        super().__init__()
        self.num_heads = num_heads
        self.q = nn.Linear(embed_dim, embed_dim)
        self.k = nn.Linear(embed_dim, embed_dim)
        self.v = nn.Linear(embed_dim, embed_dim)
        self.out = nn.Linear(embed_dim, embed_dim)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        q, k, v = (split_heads(layer(x), self.num_heads) for layer in (self.q, self.k, self.v))
        mixed = attention(q, k, v)
        return self.out(mixed.transpose(1, 2).flatten(2))
        ### END SOLUTION


# %% check="self_attention"
check("self_attention", SelfAttention)

# %% [markdown]
# **The proof.** torch's layer gets *your* weights, under its own names, by `functional_call`: it never owns them.
# **Predict:** how far apart are the two in float64?

# %%
try:
    mine = SelfAttention(12, num_heads=3).double()
    theirs = nn.MultiheadAttention(12, num_heads=3, batch_first=True)
    stacked = {
        "in_proj_weight": torch.cat([mine.q.weight, mine.k.weight, mine.v.weight]),
        "in_proj_bias": torch.cat([mine.q.bias, mine.k.bias, mine.v.bias]),
        "out_proj.weight": mine.out.weight,
        "out_proj.bias": mine.out.bias,
    }
    x = torch.randn(2, 5, 12, dtype=torch.float64)
    out, _ = functional_call(theirs, stacked, (x, x, x))
    print(f"largest difference {(mine(x) - out).abs().max().item():.1e}")

    out.sum().backward()
    print("and the gradients went through torch's layer into yours:", mine.v.weight.grad is not None)
except NotImplementedError:
    print("This measures your own `SelfAttention`, once it is solved.")

# %% [markdown]
# ## 6 · Filters of its own for every image
#
# In chapter 04 a small network looked at an image and computed the filter for it. For a batch there is one filter *per
# image*, and `F.conv2d` has no place for that: its weight `(O, C, kh, kw)` is the same for the whole batch. A loop over
# the images works, one call each. Can it be one call for all?
#
# ### With groups
#
# `groups=2` cuts the channels in two halves that never meet: the first half of the outputs looks at the first half of
# the inputs, the second at the second. **Predict** the two numbers: the two channels hold ones and tens, the two
# filters are 1 × 1, with weights 2 and 3.

# %%
channels = torch.tensor([1.0, 10.0]).view(1, 2, 1, 1)  # one image, two channels, one pixel
filters = torch.tensor([2.0, 3.0]).view(2, 1, 1, 1)  # two outputs, each with ONE input channel
print(F.conv2d(channels, filters, groups=2).flatten().tolist())

# %% [markdown]
# 2 · 1 and 3 · 10. Two channels that never meet: as if they were two images. So lay the images of a batch side by side
# as channels of *one* image, with a group for each. That is a question of shapes only.
#
# ### With vmap
#
# `torch.vmap` takes a function of one image and gives a function of a batch. It does not loop: it runs the function
# once, and every operation in it for all of them. **Predict:** what are the shapes *inside* of the function?


# %%
def of_one(image, weight):
    print("inside:", tuple(image.shape), tuple(weight.shape))
    return (image * weight).sum()


print("outside:", torch.vmap(of_one)(torch.ones(5, 3, 4), torch.ones(5, 3, 4)))

# %% [markdown]
# One line "inside" for five images: the function ran once, and saw none of the batch dimension.

# %% [markdown]
# ### Exercise: `dynamic_conv` (4 points)
#
# Write `dynamic_conv(x, weight)`: `x` is `(N, C, H, W)`, `weight` is `(N, O, C, k, k)`, one set of filters per image,
# computed elsewhere; `k` is odd. The result is `(N, O, H, W)`: image `n` with filters `n`, padded by `k // 2`.
# Gradients reach both. **Exactly one call of `F.conv2d`**, by groups or under `torch.vmap`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# By groups: `N` images of `C` channels become one image of how many channels? Which two dimensions of `weight` go
# together, and how many groups are there? By vmap: what would the line be for one image?
#
# </details>
# <details><summary>Hint 2</summary>
#
# By groups: `x.reshape(1, N * C, H, W)`, `weight.reshape(N * O, C, k, k)`, `groups=N`; then the outputs are divided
# among the images again. By vmap: a function of `image` and `filters` with one `F.conv2d` in it.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `F.conv2d(…, padding=k // 2, groups=N).reshape(N, O, H, W)`. Or
# `torch.vmap(lambda image, filters: F.conv2d(image, filters, padding=k // 2))(x, weight)`.
#
# </details>


# %% exercise="dynamic_conv"
def dynamic_conv(x, weight):
    """``x (N, C, H, W)``, ``weight (N, O, C, k, k)``: image n with filters n. Returns ``(N, O, H, W)``."""
    ### BEGIN SOLUTION
    n, o, c, k, _ = weight.shape
    height, width = x.shape[2:]
    side_by_side = x.reshape(1, n * c, height, width)
    out = F.conv2d(side_by_side, weight.reshape(n * o, c, k, k), padding=k // 2, groups=n)
    return out.reshape(n, o, height, width)
    ### END SOLUTION


# %% check="dynamic_conv"
check("dynamic_conv", dynamic_conv)

# %% [markdown]
# Two photographs, and two filters in one call: the first image is blurred, the second gets its upright edges.
# **Predict:** which of the two results will have blue in it?

# %%
photos = data.photos(48).mean(dim=1, keepdim=True)  # (2, 1, 48, 48)
edges = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
kernels = torch.stack([torch.full((3, 3), 1 / 9), edges])[:, None, None]  # (2, 1, 1, 3, 3)

try:
    picture = network.draw_feature_maps(dynamic_conv(photos, kernels)[:, 0])
except NotImplementedError:
    picture = None
    print("This draws what your own `dynamic_conv` gives, once it is solved.")
picture

# %% [markdown]
# Only the second: where it gets darker to the right, the edge is negative. No pixel is below 0, and so no mean of them
# is.
#
# **Predict:** and how far is your one call from a loop with a call for each image?

# %%
try:
    one_call = dynamic_conv(photos, kernels)
    loop = torch.stack([F.conv2d(image, filters, padding=1) for image, filters in zip(photos, kernels)])
    print(f"largest difference {(one_call - loop).abs().max().item():.1e}")
except NotImplementedError:
    print("This measures your own `dynamic_conv`, once it is solved.")

# %% [markdown]
# ### What vmap asks of you
#
# One run for all samples: that is a question for whatever is not the same each time. **Dropout** draws random numbers.
# The same for all, or others for each?

# %%
rows = torch.ones(3, 8)
try:
    torch.vmap(F.dropout)(rows)
except RuntimeError as error:
    print(str(error).partition(".")[0])

for randomness in ("same", "different"):
    print(randomness, torch.vmap(F.dropout, randomness=randomness)(rows).int().tolist())

# %% [markdown]
# You have to say it. And **batch norm** in training updates its running statistics: a single buffer, and three samples
# that each want to write something else into it. **Predict:** does it work in eval mode?

# %%
norm = nn.BatchNorm1d(2)
samples = torch.randn(3, 5, 2)  # three samples, each a batch of five
try:
    torch.vmap(norm)(samples)
except RuntimeError as error:
    print(str(error).partition(".")[0])
print("in eval mode:", tuple(torch.vmap(norm.eval())(samples).shape))

# %% [markdown]
# In eval mode it only reads them. In training every sample needs buffers of its own, and you know how to hand them in:
# a dictionary with one more dimension in front, and `functional_call`.

# %%
norm.train()
each = {name: torch.stack([tensor] * 3) for name, tensor in norm.named_buffers()}
torch.vmap(lambda buffers, batch: functional_call(norm, buffers, (batch,)))(each, samples)
print("running means, one row a sample:\n", each["running_mean"])

# %% [markdown]
# ## 7 · One tensor, two jobs
#
# An **autoencoder** squeezes an image into a few numbers, a code, and makes an image of the code again. What the
# encoder does with a weight `(hidden, features)`, the decoder does backwards, with a weight `(features, hidden)`: often
# it is the *same* weight, transposed. Then the two are **tied**.
#
# With modules, one Parameter can be in two layers, if the shapes agree. **Predict:** which of these four keep the tie?


# %%
def tied_pair():
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    return nn.Sequential(first, second)


def is_tied(pair):
    return pair[0].weight is pair[1].weight


loaded = tied_pair()
loaded.load_state_dict(tied_pair().state_dict())
assigned = tied_pair()
assigned.load_state_dict(tied_pair().state_dict(), assign=True)
print("double:", is_tied(tied_pair().double()), "  a copy:", is_tied(copy.deepcopy(tied_pair())))
print("loaded:", is_tied(loaded), "  loaded with assign=True:", is_tied(assigned))

# %% [markdown]
# All but the last, which puts in a new Parameter for each name. And here the shapes do not even agree: the decoder
# needs the transpose. As a *function*, there is nothing to tie: `F.linear` takes any tensor, so take the same one
# twice.
#
# **Predict:** is a transpose made once, in `__init__`, as good as one made in `forward`? It is a view, after all.

# %%
weight = nn.Parameter(torch.tensor([[1.0, 2.0]]))
once = weight.detach().T  # a view: the same memory
layer = nn.Module()
layer.weight = weight

with torch.no_grad():
    layer.weight[0, 0] = 5.0
print("after writing:", once.flatten().tolist())

layer.double()
with torch.no_grad():
    layer.weight[0, 0] = 7.0
print("after .double():", once.flatten().tolist(), once.dtype, "  the weight:", layer.weight.flatten().tolist())

# %% [markdown]
# As long as nobody moves the memory, the view follows. `.double()` gives the Parameter new memory, and the view stays
# with the old. (And it was detached: the decoder would never have taught the weight anything.) Compute it anew in every
# call: a transpose costs nothing.

# %% [markdown]
# ### Exercise: `tied_autoencoder` (3 points)
#
# Write `class TiedAutoencoder(nn.Module)` with `TiedAutoencoder(features, hidden)`. It has exactly three Parameters:
# `weight (hidden, features)`, `encoder_bias (hidden,)` and `decoder_bias (features,)`, with any initial values.
# `encode(x)` is `F.linear` with the weight and the encoder's bias, `(N, features)` to `(N, hidden)`; `decode(code)` the
# way back, with the transposed weight and the decoder's bias. No activation. `forward(x)` decodes the code of `x`.
#
# It stays tied after `.double()`, a loaded state_dict, a step of an optimiser.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three Parameters, no layers. Which shape does `F.linear` ask of the weight in `encode`, and which in `decode`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `nn.Parameter(torch.randn(hidden, features) * 0.1)` makes one; scale first, then wrap (chapter 06). The transpose
# appears in `decode` only.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `decode` returns `F.linear(code, self.weight.T, self.decoder_bias)`.
#
# </details>


# %% exercise="tied_autoencoder"
class TiedAutoencoder(nn.Module):
    """``(N, features)`` to a code ``(N, hidden)`` and back, both with one weight."""

    def __init__(self, features, hidden):
        ### BEGIN SOLUTION
        super().__init__()
        self.weight = nn.Parameter(torch.randn(hidden, features) / features**0.5)
        self.encoder_bias = nn.Parameter(torch.zeros(hidden))
        self.decoder_bias = nn.Parameter(torch.zeros(features))
        ### END SOLUTION

    def encode(self, x):
        ### BEGIN SOLUTION
        return F.linear(x, self.weight, self.encoder_bias)
        ### END SOLUTION

    def decode(self, code):
        ### BEGIN SOLUTION
        return F.linear(code, self.weight.T, self.decoder_bias)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.decode(self.encode(x))
        ### END SOLUTION


# %% check="tied_autoencoder"
check("tied_autoencoder", TiedAutoencoder)

# %% [markdown]
# Let it learn: 1,000 written digits of 8 × 8 pixels, 64 numbers each, squeezed into 16. **Predict:** which digits come
# out best, those that it has seen, or those that it has not?

# %%
digits, _ = data.digits()
digits = digits[:, 0, ::4, ::4].flatten(1)  # (1797, 64): one number for each block of 4 × 4

try:
    tied = TiedAutoencoder(64, 16)
    optimizer = torch.optim.Adam(tied.parameters(), lr=0.01)
    for step in range(400):
        optimizer.zero_grad()
        loss = F.mse_loss(tied(digits[:1000]), digits[:1000])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        back = tied(digits)
        for name, some in (("seen", slice(0, 1000)), ("not seen", slice(1000, 1797))):
            print(f"{name:9} mean square error {F.mse_loss(back[some], digits[some]).item():.4f}")
        eight = torch.cat([digits[1000:1008], back[1000:1008]])
        picture = network.draw_feature_maps(eight.view(16, 8, 8))
except NotImplementedError:
    picture = None
    print("This trains your own `TiedAutoencoder`, once it is solved.")
picture

# %% [markdown]
# <details><summary>What is to be seen</summary>
#
# Maps 0 to 7 are digits that it has not seen, maps 8 to 15, below them, what came back from 16 numbers each: blurred, and
# with some blue, numbers below 0 that no digit has. Those that it has seen come out a little better.
#
# </details>

# %% [markdown]
# ## 8 · A weight that is computed from another one
#
# Sometimes a weight has to obey a law: be symmetric, be positive, have length 1. An optimiser knows no laws.
# **Predict:** this weight begins symmetric. Is it still, after one step?

# %%
start = torch.randn(3, 3)
weight = nn.Parameter(start + start.T)
F.linear(torch.randn(4, 3), weight).pow(2).sum().backward()
torch.optim.SGD([weight], lr=0.1).step()
print("largest difference to its transpose:", (weight - weight.T).abs().max().item())

# %% [markdown]
# No. But a *function* of the weight can obey the law, whatever the numbers are: take the upper triangle, and mirror it.
# The Parameter is free, and what is used is computed, in every call.
#
# **Predict:** the sum of the mirrored matrix is taken, and its gradient. Which entries of the weight get 0, which 1,
# which 2?

# %%
weight = torch.tensor([[1.0, 2.0], [77.0, 3.0]], requires_grad=True)
symmetric = weight.triu() + weight.triu(1).T
print(symmetric.tolist())
print(torch.autograd.grad(symmetric.sum(), weight)[0].tolist())

# %% [markdown]
# Below the diagonal 0: the 77 is used nowhere. Above it 2: that number stands in two places.

# %% [markdown]
# ### Exercise: `symmetric_linear` (3 points)
#
# Write `class SymmetricLinear(nn.Module)` with `SymmetricLinear(features)`. Its Parameters are
# `weight (features, features)` and `bias (features,)`, with any initial values; its state_dict holds exactly these two.
# `forward(x)` is `F.linear(x, S, bias)`: `S` is symmetric and has the upper triangle of `weight`, diagonal included. So
# also after a step, a loaded state_dict, `.double()`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# When do a step, a loaded state_dict and `.double()` happen: before or after `__init__`? When would `S` have to be
# computed, to know of them?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `triu()` keeps the upper triangle with its diagonal. Which part do you mirror, so that the diagonal does not count
# twice?
#
# </details>
# <details><summary>Hint 3</summary>
#
# In `forward`: `upper = self.weight.triu()`, and `upper + self.weight.triu(1).T` for the weight of `F.linear`.
#
# </details>


# %% exercise="symmetric_linear"
class SymmetricLinear(nn.Module):
    """``(…, features)`` to ``(…, features)`` by a symmetric matrix."""

    def __init__(self, features):
        ### BEGIN SOLUTION
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, features) / features**0.5)
        self.bias = nn.Parameter(torch.zeros(features))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        symmetric = self.weight.triu() + self.weight.triu(1).T
        return F.linear(x, symmetric, self.bias)
        ### END SOLUTION


# %% check="symmetric_linear"
check("symmetric_linear", SymmetricLinear)

# %% [markdown]
# ### The ready-made one
#
# torch has a tool for this. `parametrize` hangs a function behind a parameter of a layer that exists already: whoever
# asks for `layer.weight` gets what the function makes of it. **Predict:** under which name is the free weight in the
# state_dict?

# %%
from torch.nn.utils import parametrize


class Symmetric(nn.Module):
    def forward(self, weight):
        return weight.triu() + weight.triu(1).T


layer = nn.Linear(3, 3)
before = layer.state_dict()
parametrize.register_parametrization(layer, "weight", Symmetric())
print("symmetric:", torch.equal(layer.weight, layer.weight.T))
print("in the state_dict:", list(layer.state_dict()))
try:
    layer.load_state_dict(before)
except RuntimeError as error:
    print(error)

# %% [markdown]
# The Parameter is called `parametrizations.weight.original` now, and a state_dict with the old names no longer fits.
#
# **Predict:** `layer.weight` is computed at every access. Is it the same object as itself?

# %%
print(layer.weight is layer.weight)
with parametrize.cached():  # for a forward pass that reads it many times
    print(layer.weight is layer.weight)

# %% [markdown]
# **Predict:** and the gradient? Who gets it?

# %%
layer(torch.randn(4, 3)).sum().backward()
print(layer.parametrizations.weight.original.grad)

# %% [markdown]
# The free weight, and nothing below its diagonal.

# %% [markdown]
# ## What you have now
#
# | the tensors come from | what you do |
# |---|---|
# | a formula, for a module that exists | `functional_call(module, tensors, x)` |
# | the input itself | attention: a function of `q`, `k`, `v` between layers that are learned |
# | another network, for each sample | `F.conv2d` by groups, or `torch.vmap` |
# | another place in the same module | the same Parameter in two calls |
# | another tensor | compute it in `forward`, or `parametrize` |
#
# In all of them a module owns what is learned, and a function gets what it needs.

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. You call <code>functional_call(model, {"fc.wieght": w}, (x,))</code>, and the loss does not depend on
# <code>w</code>. What happened, and how can you notice?</summary>
#
# The name is misspelt, and torch ignored it: the model used its own weight. `strict=True` raises an error, and then wants
# every name; your own `call_with` raises one, too. Or ask for the gradient of `w`: there is none.
#
# </details>
# <details><summary>2. A colleague moves a causal mask from <code>scaled_dot_product_attention</code> to
# <code>nn.MultiheadAttention</code>. Shapes fit, and nobody complains. What is wrong?</summary>
#
# `True` now means *ignore*: each token looks only at what comes after it. The last one has nothing to look at, and that
# makes NaN of it, as the module is called by default. The mask has to be inverted.
#
# </details>
# <details><summary>3. Somebody computes <code>self.S = symmetric(self.weight)</code> in <code>__init__</code> and uses
# <code>self.S</code> in <code>forward</code>. Name two moments at which that goes wrong.</summary>
#
# After a step of the optimiser and after `load_state_dict`, `S` still has the old numbers. After `.double()` it has the
# old dtype. What is computed from a parameter is computed in `forward`.
#
# </details>
#
# In [chapter 10](../10_capstone/10_capstone.ipynb) everything comes together: one network in three builds, a whole
# ensemble in one call, a gradient for every single sample. What you have solved so far is in
# [Start here](../00_start_here.ipynb).
