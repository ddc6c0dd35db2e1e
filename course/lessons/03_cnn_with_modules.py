# %% [markdown]
# # 03 · The CNN with modules
#
# In this chapter you build a small convolutional network, **TinyCNN**, the way most PyTorch code does: from
# *modules*.
#
# **At the end you can**
#
# - build a network from layers, as a class and as steps in a row;
# - say how large the output of a convolution is, and how many numbers a layer learns;
# - say what a module keeps, and what it does for you without being asked;
# - read probabilities off a network, and say why softmax is not inside of it.
#
# ```
# images (N, 3, 32, 32) → conv → ReLU → flatten → fc → logits (N, 10)
# ```
#
# `N` is the number of images in a batch. The network looks at colour pictures of 32 × 32 pixels, and gives each
# picture ten numbers, one for each class.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from autograder import check
from course import data, network

_ = torch.manual_seed(0)  # the same random numbers for everybody

# %% [markdown]
# ## 1 · A layer is an object that owns tensors
#
# `nn.Conv2d(3, 16, kernel_size=3)` makes an object. It takes images with 3 channels and gives images with 16: it
# slides 16 small filters over the picture.
#
# **Predict:** which tensors does the object own, and what are their shapes?

# %%
conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
for name, tensor in conv.named_parameters():
    print(f"{name:8}{tuple(tensor.shape)!s:16}{tensor.numel()} numbers")

# %% [markdown]
# Two tensors, made and filled with small random numbers the moment the object was made.
#
# - `weight` is `(16, 3, 3, 3)`: 16 filters; each looks at 3 channels, 3 pixels high and 3 pixels wide.
# - `bias` is `(16,)`: one number for each filter, added everywhere.
#
# Everything else about the layer is an ordinary attribute: `conv.stride`, `conv.padding`, `conv.dilation`.

# %% [markdown]
# ### What is wrapped inside
#
# What happens when you call such an object? You can read it in torch's own source. Here is the `forward` of
# `nn.Linear`, a layer that owns a `weight` and a `bias` as well:

# %%
import inspect

print(inspect.getsource(nn.Linear.forward))

# %% [markdown]
# One line. The arithmetic is a **function**, `F.linear`; the module keeps the tensors and hands them over.
# That is what most modules are: a home for tensors, and a function that uses them.
#
# **Predict:** does calling the function with the layer's tensors give nearly the same numbers as the layer, or
# exactly the same?

# %%
layer = nn.Linear(4, 2)
x = torch.rand(3, 4)
torch.equal(layer(x), F.linear(x, layer.weight, layer.bias))

# %% [markdown]
# Exactly the same: it is the same computation. In this chapter the modules hold the tensors. In the next chapter you do.

# %% [markdown]
# ## 2 · What a filter sees
#
# Here is a photograph, as small as TinyCNN takes it.

# %%
image = data.photo("flower")
print(tuple(image.shape), image.dtype, f"from {image.min():.2f} to {image.max():.2f}")
network.draw_image(image)

# %% [markdown]
# The layer above has 16 random filters, and so 16 random opinions of the flower. Each filter gives one picture, a *feature
# map*. White is zero, orange above, blue below.

# %%
network.draw_feature_maps(conv(image[None]), image)  # image[None] is a batch of one

# %% [markdown]
# The weights are tensors like any other, and you may write into them. So let us give three filters a job.

# %%
edges = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]) / 4
blur = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16

seeing = nn.Conv2d(3, 3, kernel_size=3, padding=1)
with torch.no_grad():  # we write by hand; nobody has to differentiate that
    for number, kernel in enumerate((edges, edges.T, blur)):
        seeing.weight[number] = kernel / 3  # the same for red, green and blue
    seeing.bias.zero_()
network.draw_filters(seeing.weight)

# %% [markdown]
# **Predict:** in which of the three maps will you still recognise the flower? In which do you see only its outline, and
# which parts of the outline?

# %%
network.draw_feature_maps(seeing(image[None]), image)

# %% [markdown]
# Map 0 reacts where the brightness changes from left to right, map 1 where it changes from top to bottom. Map 2 is the
# blurred picture.
#
# Here we chose the numbers. Training does the same with an optimiser: it finds filters that help to tell the classes apart.

# %% [markdown]
# ## 3 · How large is the output?
#
# The feature maps above are as large as the photograph. That is not a matter of course.
#
# **Predict** the four sizes that the next cell prints. The image is 8 × 8, the kernel 3 × 3.

# %%
image8 = torch.zeros(1, 1, 8, 8)
for settings in ({}, {"padding": 1}, {"stride": 2}, {"dilation": 2}):
    size = nn.Conv2d(1, 1, kernel_size=3, **settings)(image8).shape[-1]
    print(f"{settings!s:16} → {size} × {size}")

# %% [markdown]
# <details><summary>Why these?</summary>
#
# - A kernel of 3 pixels fits into 8 at 6 places.
# - `padding=1` puts a pixel of zeros on **each** side: 10 pixels, 8 places.
# - `stride=2` stops at every second of the 6 places: 3.
# - `dilation=2` leaves a gap between the 3 weights, so that they span 5 pixels: 4 places.
#
# </details>

# %% [markdown]
# ### Exercise: `conv_output_size` (2 points)
#
# Write `conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1)`: how many places a kernel has along one
# side of `size` pixels. All are whole numbers, and so is the result. A last window that does not fit whole
# is left out.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# From its first to its last weight, how many pixels does a dilated kernel span? And how long is the side with its
# padding?
#
# </details>
# <details><summary>Hint 2</summary>
#
# The kernel begins at the left edge. Count how many steps of `stride` pixels it can still make before its right end leaves
# the padded side. The places are the steps, and the one where it began.
#
# </details>
# <details><summary>Hint 3</summary>
#
# With `span = dilation * (kernel_size - 1) + 1`, the room to move is `size + 2 * padding - span`. How many whole steps
# is that? `//` divides and rounds down. Then add 1.
#
# </details>


# %% exercise="conv_output_size"
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """Number of places of the kernel along one side of ``size`` pixels: an int."""
    ### BEGIN SOLUTION
    span = dilation * (kernel_size - 1) + 1
    return (size + 2 * padding - span) // stride + 1
    ### END SOLUTION


# %% check="conv_output_size"
check("conv_output_size", conv_output_size)

# %% [markdown]
# TinyCNN wants 32 pixels in and 32 pixels out, with a kernel of 3 and a stride of 1. Which padding does that take?
# You have just written the function that answers it.

# %% [markdown]
# ## 4 · A network is a module made of modules
#
# You make a network by deriving a class from `nn.Module` and writing two methods:
#
# - `__init__` **makes** the layers, once, and owns them;
# - `forward` **uses** them, at every call.
#
# Here is a small one: four measurements of a flower in, three scores out.


# %%
class Scorer(nn.Module):
    """``(N, 4)`` measurements to ``(N, 3)`` scores."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 8)
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        return self.out(F.relu(self.hidden(x)))


scorer = Scorer()
for name, tensor in scorer.named_parameters():
    print(f"{name:15}{tuple(tensor.shape)}")

# %% [markdown]
# Nobody made a list of these four tensors. The line `self.hidden = …` did it: `nn.Module` watches assignments to its
# attributes, and **registers** every module and every `nn.Parameter` it sees. The name of the attribute becomes the
# name of the tensor. That is why `super().__init__()` has to come first: it makes the lists to register in.
#
# ReLU has no weights, so there is nothing to make in `__init__`; `forward` calls the function.
#
# **Predict:** which of the two new names below will be in the list?

# %%
scorer.plain = torch.tensor(2.0)
scorer.learned = nn.Parameter(torch.tensor(2.0))
print([name for name, _ in scorer.named_parameters()])

# %% [markdown]
# Only `learned`. A plain tensor is just an attribute: no optimiser will find it, no file will hold it, `.to` leaves it
# behind. A parameter is a tensor that says of itself: I am to be learned.

# %%
del scorer.plain, scorer.learned  # as it was

# %% [markdown]
# ### Call the object, not `forward`
#
# You write `forward`, and you call `scorer(x)`. In between, torch does more, such as running *hooks*: functions that
# somebody attached to watch a module at work.
#
# **Predict:** how many lines does this print?

# %%
x = torch.rand(5, 4)
hook = scorer.register_forward_hook(lambda module, inputs, out: print("the hook sees", tuple(out.shape)))
by_call = scorer(x)
by_forward = scorer.forward(x)
hook.remove()

# %% [markdown]
# One. The numbers are the same, but `forward` called by hand goes past everything that torch does around it.

# %% [markdown]
# ### Exercise: `tiny_cnn` (5 points)
#
# Write the class `TinyCNN(nn.Module)`. `TinyCNN()` takes no arguments, and its `forward` turns `(N, 3, 32, 32)` into
# logits `(N, 10)`:
#
# - `conv`: a convolution from 3 channels to 16, kernel 3, stride 1, padding 1;
# - ReLU;
# - flatten each image into one row of 16 · 32 · 32 numbers;
# - `fc`: a linear layer from there to 10.
#
# No softmax: section 8 shows why. The four tensors have to be called `conv.weight`, `conv.bias`, `fc.weight` and `fc.bias`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which of the four steps own tensors? Those need an attribute. What has to be the name of that attribute, so that its
# weight is called `conv.weight`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `Scorer` above has the whole pattern. Between the two layers, your `x` is `(N, 16, 32, 32)`, and the linear layer wants
# `(N, 16 * 32 * 32)`. The batch, dimension 0, has to stay.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `x.flatten(1)` flattens everything from dimension 1 on. In `__init__`: `self.conv = nn.Conv2d(3, 16, …)` and
# `self.fc = nn.Linear(16 * 32 * 32, 10)`. In `forward`: convolution, `F.relu`, `flatten(1)`, linear.
#
# </details>


# %% exercise="tiny_cnn"
class TinyCNN(nn.Module):
    """Images ``(N, 3, 32, 32)`` to logits ``(N, 10)``."""

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)
        ### END SOLUTION

    def forward(self, x):
        """``x``: ``(N, 3, 32, 32)``. Returns logits ``(N, 10)``."""
        ### BEGIN SOLUTION
        x = F.relu(self.conv(x))
        return self.fc(x.flatten(1))
        ### END SOLUTION


# %% check="tiny_cnn"
check("tiny_cnn", TinyCNN)

# %% [markdown]
# What does yours say about the flower? **Predict:** the network has learned nothing yet. Will its ten numbers be all
# equal, or large, or small?

# %%
try:
    print(TinyCNN()(image[None]))
except NotImplementedError:
    print("This shows your network's logits, once `tiny_cnn` is solved.")

# %% [markdown]
# ## 5 · Steps in a row: `nn.Sequential`
#
# A `forward` that does one step after the other needs no class. `nn.Sequential` takes the steps and calls them in turn.
#
# **Predict:** what are the four tensors called in each of these?

# %%
from collections import OrderedDict

counted = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
steps = [("hidden", nn.Linear(4, 8)), ("relu", nn.ReLU()), ("out", nn.Linear(8, 3))]
named = nn.Sequential(OrderedDict(steps))

print("counted:", list(counted.state_dict()))
print("named:  ", list(named.state_dict()))

# %% [markdown]
# Without names, the steps are called by their place, `0`, `1`, `2`. With an `OrderedDict` they have the names you give.
#
# All steps have to be modules, because `nn.Sequential` registers them. That is what `nn.ReLU()` is for: it owns no tensor,
# and can stand in a row with others. `F.relu` cannot.

# %% [markdown]
# ### Exercise: `sequential_cnn` (3 points)
#
# Write `sequential_cnn()`: it returns the same network as an `nn.Sequential` of `nn.Conv2d`, `nn.ReLU`, `nn.Flatten` and
# `nn.Linear`. Name the convolution `conv` and the linear layer `fc`, so that the tensors have the names of `TinyCNN`'s.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What is the module that flattens, and from which dimension on does it flatten if you tell it nothing? Ask
# `nn.Flatten()`: it prints its settings.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Take the two lines that make `named` above, and put your four steps in.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `steps = [("conv", nn.Conv2d(…)), ("relu", nn.ReLU()), ("flatten", …), ("fc", …)]`, and then
# `return nn.Sequential(OrderedDict(steps))`.
#
# </details>


# %% exercise="sequential_cnn"
def sequential_cnn():
    """TinyCNN as an ``nn.Sequential``: ``(N, 3, 32, 32)`` to logits ``(N, 10)``."""
    ### BEGIN SOLUTION
    steps = [
        ("conv", nn.Conv2d(3, 16, kernel_size=3, padding=1)),
        ("relu", nn.ReLU()),
        ("flatten", nn.Flatten()),
        ("fc", nn.Linear(16 * 32 * 32, 10)),
    ]
    return nn.Sequential(OrderedDict(steps))
    ### END SOLUTION


# %% check="sequential_cnn"
check("sequential_cnn", sequential_cnn)

# %% [markdown]
# ## 6 · State: saving, loading, moving
#
# All registered tensors together are the module's **state**. `state_dict()` gives them by name. It is a dictionary of
# tensors and nothing else: no code, no class.
#
# Usually it goes into a file. Here a piece of memory stands in for the file.

# %%
import io

file = io.BytesIO()
torch.save(scorer.state_dict(), file)

file.seek(0)
again = Scorer()  # new random weights
print("before loading, the same scores:", torch.equal(again(x), scorer(x)))
print(again.load_state_dict(torch.load(file, weights_only=True)))
print("after loading, the same scores: ", torch.equal(again(x), scorer(x)))

# %% [markdown]
# You need the class to make the object; the file fills it. The names are what holds the two together. With
# `weights_only=True`, torch reads tensors and runs no code that somebody may have hidden in the file.
#
# **Predict:** what happens if you load this state into `counted`, which has the same shapes but other names?

# %%
try:
    counted.load_state_dict(scorer.state_dict())
except RuntimeError as error:
    print(error)

# %% [markdown]
# It is refused, and the message has both lists: what the module misses, and what it does not know.
#
# Your two networks have the same names. So the state of one fits the other, and then they are the same network:

# %%
try:
    one, other = TinyCNN(), sequential_cnn()
    print(other.load_state_dict(one.state_dict()))
    difference = one(image[None]) - other(image[None])
    print("largest difference of the logits:", difference.abs().max().item())
except NotImplementedError:
    print("This compares your two networks, once `tiny_cnn` and `sequential_cnn` are solved.")

# %% [markdown]
# ### `.to` moves them all
#
# `.to` takes a device, such as a graphics card, or a dtype. It goes through all registered tensors of the module
# and of the modules inside.
#
# **Predict:** does `scorer.to(torch.float64)` return a new module, or change `scorer`? And what of a tensor's `.to`?

# %%
moved = scorer.to(torch.float64)
print("module: the same object?", moved is scorer, "  its weight now:", scorer.hidden.weight.dtype)

row = torch.zeros(4)
other = row.to(torch.float64)
print("tensor: the same object?", other is row, "  the first one now:", row.dtype)

# %% [markdown]
# A module's `.to` changes the module. A tensor's `.to` returns another tensor and leaves the first as it was.

# %%
_ = scorer.to(torch.float32)  # back again

# %% [markdown]
# ## 7 · Counting what is learned
#
# **Predict**, with pen and paper: how many numbers are learned in TinyCNN? First the convolution: 16 filters of
# 3 · 3 · 3 weights, and the biases. Then the linear layer. Which of the two has more?
#
# <details><summary>The two counts</summary>
#
# `conv`: 16 · 27 + 16 = **448**. `fc`: 10 · 16,384 + 10 = **163,850**.
# The filters are used at every place of the image, so they are few. The linear layer has a weight of its own for every
# place, channel and class.
#
# </details>
#
# Counting seems easy. Three things make it interesting. (A parameter *asks for gradients* if torch is to find out, in training, how to
# change it; further down you see that at work.)

# %%
tied = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
tied[2].weight = tied[0].weight  # one Parameter in two places
norm = nn.BatchNorm2d(4)
frozen = nn.Linear(2, 2).requires_grad_(False)  # still parameters, but training leaves them alone

for title, module in (("tied", tied), ("norm", norm), ("frozen", frozen)):
    print(f"{title:7} parameters:", [name for name, _ in module.named_parameters()])
    print(f"{title:7} state:     ", list(module.state_dict()))
print("frozen  asks for gradients:", frozen.weight.requires_grad)

# %% [markdown]
# The state of `norm` also holds *buffers*, such as running statistics. They are saved and moved with the module, but nobody
# learns them: they are no parameters. And the shared weight of `tied` stands in the state twice, but is one parameter.

# %% [markdown]
# ### Exercise: `count_parameters` (2 points)
#
# Write `count_parameters(module, trainable_only=False)`: how many numbers the module's parameters hold, at any depth.
# A parameter that is used twice counts once; buffers do not count. With `trainable_only=True`, count only parameters
# that ask for gradients.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A weight of shape `(16, 3, 3, 3)` is one tensor. How many numbers is it, and who knows that?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `module.parameters()` goes through all depths, leaves buffers out, and gives a shared parameter once. Each tensor has
# `numel()` and `requires_grad`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Sum `one.numel()` over all `one` in `module.parameters()` for which `one.requires_grad or not trainable_only`.
#
# </details>


# %% exercise="count_parameters"
def count_parameters(module, trainable_only=False):
    """Number of elements in all parameters of ``module``: an int."""
    ### BEGIN SOLUTION
    return sum(one.numel() for one in module.parameters() if one.requires_grad or not trainable_only)
    ### END SOLUTION


# %% check="count_parameters"
check("count_parameters", count_parameters)

# %%
try:
    model = TinyCNN()
    for title, module in (("conv", model.conv), ("fc", model.fc), ("all", model)):
        print(f"{title:5}{count_parameters(module):8,}")
except NotImplementedError:
    print("This counts your own network, once `tiny_cnn` and `count_parameters` are solved.")

# %% [markdown]
# ### An optimiser takes the parameters
#
# The same list goes to the optimiser. It does not copy the tensors: it holds the very same objects, and writes into them.
#
# Training repeats four lines. `F.cross_entropy` compares the scores with the right answers and gives one number for how wrong they are,
# the **loss** (section 8 looks into it). `loss.backward()` works out, for each parameter, how the loss changes with it: its **gradient**,
# kept in `.grad`. `optimizer.step()` moves each parameter a little the other way. And since `backward` adds to the gradients that are
# there, `zero_grad()` clears them first. Chapter 08 takes all of this apart.
#
# **Predict:** a network that only guesses has a loss of 2.3. How far does it fall in 20 steps?

# %%
x, target = data.digits(100)  # a hundred written digits, and which digit each one is
model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
print("the same tensor:", optimizer.param_groups[0]["params"][0] is model[1].weight)

for step in range(20):
    loss = F.cross_entropy(model(x), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 5 == 0 or step == 19:
        print(f"step {step:2}: loss {loss.item():.3f}")

# %% [markdown]
# ### A module has a mode
#
# Dropout switches off random numbers while a network is trained, so that it does not lean too much on any of them. It is a
# *regularisation*: it owns no tensor and computes no statistics. But it has to know whether we are training.
#
# **Predict:** what do the two lines print?

# %%
dropout = nn.Dropout(p=0.5)
print("parameters:", list(dropout.parameters()))
print("training:  ", dropout.train()(torch.ones(16)))
print("evaluating:", dropout.eval()(torch.ones(16)))

# %% [markdown]
# In training, about half of the numbers are 0, and the others are doubled to make up for it. In evaluation nothing happens.
# `train()` and `eval()` reach every module inside, so a whole network switches in one call. `eval()` does not switch off
# gradients; that is what `torch.no_grad()` does.

# %% [markdown]
# ## 8 · Logits and probabilities
#
# TinyCNN returns **logits**: ten numbers of any size. Softmax turns them into ten **probabilities** that sum to 1. Why is it
# not in the network?
#
# Because `F.cross_entropy` takes logits and does the softmax itself. Give it probabilities, and softmax is done twice.
#
# **Predict:** below, the network is as sure as can be, and right. The loss should be 0. What is it after a softmax?

# %%
logits = torch.zeros(1, 10)
logits[0, 3] = 1000.0  # certain that it is class 3
answer = torch.tensor([3])  # and it is

print(f"cross-entropy of the logits:        {F.cross_entropy(logits, answer).item():.3f}")
print(f"cross-entropy of the probabilities: {F.cross_entropy(logits.softmax(1), answer).item():.3f}")

# %% [markdown]
# With ten classes the loss could never go below 1.461, however good the network. It is ln(e + 9) − 1: the second
# softmax sees a 1 and nine 0s, and calls that undecided.
#
# So softmax is for reading. And whoever only reads needs no graph for a backward pass:

# %%
reading = nn.Linear(4, 3)
with torch.no_grad():
    quiet = reading(torch.rand(2, 4))
print("with a graph:", reading(torch.rand(2, 4)).requires_grad, "  without:", quiet.requires_grad)

# %% [markdown]
# ### Exercise: `predict_proba` (3 points)
#
# Write `predict_proba(model, x)`: the probabilities that `model` gives each image of `x`, of shape `(N, 10)`. Each row sums to 1.
# Keep no graph. Leave the model and its mode as they are: whoever calls you decides about the mode.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The logits are `(N, 10)`. Which dimension counts the images, and which the classes? Along which one should the numbers sum to 1?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `tensor.softmax(dim)` does the arithmetic. A `with` block, as in the cell above, keeps the graph away and ends by itself.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Inside `with torch.no_grad():`, return `model(x)` followed by a softmax along dimension 1.
#
# </details>


# %% exercise="predict_proba"
def predict_proba(model, x):
    """Probabilities ``(N, 10)`` of a batch ``x``, without a graph."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        return model(x).softmax(dim=1)
    ### END SOLUTION


# %% check="predict_proba"
check("predict_proba", predict_proba)

# %% [markdown]
# ## 9 · Your network reads
#
# Everything is there now. Train *your* TinyCNN for a moment on a hundred digits, then show it a few that it has never seen.
#
# **Predict:** how many of the six will it get right after 20 steps?


# %%
def train(model, x, target, steps=20):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(steps):
        loss = F.cross_entropy(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


try:
    model = TinyCNN()
    print(f"loss at the end: {train(model, x, target):.3f}")
    unseen, truth = data.digits(6, start=1500)
    for sure, guess, digit in zip(*predict_proba(model, unseen).max(dim=1), truth):
        print(f"the digit is {digit}; the network says {guess}, {sure:.0%} sure")
except NotImplementedError:
    print("This trains your own network, once `tiny_cnn` and `predict_proba` are solved.")

# %% [markdown]
# ## What the modules did for you
#
# | you wrote | the module |
# |---|---|
# | `nn.Conv2d(3, 16, 3)` | made the weight and the bias, and filled them sensibly |
# | `self.conv = …` | registered both under their names |
# | `model(x)` | handed the tensors to `F.conv2d` and `F.linear` |
# | `model.parameters()` | listed them for the optimiser |
# | `model.state_dict()` | listed them, and buffers, for a file |
# | `model.to(…)` | moved them all |
# | `model.eval()` | told every module inside |

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. TinyCNN is to take images of 64 × 64. Which of its two layers changes, and how many parameters has it
# then?</summary>
#
# Only `fc`. The 16 filters are used at every place, however many there are. `fc` has a weight for each place, channel and class:
# 10 · 16 · 64 · 64 + 10 = 655,370.
#
# </details>
# <details><summary>2. Somebody's <code>__init__</code> says <code>self.scale = torch.ones(3)</code>, and <code>forward</code>
# multiplies by it. Training never changes it. Why not?</summary>
#
# A plain tensor is an attribute like any other: nobody registers it, so that the optimiser's list does not have it. Neither has
# the state. `nn.Parameter(torch.ones(3))` says that it is to be learned.
#
# </details>
# <details><summary>3. A network with ten classes gets every training image right, and its loss stays above 1.46. What is wrong?</summary>
#
# It ends in a softmax, and `F.cross_entropy` does another. The second one sees a 1 and nine 0s at best, and ln(e + 9) − 1 = 1.461
# is all that is left. Return logits.
#
# </details>
#
# In [chapter 04](../04_the_same_cnn_with_functional/04_the_same_cnn_with_functional.ipynb) you build the same network without any of
# this, and do each of these things by hand. What you have solved so far is in [Start here](../00_start_here.ipynb).
