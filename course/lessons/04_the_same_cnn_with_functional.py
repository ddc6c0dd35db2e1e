# %% [markdown]
# # 04 · The same CNN with functions
#
# In [chapter 03](../03_cnn_with_modules/03_cnn_with_modules.ipynb) objects held the weights. Now you hold them yourself: in
# a plain dictionary of four tensors. The arithmetic comes from `torch.nn.functional`, everybody's `F`, and some of it you
# write yourself.
#
# **At the end you can**
#
# - call any layer as a function, and hand it all that a module would remember;
# - make a network's weights: their shapes, their size, and leaves that collect gradients;
# - write ReLU, a linear layer and softmax yourself;
# - prove that two builds are the same network: the same logits, and the same four gradients.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from autograder import check
from course import data, network

_ = torch.manual_seed(0)  # the same random numbers for everybody

# %% [markdown]
# ## 1 · One convolution, two ways
#
# A module keeps its tensors, so you call it with `x` alone. A function keeps nothing, so you hand it everything.
#
# **Predict:** are the two results nearly equal, or exactly?

# %%
x = data.photos()  # two photographs, (2, 3, 32, 32)
conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)

by_module = conv(x)
by_function = F.conv2d(x, conv.weight, conv.bias, padding=1)
torch.equal(by_module, by_function)

# %% [markdown]
# Exactly equal: the module calls that same function. Notice that the module remembered more than its tensors.
#
# **Predict:** what changes when you forget `padding=1`, and who complains?

# %%
F.conv2d(x, conv.weight, conv.bias).shape

# %% [markdown]
# Nobody complains, and the images shrink to 30 × 30. And without the bias? Nobody complains either: it is optional. A function
# does what it is told.

# %% [markdown]
# ## 2 · The two builds, side by side
#
# This is chapter 03's class once more. If you have written your own there, paste it over this one: everything
# below, the proof included, then runs on yours.


# %%
class TinyCNN(nn.Module):
    """Images ``(N, 3, 32, 32)`` to logits ``(N, 10)``."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


# %% [markdown]
# **Predict:** in the picture below, where do the four tensors live on the left, and where on the right?

# %%
network.draw_builds()

# %% [markdown]
# The arithmetic in the middle is the same. Only the homes of the tensors differ.
#
# The next sections build the right-hand side, from the tensors on.

# %% [markdown]
# ## 3 · The whole model is four tensors
#
# | name | shape | numbers | each output adds up … |
# |---|---|---|---|
# | `conv.weight` | `(16, 3, 3, 3)` | 432 | 3 · 3 · 3 = **27** products |
# | `conv.bias` | `(16,)` | 16 | |
# | `fc.weight` | `(10, 16384)` | 163,840 | 16 · 32 · 32 = **16,384** products |
# | `fc.bias` | `(10,)` | 10 | |
#
# The last column has a name: **fan_in**. How large should the numbers be at the start? `torch.randn` gives numbers of size 1,
# which looks harmless.
#
# **Predict:** how large are the logits if all weights come from `torch.randn`? And guessing evenly
# between ten classes costs ln 10 = 2.3: what will the loss be?


# %%
def describe(model):
    logits = model(x)
    loss = F.cross_entropy(logits, torch.tensor([0, 1]))
    print(f"logits from {logits.min():8.2f} to {logits.max():7.2f}, loss {loss:7.2f}")


model = TinyCNN()
print("as torch made it: ", end="")
describe(model)

with torch.no_grad():
    for parameter in model.parameters():
        parameter.normal_()  # overwritten with numbers of size 1, as torch.randn gives them
print("from torch.randn: ", end="")
describe(model)

# %% [markdown]
# Logits in the hundreds. The network has learned nothing, and is already certain, of something wrong.
#
# A sum of many random numbers grows, even though they partly cancel out.
# **Predict** the last line; the first two show the pattern:

# %%
for fan_in in (16, 256, 16384):
    sums = (torch.randn(500, fan_in) * torch.randn(fan_in)).sum(dim=1)
    print(f"{fan_in:6} products of size 1: a sum of size {sums.std():.0f}")

# %% [markdown]
# It grows with √fan_in. So divide by that: let the weights be uniform between −1/√fan_in and 1/√fan_in, as in torch's own layers.
# The bias takes the bound of its layer, too.

# %%
model = TinyCNN()
for name, fan_in in (("conv", 27), ("fc", 16384)):
    largest = max(tensor.abs().max().item() for tensor in model.get_submodule(name).parameters())
    print(f"{name:5} 1/√{fan_in} = {fan_in**-0.5:.5f}   largest number in torch's layer: {largest:.5f}")

# %% [markdown]
# ### Leaves
#
# Gradients land in the `.grad` of **leaves**: tensors that nobody computed from other tensors that ask for gradients.
#
# **Predict:** which of these two is a leaf? Both hold three random numbers, a tenth as large.

# %%
a = torch.rand(3, requires_grad=True) / 10
b = (torch.rand(3) / 10).requires_grad_()
print("a is a leaf:", a.is_leaf, "  b is a leaf:", b.is_leaf)

# %% [markdown]
# `a` is a result: the leaf it was computed from has no name any more. An optimiser refuses it. First
# make the numbers, then ask for gradients.

# %%
try:
    torch.optim.SGD([a], lr=0.1)
except ValueError as error:
    print(error)

# %% [markdown]
# ### Exercise: `init_params` (4 points)
#
# Write `init_params(generator)`: a dictionary of the four tensors, under the names and with the shapes of the table. Each is
# uniform in ±1/√fan_in of its layer, float32, and a leaf that requires grad. All random numbers come from `generator`, so
# that the same generator state gives the same weights.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What are the two bounds? And in which order do the three things have to come: draw, scale, ask for gradients?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.rand(size, generator=generator)` is uniform from 0 to 1. How do you stretch and shift that to run from −bound to
# bound? Or let `tensor.uniform_(low, high, generator=…)` fill an empty tensor.
#
# </details>
# <details><summary>Hint 3</summary>
#
# For one of them: `torch.empty(16, 3, 3, 3).uniform_(-bound, bound, generator=generator).requires_grad_()`, with
# `bound = 27**-0.5`. A loop over names, shapes and bounds does all four.
#
# </details>


# %% exercise="init_params"
def init_params(generator):
    """``generator``: a ``torch.Generator``. Returns the four tensors by name, each a leaf."""
    ### BEGIN SOLUTION
    shapes = {
        "conv.weight": (16, 3, 3, 3),
        "conv.bias": (16,),
        "fc.weight": (10, 16 * 32 * 32),
        "fc.bias": (10,),
    }
    fan_in = {"conv": 3 * 3 * 3, "fc": 16 * 32 * 32}
    params = {}
    for name, shape in shapes.items():
        bound = fan_in[name.split(".")[0]] ** -0.5
        params[name] = torch.empty(shape).uniform_(-bound, bound, generator=generator).requires_grad_()
    return params
    ### END SOLUTION


# %% check="init_params"
check("init_params", init_params)

# %% [markdown]
# ## 4 · ReLU: a function with nothing to keep
#
# ReLU keeps positive numbers and turns negative ones into 0. There is nothing to learn in it, so nothing to own:
# `nn.ReLU()` and `F.relu` differ in nothing but how you write them.
#
# **Predict:** the gradient. If the third number of `z` grows a little, how much does its ReLU grow? And the first?

# %%
z = torch.tensor([-2.0, -0.5, 3.0], requires_grad=True)
F.relu(z).sum().backward()
print("relu:    ", F.relu(z).tolist())
print("gradient:", z.grad.tolist())

# %% [markdown]
# ### Exercise: `relu` (2 points)
#
# Write `relu(x)` for a tensor of any shape and dtype. It returns a new tensor of that shape, for floats of that
# dtype, and leaves `x` as it is; gradients go through.
#
# ✋ `relu` in any form (function, method or module). `clamp`, `where`, `maximum` and products are fine.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# ReLU is the larger of two numbers. Which two?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `x.clamp(min=…)` lifts what is too small. `torch.where(condition, one, other)` chooses, element by element. What does `x > 0`
# give, and what happens if you multiply with it?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `x.clamp(min=0)` is new; `x.clamp_(min=0)`, with the underscore, would write into the input.
#
# </details>


# %% exercise="relu"
def relu(x):
    """``x``: any shape. Returns the same shape, negative numbers replaced by 0."""
    ### BEGIN SOLUTION
    return x.clamp(min=0)
    ### END SOLUTION


# %% check="relu"
check("relu", relu)

# %% [markdown]
# ## 5 · Linear: which way round is the weight?
#
# A linear layer from 2 numbers to 3 has six weights. **Predict** its shape: `(2, 3)` or `(3, 2)`?

# %%
print(tuple(nn.Linear(2, 3).weight.shape))

# %% [markdown]
# `(out, in)`: one row for each output. Row `o` is multiplied with `x` and summed up: that is output `o`, before its bias.
#
# If the shape is square, mixing up the two goes unnoticed. **Predict**, in your head, the two outputs for this weight:

# %%
weight = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
print(F.linear(torch.tensor([[1.0, 2.0]]), weight))

# %% [markdown]
# <details><summary>The sums</summary>
#
# 1 · 1 + 2 · 2 = **5**, and 1 · 3 + 2 · 4 = **11**. If you got 7 and 10, you went down the columns.
#
# </details>

# %% [markdown]
# ### Exercise: `linear` (3 points)
#
# Write `linear(x, weight, bias=None)`: `x` is `(…, in)`, `weight` is `(out, in)`, `bias` is `(out,)` or `None`. The result is
# `(…, out)`, and gradients reach all three.
#
# ✋ `F.linear`, and so `nn.Linear`. Use a matrix product.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# In `x @ m`, the last dimension of `x` meets which dimension of `m`? Which one of `weight` has that length?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `weight.T` swaps rows and columns. A `(out,)` tensor added to `(…, out)` lines up with the last dimension by itself.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `out = x @ weight.T`; if there is a bias, add it: `out + bias`.
#
# </details>


# %% exercise="linear"
def linear(x, weight, bias=None):
    """``x (…, in)``, ``weight (out, in)``, ``bias (out,)`` or None. Returns ``(…, out)``."""
    ### BEGIN SOLUTION
    out = x @ weight.T
    return out if bias is None else out + bias
    ### END SOLUTION


# %% check="linear"
check("linear", linear)

# %% [markdown]
# ## 6 · Softmax: reading the logits
#
# Softmax takes e to the power of each number, and divides by the sum. Along the chosen dimension, the results sum to 1. The network
# itself returns logits; softmax is for whoever wants to read probabilities.
#
# **Predict:** what happens to the probabilities if we add 100 to all three logits?

# %%
logits = torch.tensor([1.0, 2.0, 3.0])
print(F.softmax(logits, dim=0))
print(F.softmax(logits + 100, dim=0))

# %% [markdown]
# Nothing: only differences count. That is fortunate, because of this. **Predict** the last column:

# %%
for number in (10.0, 80.0, 100.0):
    e = torch.tensor(number).exp()
    print(f"exp({number:.0f}) = {e.item():.3g}   divided by itself: {(e / e).item()}")

# %% [markdown]
# e¹⁰⁰ is more than float32 can hold: infinity. And infinity divided by infinity is `nan`, not a number. A good softmax
# never computes such an exponential.

# %% [markdown]
# ### Exercise: `softmax` (3 points)
#
# Write `softmax(x, dim)` for a tensor with any number of dimensions. `dim` may be negative, counted from the end. It has to be accurate for
# numbers as large as 10,000 and as small as −10,000, and gradients go through.
#
# ✋ `softmax` and `log_softmax` in any form.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You may subtract any number from all elements along `dim`. Which one makes sure that no exponent is above 0?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `x.amax(dim)` and `x.sum(dim)` lose the dimension they go along, and broadcasting then lines up the wrong ones. Both have an
# option that keeps it, with length 1.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `e = (x - x.amax(dim, keepdim=True)).exp()`. Then divide `e` by its own sum along `dim`, with `keepdim` again.
#
# </details>


# %% exercise="softmax"
def softmax(x, dim):
    """``x``: any shape. Returns the same shape; the numbers along ``dim`` sum to 1."""
    ### BEGIN SOLUTION
    e = (x - x.amax(dim, keepdim=True)).exp()
    return e / e.sum(dim, keepdim=True)
    ### END SOLUTION


# %% check="softmax"
check("softmax", softmax)

# %% [markdown]
# ## 7 · Taking the weights over
#
# To compare the two builds, both need the same numbers. So you will copy them out of a module. Copies come in several kinds:

# %%
layer = nn.Linear(2, 1)
with torch.no_grad():
    layer.weight.fill_(1)

takes = {"detach": layer.weight.detach(), "clone": layer.weight.clone()}

with torch.no_grad():
    layer.weight.fill_(7)

# %% [markdown]
# **Predict:** both were taken while the weight was all ones, *before* it was filled with sevens. Which of them shows sevens now? And which one
# is a leaf?

# %%
for name, taken in takes.items():
    print(f"{name:7} {taken.tolist()}  leaf: {taken.is_leaf}  requires grad: {taken.requires_grad}")

# %% [markdown]
# `detach` leaves the graph, but shares the memory: train one, and the other changes. `clone` has memory of its own, but is a result
# in the layer's graph. You will want both.

# %% [markdown]
# ### Exercise: `params_from_module` (3 points)
#
# Write `params_from_module(model)`: a dictionary of all parameters of any module, by name, without buffers. Each is a copy
# in memory of its own, with its dtype kept, and a leaf that requires grad, even where the module's was frozen.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which method gives names and parameters together, at any depth, and leaves out the buffers that `state_dict` has?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Out of the graph, into its own memory, then ask for gradients: three methods in a row, for each
# `name, parameter in model.named_parameters()`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `params[name] = parameter.detach().clone().requires_grad_()`
#
# </details>


# %% exercise="params_from_module"
def params_from_module(model):
    """All parameters of ``model`` by name: independent leaves that require grad."""
    ### BEGIN SOLUTION
    params = {}
    for name, parameter in model.named_parameters():
        params[name] = parameter.detach().clone().requires_grad_()
    return params
    ### END SOLUTION


# %% check="params_from_module"
check("params_from_module", params_from_module)

# %% [markdown]
# Here is the picture again, this time of a real module and *your* dictionary. The last lines say whether they share memory.

# %%
try:
    model = TinyCNN()
    picture = network.draw_builds(model, params_from_module(model))
except NotImplementedError:
    picture = None
    print("This draws your own dictionary, once `params_from_module` is solved.")
picture

# %% [markdown]
# ## 8 · The network as a function
#
# All the pieces are there: four tensors in a dictionary, and functions that take them as arguments.
#
# One thing needs care. `fc.weight` has 16,384 columns, one for each number of the 16 feature maps. **Predict:** in which
# order do the numbers of a `(1, 2, 2, 2)` tensor come after `flatten(1)`: place by place, or channel by channel?

# %%
maps = torch.tensor([[[[1, 2], [3, 4]], [[10, 20], [30, 40]]]])  # channel 0: ones, channel 1: tens
print("flatten(1):            ", maps.flatten(1).tolist())
print("channels moved to last:", maps.permute(0, 2, 3, 1).flatten(1).tolist())

# %% [markdown]
# Channel by channel. In another order, the shapes would fit just as well, and every weight would meet the wrong number.

# %% [markdown]
# ### Exercise: `functional_cnn` (5 points)
#
# Write `functional_cnn(x, params)`: the logits `(N, 10)` of images `x (N, 3, 32, 32)`, computed with the four tensors of `params`.
# Logits and all four gradients have to equal TinyCNN's. The keys of `params` come in any order.
#
# ✋ any layer of `nn`. `torch.nn.functional`, the tensor's methods, and your own `relu` and `linear` are all fine.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What did the convolution's module remember, besides its two tensors? (Section 1.)
#
# </details>
# <details><summary>Hint 2</summary>
#
# Look at the right-hand side of the picture: four calls, from top to bottom. Take each tensor by its name: `params["conv.weight"]`.
# Return the last result as it is, logits.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The first call is `F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1)`. The last is `F.linear`, with the `fc`
# tensors. In between: ReLU and `flatten(1)`.
#
# </details>


# %% exercise="functional_cnn"
def functional_cnn(x, params):
    """``x (N, 3, 32, 32)`` and the four tensors by name. Returns logits ``(N, 10)``."""
    ### BEGIN SOLUTION
    x = F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1)
    x = F.relu(x).flatten(1)
    return F.linear(x, params["fc.weight"], params["fc.bias"])
    ### END SOLUTION


# %% check="functional_cnn"
check("functional_cnn", functional_cnn)

# %% [markdown]
# ## 9 · What the module did for you
#
# Optimising, moving, saving: a dictionary can do all of it, and you say each step yourself. To keep the numbers small, here is
# a model of two tensors.
#
# **Optimising.** An optimiser never asks where a tensor lives. It takes a list of leaves.

# %%
images, target = data.digits(100)
params = {
    "weight": torch.zeros(10, 3 * 32 * 32, requires_grad=True),
    "bias": torch.zeros(10, requires_grad=True),
}
optimizer = torch.optim.SGD(list(params.values()), lr=0.05)

for step in range(20):
    loss = F.cross_entropy(F.linear(images.flatten(1), params["weight"], params["bias"]), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step in (0, 19):
        print(f"step {step:2}: loss {loss.item():.3f}")

# %% [markdown]
# **Moving.** A tensor's `.to` returns another tensor, so you make a new dictionary of new leaves. **Predict:** does the optimiser follow?

# %%
moved = {name: tensor.detach().to(torch.float64).requires_grad_() for name, tensor in params.items()}

held = optimizer.param_groups[0]["params"][0]
print("the optimiser holds the old weight:", held is params["weight"])
print("the optimiser holds the new weight:", held is moved["weight"])

# %% [markdown]
# It does not. It would go on training tensors that nobody looks at any more. After moving a dictionary, make a new optimiser. A
# module's `.to` changes its parameters in place, so that there the optimiser keeps up.

# %% [markdown]
# **Saving.** A dictionary of tensors is what a `state_dict` is. It saves and loads as one. The names have to match those that your
# function asks for; nobody checks that for you.

# %%
import io

file = io.BytesIO()
torch.save(params, file)
file.seek(0)
for name, tensor in torch.load(file, weights_only=True).items():
    same = torch.equal(tensor, params[name])
    print(f"{name:7} the same numbers: {same}  requires grad: {tensor.requires_grad}")

# %% [markdown]
# | | a module | a dictionary and functions |
# |---|---|---|
# | who makes the weights | the layer, when it is made | you |
# | who knows stride and padding | the layer | every call |
# | optimise | `model.parameters()` | `list(params.values())` |
# | move | `model.to(…)`, in place | a new dictionary, and a new optimiser |
# | save | `model.state_dict()`, names checked at loading | the dictionary; you check the names |
# | training or evaluating | `model.train()`, `model.eval()` | an argument of each call |
# | weights that change with the input | the weights would have to be swapped all the time | just another argument |

# %% [markdown]
# ## 10 · When to use which
#
# Nobody has to choose once and for all. Most code makes modules for what is learned, and calls functions in `forward`. Four
# questions decide:
#
# 1. Does it own something **learned**? A module keeps, lists, saves and moves it.
# 2. Does it keep **other state**, such as running statistics? The same.
# 3. Does it behave differently in **training and evaluation**? A module knows its mode; a function has to be told at each call.
# 4. Does it stand in an **`nn.Sequential`**? That holds only modules.
#
# If all four answers are no, a function will do. And if the weights **come from elsewhere**, it has to be a function.

# %% [markdown]
# ### Told at each call
#
# Two functions that are often used have a mode, and their defaults are not the same. Dropout you know from chapter 03. **Batch norm** takes off
# a mean and divides by a standard deviation: in training those of the batch, afterwards *running statistics*, which it has kept of all
# batches (chapter 07 has the whole of it). **Predict:** which of the two lines below is in training mode? Nobody says so.

# %%
ones = torch.ones(8)
print("F.dropout:   ", F.dropout(ones))

batch = torch.tensor([[10.0], [30.0]])
mean, var = torch.zeros(1), torch.ones(1)
print("F.batch_norm:", F.batch_norm(batch, mean, var).flatten())

# %% [markdown]
# `F.dropout` drops, unless you say `training=False`. `F.batch_norm` uses the running statistics it is given, here mean 0 and variance 1,
# unless you say `training=True`; then it would normalise 10 and 30 to about −1 and 1. (29.9998 for 30: a tiny number is added to the
# variance, so that nothing is ever divided by 0.) In a module's `forward`, hand on the mode:
# `F.dropout(x, training=self.training)`. Or let `nn.Dropout` do that.

# %% [markdown]
# ### Weights that come from elsewhere
#
# Here a small network looks at the image and *computes* the filter that the image is then convolved with. **Predict:** is the
# filter a leaf? And does a gradient reach the small network?

# %%
maker = nn.Linear(3, 9)  # from the image's mean colour to a 3 × 3 filter
photo = data.photo("flower")

kernel = maker(photo.mean(dim=(1, 2))).view(1, 1, 3, 3)
grey = photo.mean(dim=0).view(1, 1, 32, 32)
F.conv2d(grey, kernel, padding=1).sum().backward()

print("the filter is a leaf:", kernel.is_leaf)
print("a gradient reached the small network:", maker.weight.grad.abs().sum().item() > 0)

# %% [markdown]
# The filter is a result, another one for each image. An `nn.Conv2d` owns its filters and has no place for that. For the
# function it is one more argument.

# %% [markdown]
# ### Exercise: `which_api` (2 points)
#
# For each situation, replace the dots by `"module"` or `"functional"`: which one does the job with the least to take care of?

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For each line, go through the four questions above. Is there a single yes?
#
# </details>
# <details><summary>Hint 2</summary>
#
# "Owns no parameters" is not the same as "has nothing to remember". Which situations speak of a mode, of statistics, of
# `nn.Sequential`? And which weights are computed anew for each input?
#
# </details>
# <details><summary>Hint 3</summary>
#
# Four of the eight are `"module"`: one for what is learned, one for a mode, one for running statistics, one for where it stands.
#
# </details>

# %% exercise="which_api"
which_api = {
    "a convolution whose filters are learned": ...,
    "a convolution whose filters another network computes for each input": ...,
    "dropout that has to stop in eval mode": ...,
    "a ReLU between two layers, written in forward": ...,
    "max pooling, written in forward": ...,
    "batch norm with its running statistics": ...,
    "softmax to read probabilities off the logits": ...,
    "a flatten step inside nn.Sequential": ...,
}
### BEGIN SOLUTION
which_api = {
    "a convolution whose filters are learned": "module",
    "a convolution whose filters another network computes for each input": "functional",
    "dropout that has to stop in eval mode": "module",
    "a ReLU between two layers, written in forward": "functional",
    "max pooling, written in forward": "functional",
    "batch norm with its running statistics": "module",
    "softmax to read probabilities off the logits": "functional",
    "a flatten step inside nn.Sequential": "module",
}
### END SOLUTION

# %% check="which_api"
check("which_api", which_api)

# %% [markdown]
# ## 11 · The proof
#
# Two networks are the same if the same weights give the same logits, and the same loss sends the same gradient to every weight.
# This cell takes both builds, and *your* functions, and measures the largest difference of each.


# %%
def proof(dtype):
    """The largest differences between both builds with the same weights, on eight real digits."""
    x, target = data.digits(8)
    x = x.to(dtype)
    model = TinyCNN().to(dtype)
    params = params_from_module(model)

    by_modules, by_functions = model(x), functional_cnn(x, params)
    F.cross_entropy(by_modules, target).backward()
    F.cross_entropy(by_functions, target).backward()

    found = {"logits": (by_modules - by_functions).abs().max().item()}
    for name, parameter in model.named_parameters():
        found[f"gradient of {name}"] = (parameter.grad - params[name].grad).abs().max().item()
    return found


# %% [markdown]
# **Predict:** float32 has about 7 digits, float64 about 16. How large will the differences be? Or will they be exactly 0?

# %%
try:
    for dtype, rounding in ((torch.float32, 1e-5), (torch.float64, 1e-13)):
        differences = proof(dtype)
        print(dtype)
        for what, size in differences.items():
            print(f"  {what:24} {size:.1e}")
        same = max(differences.values()) <= rounding
        print("  The same network." if same else f"  Not the same yet: more than {rounding} apart.")
except NotImplementedError:
    print("The proof runs once `params_from_module` and `functional_cnn` are solved.")

# %% [markdown]
# If your `functional_cnn` calls `F.relu` and `F.linear`, all differences are most likely exactly 0: both builds run the same code.
#
# **Try it:** call your own `relu` and `linear` there instead, run that cell and the two above again. Are the differences still 0? If
# not, how large are they in each dtype, and what does that tell you about where they come from?
#
# <details><summary>What is to be seen</summary>
#
# Adding the same numbers in another order rounds differently. If such differences appear, they are near 1e-7 or below in
# float32, and near 1e-16 or below in float64: rounding, and nothing else. A mistake would be as large in float64 as in
# float32.
#
# </details>

# %% [markdown]
# ## What you have now
#
# One CNN, two ways. With modules, the object holds the weights and takes care of them. With functions, you hold the weights, and
# see everything that is done with them. It is the same network: you have measured it.

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. <code>w = torch.randn(5, requires_grad=True) * 0.1</code>. An optimiser refuses <code>w</code>. Why, and how
# is it made instead?</summary>
#
# `w` is a result of a product, not a leaf. First make the numbers, then ask for gradients:
# `w = (torch.randn(5) * 0.1).requires_grad_()`.
#
# </details>
# <details><summary>2. You turn your dictionary into float64 and go on training. The loss does not move any more. What happened?</summary>
#
# `.to` made new tensors, and the optimiser holds the old ones. It steps what nobody looks at. A moved dictionary needs a new
# optimiser; a module's `.to` changes its parameters in place.
#
# </details>
# <details><summary>3. Two builds give the same logits. Why does the proof compare gradients as well?</summary>
#
# A build that cuts the graph, by a `detach` somewhere, has the right logits and learns nothing there. Logits say what a network
# computes, gradients say whether it can learn.
#
# </details>
#
# In [chapter 05](../05_convolution_by_hand/05_convolution_by_hand.ipynb) you take the one function apart that is still a closed box:
# `F.conv2d`. What you have solved so far is in [Start here](../00_start_here.ipynb).
