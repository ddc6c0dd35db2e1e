# %% [markdown]
# # 06 · What a module registers
#
# In [chapter 03](../03_cnn_with_modules/03_cnn_with_modules.ipynb) you wrote `self.conv = …`, and from then on the module knew
# its tensors. In [chapter 04](../04_the_same_cnn_with_functional/04_the_same_cnn_with_functional.ipynb) you kept them yourself.
# Here you look at what happens in between: who writes a tensor into the list, and what happens to those that are not on it.
#
# **At the end you can**
#
# - say of any line in an `__init__` what it registers, and what follows from that;
# - write layers that nobody can tell from torch's own;
# - find the tensors that a model has lost, with a tool and with a function of your own;
# - write the part of `nn.Module` that does all this.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from autograder import check
from course import data, network

_ = torch.manual_seed(0)  # the same random numbers for everybody

# %% [markdown]
# ## 1 · A tree of tensors and one function
#
# This is the network of the course, once more. The picture shows it as what it is for torch: boxes in boxes, with tensors in
# them. On the right is what others make of it: a `state_dict` for a file, and an optimiser that steps.
#
# **Predict:** how many boxes, and how many tensors?


# %%
class TinyCNN(nn.Module):
    """Images ``(N, 3, 32, 32)`` to logits ``(N, 10)``."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


model = TinyCNN()
network.where(model, torch.optim.SGD(model.parameters(), lr=0.1))

# %% [markdown]
# `network.where` is the tool of this chapter and the next two. Whenever a tensor does not do what it should, ask it where the
# tensor lives.
#
# The boxes are a tree: `fc.weight` is the way to a tensor, from the outside in. Flat, with the ways as names, it is the
# dictionary of chapter 04. What is left of the module is its `forward`: a function of `x` *and of these tensors*.
#
# `torch.func.functional_call` takes that at its word. It calls a module with tensors from a dictionary, as if they were the
# module's own.
#
# **Predict:** nearly the same logits as `model(x)`, or exactly? And what if all four tensors are zeros?

# %%
from torch.func import functional_call

x = data.photos()  # two photographs, (2, 3, 32, 32)
tensors = {name: tensor.detach().clone() for name, tensor in model.named_parameters()}
zeros = {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}

print("the same, bit for bit:", torch.equal(functional_call(model, tensors, (x,)), model(x)))
print("with zeros:           ", functional_call(model, zeros, (x,))[0].tolist())
print("still the module's own:", model.fc.weight.abs().sum().item() > 0)

# %% [markdown]
# Exactly the same; and other tensors make another network of the same function. So a module is **a tree of tensors and one
# function**. That is the bridge between both builds of this course, and chapter 09 crosses it.
#
# The function is what you write in `forward`. The tree grows by **registration**. That is what the rest of this chapter is
# about.

# %% [markdown]
# ## 2 · Who gets in
#
# A module keeps three lists of its own. You can look at them.

# %%
norm = nn.BatchNorm2d(4)
print("parameters:", list(norm._parameters))
print("buffers:   ", list(norm._buffers))
print("modules:   ", list(model._modules))

# %% [markdown]
# - **Parameters** are learned.
# - **Buffers** belong to the module as well, but nobody learns them, such as the running statistics of batch norm.
# - **Modules** have lists of their own. That makes it a tree.
#
# Who writes into them? Your assignment does. Python turns `self.name = value` into a call of `__setattr__`, and `nn.Module` has
# one of its own: it looks at the *type* of the value. Nothing else of the value counts, neither what it is for nor how
# `forward` uses it.
#
# Here are ten lines. **Predict** what each of them registers.


# %%
class Box(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = torch.zeros(3)
        self.asking = torch.zeros(3, requires_grad=True)
        self.weight = nn.Parameter(torch.zeros(3))
        self.scaled = nn.Parameter(torch.ones(3)) * 0.1
        self.layer = nn.Linear(3, 3)
        self.layers = [nn.Linear(3, 3), nn.Linear(3, 3)]
        self.stack = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)
        self.act = F.relu


# %% [markdown]
# ### Exercise: `predict_registered` (3 points)
#
# For each attribute of `Box`, replace the dots by `"parameter"`, `"buffer"`, `"module"` or `"nothing"`: on which list does the
# attribute's own name stand?

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For each line: of which *type* is the value on the right, once Python has computed it?
#
# </details>
# <details><summary>Hint 2</summary>
#
# What is `type(nn.Parameter(torch.ones(3)) * 0.1)`? What is `isinstance([nn.Linear(3, 3)], nn.Module)`? Two of the lines say
# themselves on which list they want to be.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Exactly one attribute is a `"parameter"`. Two are modules, two are buffers, and five are on no list at all.
#
# </details>

# %% exercise="predict_registered"
predict_registered = {
    "plain": ...,
    "asking": ...,
    "weight": ...,
    "scaled": ...,
    "layer": ...,
    "layers": ...,
    "stack": ...,
    "mean": ...,
    "scratch": ...,
    "act": ...,
}
### BEGIN SOLUTION
predict_registered = {
    "plain": "nothing",
    "asking": "nothing",
    "weight": "parameter",
    "scaled": "nothing",
    "layer": "module",
    "layers": "nothing",
    "stack": "module",
    "mean": "buffer",
    "scratch": "buffer",
    "act": "nothing",
}
### END SOLUTION

# %% check="predict_registered"
check("predict_registered", predict_registered)

# %% [markdown]
# ### What follows from it
#
# The lists decide who is moved, who is saved and who is trained. (`.to("cpu")` would move nothing here, so this asks for
# another dtype.)
#
# **Predict:** which of these tensors are float64 afterwards?

# %%
box = Box().to(torch.float64)
for name in ("plain", "asking", "weight", "scaled", "mean", "scratch"):
    print(f"{name:8}", getattr(box, name).dtype)
for name, layer in (("layer", box.layer), ("layers", box.layers[0]), ("stack", box.stack[0])):
    print(f"{name:8}", layer.weight.dtype)

# %% [markdown]
# Only what is registered was moved. `box.layers[0]` stayed behind: the list is an ordinary attribute, and nobody looks into it.
# In a forward pass, float32 and float64 would then meet, and torch would complain. On a graphics card it would be two devices.
#
# **Predict:** which names has the `state_dict`? And does `scratch` stand in it, which was registered?

# %%
print("state_dict:", list(box.state_dict()))
print("scratch among the buffers:", "scratch" in dict(box.named_buffers()))

# %% [markdown]
# A buffer that is not *persistent* is moved with the module, but not saved. It is for what can be computed again, such as a
# table or a mask.
#
# And all of `Box` in one picture. It marks what nobody registered, and says so once more under the table.

# %%
network.where(box)

# %% [markdown]
# ### What may take whose place
#
# A name that stands on a list is watched. **Predict:** which of these three assignments are refused?


# %%
def put(title, value):
    layer = nn.Linear(3, 3)
    try:
        layer.weight = value
        print(f"{title:15} taken;  parameters: {[name for name, _ in layer.named_parameters()]}")
    except TypeError as error:
        print(f"{title:15} {error}")


put("a plain tensor:", torch.zeros(3, 3))
put("a buffer:", nn.Buffer(torch.zeros(3, 3)))
put("None:", None)

# %% [markdown]
# A plain tensor in the place of a parameter is almost always a mistake, so torch refuses it; a buffer, too. (`nn.Buffer` is the
# other way to write `register_buffer`: `self.mean = nn.Buffer(torch.zeros(3))`.) `None` is allowed: then there is no such
# parameter any more. That is what `nn.Linear(3, 3, bias=False)` does with its bias.
#
# The other way round a plain tensor is taken: over a *buffer*, it becomes the buffer.

# %%
norm.running_mean = torch.ones(4)
print("still a buffer:", "running_mean" in dict(norm.named_buffers()))

# %% [markdown]
# ## 3 · A layer of your own
#
# Chapter 03 showed the one line that `nn.Linear` computes. The rest of it is about its tensors. Here is how it makes their
# first numbers:

# %%
import inspect

print(inspect.getsource(nn.Linear.reset_parameters))

# %% [markdown]
# As it says there, Kaiming's formula with √5 is a long way of writing: uniform between −1/√in_features and 1/√in_features.
# **Predict:** a linear layer from 25 numbers to 4000. How large is its largest weight, and how large its largest bias?

# %%
layer = nn.Linear(25, 4000)
print(f"weight: {layer.weight.abs().max():.4f}   bias: {layer.bias.abs().max():.4f}")

# %% [markdown]
# 1/√25 = 0.2, for both. The number of outputs does not matter: what each output sums up does.
#
# One trap is in the order of things. **Predict:** two layers scale their numbers by a tenth. How many parameters does each
# have?


# %%
class ScaledAfter(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(3)) / 10


class ScaledBefore(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(3) / 10)


for kind in (ScaledAfter, ScaledBefore):
    made = kind()
    print(
        f"{kind.__name__:13} parameters: {len(list(made.parameters()))}   weight is a {type(made.weight).__name__}, "
        f"leaf: {made.weight.is_leaf}"
    )

# %% [markdown]
# A `Parameter` divided by 10 is no `Parameter`, but a tensor that was computed from one. What was registered in `ScaledAfter`?
# Nothing at all: the `Parameter` had no name. First the numbers, then `nn.Parameter` around them.

# %% [markdown]
# ### Exercise: `my_linear` (4 points)
#
# Write `class MyLinear(nn.Module)` with `MyLinear(in_features, out_features, bias=True)`.
#
# - `weight (out_features, in_features)` and `bias (out_features,)` are parameters, at first uniform within ±1/√in_features, as
#   torch's are. With `bias=False` there is no bias, neither as a parameter nor in the sum.
# - `forward` takes `x (…, in_features)` and gives `(…, out_features)`. `F.linear` is welcome.
# - Its state can be loaded into an `nn.Linear` and the other way round, and `.to` moves all of it.
#
# ✋ `nn.Linear`: neither make one nor derive from it.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which two things does a state_dict need to fit another module: what of the tensors has to be the same, and what of their
# names?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.empty(size).uniform_(-bound, bound)` makes the numbers. What has to be around them, before they become an attribute?
# And what becomes of `self.bias` when there is none, so that `F.linear(x, self.weight, self.bias)` still works?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))` with `bound = in_features**-0.5`;
# the bias the same way, or `self.bias = None`.
#
# </details>


# %% exercise="my_linear"
class MyLinear(nn.Module):
    """``x (…, in_features)`` to ``(…, out_features)``."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        ### BEGIN SOLUTION
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound)) if bias else None
        ### END SOLUTION

    def forward(self, x):
        """``x (…, in_features)``. Returns ``(…, out_features)``."""
        ### BEGIN SOLUTION
        return F.linear(x, self.weight, self.bias)
        ### END SOLUTION


# %% check="my_linear"
check("my_linear", MyLinear)

# %% [markdown]
# ### What a convolution remembers
#
# `nn.Conv2d` keeps tensors, too, and something else: stride and padding. **Predict:** on which list are those?

# %%
conv = nn.Conv2d(3, 16, kernel_size=5, stride=2, padding=1)
print("parameters:", [name for name, _ in conv.named_parameters()], "  buffers:", list(conv.named_buffers()))
print("stride:", conv.stride, "  in the state_dict:", "stride" in conv.state_dict())

# %% [markdown]
# On none. They are plain attributes, decided when the object is made. A `state_dict` has the tensors only: whoever loads it has
# to make the same object first.
#
# The bound of its first numbers is 1/√fan_in again. **Predict** it for this layer. How many products does each output of a
# convolution sum up?

# %%
print(f"largest weight {conv.weight.abs().max():.4f}, largest bias {conv.bias.abs().max():.4f}, 1/√75 = {75**-0.5:.4f}")

# %% [markdown]
# ### Exercise: `my_conv2d` (3 points)
#
# Write `class MyConv2d(nn.Module)` with `MyConv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True)`,
# around `F.conv2d`. `kernel_size`, `stride` and `padding` are whole numbers, `x` is `(N, in_channels, H, W)`.
#
# Weight *and bias* are at first uniform within ±1/√fan_in. Its state fits `nn.Conv2d`'s and the other way round.
#
# ✋ `nn.Conv2d`: neither make one nor derive from it.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Look at the table in section 3 of chapter 04. What is the shape of a convolution's weight, and what is its fan_in?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `MyLinear` has the whole pattern. What is new is that `__init__` also has to remember two numbers for `forward`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The weight is `(out_channels, in_channels, kernel_size, kernel_size)`, `bound = (in_channels * kernel_size**2) ** -0.5`, and
# `F.conv2d(x, self.weight, self.bias, stride=…, padding=…)` takes what you put aside.
#
# </details>


# %% exercise="my_conv2d"
class MyConv2d(nn.Module):
    """``x (N, in_channels, H, W)`` to ``(N, out_channels, Ho, Wo)``."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True):
        super().__init__()
        ### BEGIN SOLUTION
        self.stride, self.padding = stride, padding
        bound = (in_channels * kernel_size**2) ** -0.5
        size = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = nn.Parameter(torch.empty(size).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_channels).uniform_(-bound, bound)) if bias else None
        ### END SOLUTION

    def forward(self, x):
        """``x (N, in_channels, H, W)``. Returns ``(N, out_channels, Ho, Wo)``."""
        ### BEGIN SOLUTION
        return F.conv2d(x, self.weight, self.bias, stride=self.stride, padding=self.padding)
        ### END SOLUTION


# %% check="my_conv2d"
check("my_conv2d", MyConv2d)

# %% [markdown]
# Both together make TinyCNN without a single layer of torch's. **Predict:** after loading the state of `model` from section 1,
# how far apart are the logits?

# %%
try:
    own = nn.Module()
    own.conv, own.fc = MyConv2d(3, 16, 3, padding=1), MyLinear(16 * 32 * 32, 10)
    print(own.load_state_dict(model.state_dict()))
    logits = own.fc(F.relu(own.conv(x)).flatten(1))
    print("largest difference:", (logits - model(x)).abs().max().item())
except NotImplementedError:
    print("This builds TinyCNN from your own layers, once `my_linear` and `my_conv2d` are solved.")

# %% [markdown]
# ## 4 · What gets lost
#
# A tensor that nobody registered works in `forward` like any other. That is what makes the mistake so hard to see: nothing
# fails. Here is a network that keeps its two middle layers in a list.


# %%
class Forgetful(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.layers = [nn.Linear(8, 8), nn.Linear(8, 8)]
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.first(x))
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.last(x)


forgetful = Forgetful()
forgetful(torch.rand(5, 4)).shape

# %% [markdown]
# **Predict:** after a step of the optimiser, which weights have changed? And after saving and loading into another `Forgetful`,
# do both say the same?

# %%
optimizer = torch.optim.SGD(forgetful.parameters(), lr=0.1)
before = forgetful.layers[0].weight.detach().clone()
forgetful(torch.rand(5, 4)).sum().backward()
optimizer.step()
print("gradient of the middle layer:  ", forgetful.layers[0].weight.grad.abs().sum().item() > 0)
print("the middle layer has learned:  ", not torch.equal(forgetful.layers[0].weight, before))

again, rows = Forgetful(), torch.rand(5, 4)
print(again.load_state_dict(forgetful.state_dict()))
print("the same outputs after loading:", torch.equal(again(rows), forgetful(rows)))

# %% [markdown]
# The gradient arrives, and nobody takes the step. Saving and loading report that all keys match, and half of the network is
# missing. Ask where its tensors live:

# %%
network.where(forgetful, optimizer)

# %% [markdown]
# ### Exercise: `find_unregistered` (4 points)
#
# Write `find_unregistered(module)`: a sorted list of the paths of all tensors that the lists of `module` and of the modules in
# it miss.
#
# - A plain tensor that is an attribute, of the module itself or of one inside: `scale`, `fc.scale`.
# - A tensor in a list, a tuple or a dictionary, and in lists in lists: `scales.2`, `heads.a`.
# - Every parameter and every buffer of a module that is kept only there: `layers.0.weight`. Its plain tensors, too.
#
# What is registered, as a buffer that is not persistent as well, is not reported, even if a list holds it too. The module stays
# as it is.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How do you know that a tensor *is* one of the registered ones? Compare two tensors with `==` and see what you get. What do you
# need instead?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Three steps. Collect the `id` of everything registered, from `named_parameters` and `named_buffers`, and of `modules()`. Then
# write a function that takes a value and its path: a tensor is noted, a list or a dictionary is opened, a module is looked
# through. Then start it on the attributes of each registered module: `vars(part)` has them.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `vars(part)` also has what `nn.Module` itself keeps, such as `_parameters`. Leave out all names in `vars(nn.Module())`. For a
# module that is kept only in a list, note its `_parameters` and `_buffers`, then go on with its `_modules` and its other
# attributes, each under the path so far plus `"."` and the name.
#
# </details>


# %% exercise="find_unregistered"
def find_unregistered(module):
    """Sorted paths of the tensors in ``module`` that are neither parameter nor buffer of it."""
    ### BEGIN SOLUTION
    known = {id(one) for one in (*module.parameters(), *module.buffers(), *module.modules())}
    found = []

    def look(value, path):
        if id(value) in known:
            return
        if isinstance(value, torch.Tensor):
            found.append(path)
        elif isinstance(value, nn.Module):
            look_inside(value, f"{path}.", value._parameters | value._buffers | value._modules)
        elif isinstance(value, dict):
            for key, item in value.items():
                look(item, f"{path}.{key}")
        elif isinstance(value, (list, tuple)):
            for number, item in enumerate(value):
                look(item, f"{path}.{number}")

    def look_inside(part, prefix, more=()):
        own = {name: value for name, value in vars(part).items() if name not in vars(nn.Module())}
        for name, value in {**own, **dict(more)}.items():
            look(value, prefix + name)

    for path, part in module.named_modules():
        look_inside(part, f"{path}." if path else "")
    return sorted(found)
    ### END SOLUTION


# %% check="find_unregistered"
check("find_unregistered", find_unregistered)

# %%
try:
    for lost in (forgetful, Box(), model):
        print(f"{type(lost).__name__:10}", find_unregistered(lost))
except NotImplementedError:
    print("This looks for lost tensors, once `find_unregistered` is solved.")

# %% [markdown]
# ## 5 · Layers in a row
#
# `nn.ModuleList` is a list that is a module. It registers what you put in, and does nothing else: it has no `forward`, so you
# say yourself in which order its layers are used. `nn.ModuleDict` is the same for dictionaries.
#
# **Predict:** the names of the parameters.

# %%
stack = nn.ModuleList([nn.Linear(2, 3), nn.Linear(3, 1)])
print([name for name, _ in stack.named_parameters()])

# %% [markdown]
# Two traps are left. **Predict:** how many parameters have these two, and how many layers are there in each?

# %%
times = nn.ModuleList([nn.Linear(4, 4)] * 3)
comprehension = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
print("[layer] * 3:   ", len(list(times.parameters())), "parameters")
print("three of them: ", len(list(comprehension.parameters())), "parameters")
network.where(times)

# %% [markdown]
# `[layer] * 3` is one layer in three places. All three names lead to the same tensors: they are *tied*. Sometimes that is
# meant. Here it was not.

# %% [markdown]
# ### Exercise: `stacked_mlp` (3 points)
#
# Write `class StackedMLP(nn.Module)`. `StackedMLP((5, 8, 8, 3))` has a linear layer from 5 numbers to 8, one from 8 to 8 and
# one from 8 to 3, each with weights of its own. Between two layers is a ReLU, after the last there is none. `widths` has at
# least two numbers, `x` is `(N, widths[0])`, and all layers are registered.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Four widths make three layers. Which two widths does each layer need? `zip(widths, widths[1:])` gives all pairs of neighbours.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Where do the layers have to lie, so that the module knows of them? And how does `forward` know that a layer is the last one?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))`. In `forward`: `for layer in
# self.layers[:-1]: x = F.relu(layer(x))`, then the last one without ReLU.
#
# </details>


# %% exercise="stacked_mlp"
class StackedMLP(nn.Module):
    """``x (N, widths[0])`` to ``(N, widths[-1])``."""

    def __init__(self, widths):
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        ### END SOLUTION

    def forward(self, x):
        """``x (N, widths[0])``. Returns ``(N, widths[-1])``."""
        ### BEGIN SOLUTION
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)
        ### END SOLUTION


# %% check="stacked_mlp"
check("stacked_mlp", StackedMLP)

# %% [markdown]
# ## 6 · State that nobody learns
#
# Some layers remember what they have seen. What they remember has to be saved and moved, but an optimiser must keep its hands
# off. That is a buffer. `register_buffer` makes it, and afterwards it is read and written like any attribute.
#
# **Predict:** this layer counts its calls in two ways. What do both say after saving and loading?


# %%
class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = 0
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x):
        self.plain += 1
        self.calls += 1
        return x


counting, loaded = Counting(), Counting()
for _ in range(3):
    counting(torch.zeros(1))
loaded.load_state_dict(counting.state_dict())
print("plain:", loaded.plain, "  buffer:", loaded.calls.item(), "  parameters:", list(counting.parameters()))

# %% [markdown]
# The plain number stayed behind. One more thing to mind: where state is computed from `x`, it must not hang in the
# graph. **Predict:** what is odd about the second mean?

# %%
x = torch.rand(4, 2, requires_grad=True)
print("detached:", x.detach().mean(dim=0).requires_grad, "  not detached:", x.mean(dim=0).requires_grad)

# %% [markdown]
# The second one would carry along the whole computation that led to it, in every call a longer one, and let gradients flow back
# into old batches.

# %% [markdown]
# ### Exercise: `running_mean` (4 points)
#
# Write `class RunningMean(nn.Module)` with `RunningMean(num_features)`. It subtracts from `x (N, num_features)` the mean of
# *all rows that it has ever seen in training*.
#
# - Buffers: `mean (num_features,)`, zeros at first, and `count`, a single int64 number: how many rows.
# - In training, the rows of `x` are counted first, and then the new mean is subtracted. To autograd it is a constant.
# - In eval nothing changes: the mean so far is subtracted.
# - Both buffers are saved, and follow `.to`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You have seen 10 rows with the mean 4, and now see 5 rows with the mean 1. What is the mean of all 15? It is not 2.5.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The sum of all rows so far is `mean * count`. Add the sum of the new rows, and divide by the new count. `self.training` says
# which mode it is.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `self.register_buffer("mean", torch.zeros(num_features))`, and `"count"` with `torch.tensor(0)`. In training, with `rows =
# x.detach()`: `total = self.mean * self.count + rows.sum(dim=0)`, then `self.count += len(rows)` and `self.mean = total /
# self.count`.
#
# </details>


# %% exercise="running_mean"
class RunningMean(nn.Module):
    """``x (N, num_features)`` minus the mean of all rows seen in training."""

    def __init__(self, num_features):
        super().__init__()
        ### BEGIN SOLUTION
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("count", torch.tensor(0))
        ### END SOLUTION

    def forward(self, x):
        """``x (N, num_features)``. Returns the same shape."""
        ### BEGIN SOLUTION
        if self.training:
            rows = x.detach()
            total = self.mean * self.count + rows.sum(dim=0)
            self.count += len(rows)
            self.mean = total / self.count
        return x - self.mean
        ### END SOLUTION


# %% check="running_mean"
check("running_mean", RunningMean)

# %% [markdown]
# On real digits: each is a row of 3 · 32 · 32 numbers. **Predict:** after all batches, how far is the running mean from the
# mean of all digits at once?

# %%
digits, _ = data.digits(1000)
rows = digits.flatten(1).double()

try:
    centre = RunningMean(rows.shape[1]).double()
    for batch in rows.split(96):
        centre(batch)
    difference = (centre.mean - rows.mean(dim=0)).abs().max()
    print(f"{centre.count} rows in batches of 96, the last of {len(batch)}; largest difference {difference:.1e}")
except NotImplementedError:
    print("This centres real digits, once `running_mean` is solved.")

# %% [markdown]
# ## 7 · `nn.Module` itself
#
# You know now what it does. How does it do it? **Predict:** is `weight` in the dictionary in which Python keeps an object's
# attributes?

# %%
layer = nn.Linear(2, 3)
print("among the attributes:", "weight" in vars(layer))
print("among the parameters:", "weight" in layer._parameters)

# %% [markdown]
# It lies in the list, and only there. Python does not find it among the attributes, and then asks `__getattr__`, which
# `nn.Module` has too: it looks into the three lists. That explains a puzzling message. **Predict:** below, which name is
# misspelt, and which one is reported missing?


# %%
class Odd(nn.Module):
    @property
    def area(self):
        return self.hieght * 2


try:
    Odd().area
except AttributeError as error:
    print(error)

# %% [markdown]
# The property fails inside, with an AttributeError of its own. Python takes that for "there is no area", asks `__getattr__`,
# and that does not know one either. If torch tells you that a property is missing which you can see in front of you, look
# inside of it.
#
# One thing is fixed by all this: what is moved or loaded stays the same object. **Predict:** after `.double()`, does an
# optimiser that was made before still hold the right tensors? And after a layer is replaced?

# %%
moving = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
optimizer = torch.optim.SGD(moving.parameters(), lr=0.1)

weight = moving[0].weight
moving.double()
print("the same Parameter after .double():", moving[0].weight is weight, weight.dtype)

moving[1] = nn.Linear(3, 5).double()
network.where(moving, optimizer)

# %% [markdown]
# Moving writes into the Parameter that is there. A new layer has new Parameters. The optimiser got its list when it was made,
# and steps tensors that the model does not have any more. Chapter 08 puts that right.
#
# Even a layer that does not know its shape yet keeps its objects:

# %%
lazy = nn.LazyLinear(3)
early = lazy.weight
print("before:", type(early).__name__)
_ = lazy(torch.rand(4, 5))
print("after: ", type(early).__name__, tuple(early.shape), "  the same object:", lazy.weight is early)

# %% [markdown]
# ### Exercise: `mini_module` (5 points)
#
# Write `class MiniModule`, the heart of `nn.Module`, from nothing. Subclasses call `super().__init__()` first.
#
# - Assigning an `nn.Parameter` or a `MiniModule` registers it under the attribute's name. Anything else in the place of one
#   that is registered takes it off the list. Reading an attribute gives what was assigned.
# - `named_parameters()` gives pairs of name and Parameter: first its own, in the order in which they were assigned, then those
#   of each child, with dotted names. `parameters()` gives the Parameters alone.
# - `state_dict()` is a dictionary, dotted name to detached tensor. `load_state_dict(state)` copies such values into the very
#   Parameters that are there.
# - `training` is `True` at first. `train(mode=True)` and `eval()` set it here and in all children at any depth, and return the
#   module.
#
# ✋ `nn.Module`, and every module of `nn`. `nn.Parameter` is free.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `self.training = True` goes through your `__setattr__`, too. What does that need to be there already, when the first attribute
# of all is set?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `object.__setattr__(self, name, value)` does what Python would have done without you. In your own: first take the name off
# both lists, then put it on the right one, then let Python do its part. Names with dots come by recursion: a child's names,
# with the child's own name and a dot in front.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `vars(self).update(_parameters={}, _children={}, training=True)` goes past `__setattr__`. In `named_parameters(self,
# prefix="")`: yield `prefix + name` for your own, then `yield from child.named_parameters(f"{prefix}{name}.")`. Loading is
# `parameter.copy_(…)` under `torch.no_grad()`.
#
# </details>


# %% exercise="mini_module"
class MiniModule:
    def __init__(self):
        ### BEGIN SOLUTION
        vars(self).update(_parameters={}, _children={}, training=True)
        ### END SOLUTION

    def __setattr__(self, name, value):
        ### BEGIN SOLUTION
        for entries, kind in ((self._parameters, nn.Parameter), (self._children, MiniModule)):
            entries.pop(name, None)
            if isinstance(value, kind):
                entries[name] = value
        object.__setattr__(self, name, value)
        ### END SOLUTION

    def named_parameters(self, prefix=""):
        ### BEGIN SOLUTION
        for name, parameter in self._parameters.items():
            yield prefix + name, parameter
        for name, child in self._children.items():
            yield from child.named_parameters(f"{prefix}{name}.")
        ### END SOLUTION

    ### BEGIN SOLUTION
    def parameters(self):
        return [parameter for _, parameter in self.named_parameters()]

    def state_dict(self):
        return {name: parameter.detach() for name, parameter in self.named_parameters()}

    def load_state_dict(self, state):
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(state[name])

    def train(self, mode=True):
        self.training = mode
        for child in self._children.values():
            child.train(mode)
        return self

    def eval(self):
        return self.train(False)

    ### END SOLUTION


# %% check="mini_module"
check("mini_module", MiniModule)

# %% [markdown]
# ### The whole network, on your own module
#
# No module of `nn` is left below, only `nn.Parameter`. The optimiser is torch's: all it asks for is a list of tensors.
#
# **Predict:** does the loss of both networks go down in the same way?


# %%
class Affine(MiniModule):
    def __init__(self, weight, bias):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros_like(weight)), nn.Parameter(torch.zeros_like(bias))


class MiniCNN(MiniModule):
    def __init__(self):
        super().__init__()
        self.conv = Affine(torch.empty(16, 3, 3, 3), torch.empty(16))
        self.fc = Affine(torch.empty(10, 16 * 32 * 32), torch.empty(10))

    def __call__(self, x):
        x = F.relu(F.conv2d(x, self.conv.weight, self.conv.bias, padding=1))
        return F.linear(x.flatten(1), self.fc.weight, self.fc.bias)


# %%
images, target = data.digits(100)


def losses(network, steps=4):
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
    found = []
    for _ in range(steps):
        loss = F.cross_entropy(network(images), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(round(loss.item(), 4))
    return found


try:
    mini = MiniCNN()
    mini.load_state_dict(model.state_dict())
    print("MiniModule:", losses(mini))
    print("nn.Module: ", losses(model))
except NotImplementedError:
    print("This trains a network on your own module, once `mini_module` is solved.")

# %% [markdown]
# ## What you have now
#
# | written in `__init__` | registered as | `.to` moves it | `state_dict` has it | `parameters()` has it |
# |---|---|---|---|---|
# | `self.w = nn.Parameter(t)` | parameter | yes | yes | yes |
# | `self.register_buffer("b", t)` | buffer | yes | yes | no |
# | … with `persistent=False` | buffer | yes | no | no |
# | `self.layer = nn.Linear(…)`, `nn.ModuleList(…)` | module | its tensors | its tensors | its parameters |
# | `self.t = t`, `self.t = nn.Parameter(t) * k` | nothing | no | no | no |
# | `self.layers = [nn.Linear(…)]` | nothing | no | no | no |

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. A network trains on the processor. On a graphics card it stops in <code>forward</code>: two tensors are
# on different devices. Where do you look first?</summary>
#
# At tensors that nobody registered: plain attributes, tensors and layers in lists. `.to` passed them by. `network.where(model)`
# shows them, and so does your `find_unregistered`.
#
# </details>
# <details><summary>2. Somebody freezes the mean of a layer by making it <code>nn.Parameter(mean, requires_grad=False)</code>.
# What is wrong with that? It is saved and moved, after all.</summary>
#
# It stands in `parameters()`: it is counted among them, handed to the optimiser with them, and
# `model.requires_grad_(True)` thaws it. What is not learned is a buffer.
#
# </details>
# <details><summary>3. Why does an optimiser stay right after <code>model.double()</code>, and not after <code>model.fc = nn.Linear(…)</code>?</summary>
#
# The optimiser holds Parameter objects. `.double()` writes new numbers into the same objects. The assignment puts new objects
# in the tree, and the optimiser goes on with the old ones.
#
# </details>
#
# Registered or not, a layer may behave in two ways. In [chapter 07](../07_train_and_eval/07_train_and_eval.ipynb) you look at
# the flag that says which, and at what hangs on it. What you have solved so far is in [Start here](../00_start_here.ipynb).
