# %% [markdown]
# # 08 · Training both ways
#
# So far you have compared the two builds at rest: the same weights, the same logits, the same gradients. Now both learn, on
# the same real images, and you follow them step by step.
#
# **At the end you can**
#
# - train a network of modules and a dictionary of tensors to the **same losses, to the last bit**,
# - tell from its symptoms what is wrong with a training loop that runs without an error,
# - give a trained network a new head, and an old file's tensors, without confusing its optimiser,
# - stop a training, and go on from bytes that cannot run code.

# %% tags=["listing"]
import io
import pickle

import torch
from torch import nn
import torch.nn.functional as F
from IPython.display import ProgressBar

from autograder import check
from course import data, network

_ = torch.manual_seed(0)  # the same random numbers for everybody

# %% [markdown]
# These are the two builds of chapters 03 and 04. Paste your own over them, if you like.


# %% tags=["listing"]
class TinyCNN(nn.Module):
    """Images ``(N, 3, 32, 32)`` to logits ``(N, 10)``."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


def functional_cnn(x, params):
    """The same network, its four tensors in a dictionary."""
    x = F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1)
    return F.linear(F.relu(x).flatten(1), params["fc.weight"], params["fc.bias"])


def params_from_module(model):
    """The parameters of ``model`` by name: leaves of their own, with the same numbers."""
    return {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters()}


# %% [markdown]
# ## 1 · Digits in colours
#
# 1,797 digits, written by hand by thirteen people, and made small, 8 × 8 pixels each. A pixel becomes a block of 4 × 4, so that they
# fill TinyCNN's 32 × 32, and each digit gets an ink of its own.

# %% tags=["listing"]
x, target = data.coloured_digits("train")
held_x, held_target = data.coloured_digits("held back")
print("to train on:", tuple(x.shape), " held back:", tuple(held_x.shape))
network.draw_images(x[:30], target[:30])

# %% [markdown]
# The colour goes round the colour circle with the digit's number in the collection. So it says nothing of which digit it is,
# and the network has to look at the shape. `help(data.coloured_digits)` has the whole rule.
#
# One digit in five is **held back**: no step is ever made with it. It is there to ask, at the end, what was learned. Mind that
# the same people wrote both parts; for writers that nobody has seen, the answer would be a little worse.

# %% [markdown]
# ## 2 · One number for how wrong: cross-entropy
#
# Three logits, and class 1 is right. Softmax makes probabilities of them. The loss looks at one of these: minus its logarithm.
#
# **Predict:** the second row is surer of class 1 than the first. Which row has the larger loss? And the third, which is sure of
# class 0?

# %%
logits = torch.tensor([[1.0, 2.0, 0.0], [1.0, 5.0, 0.0], [5.0, 1.0, 0.0]])
for row in logits:
    p = row.softmax(0)[1]
    print(f"logits {row.tolist()}  probability of class 1: {p:.3f}  loss: {-p.log():.3f}")

# %% [markdown]
# Sure and right costs almost nothing. Sure and wrong costs much. A network that knows nothing says 1/10 for each of ten
# classes, and −ln(1/10) = **2.303**: remember that number, near it every new network of this chapter begins.
#
# The loss of a batch is the **mean** over its rows. **Predict:** what would become of the gradients if it were the sum, and you
# took batches twice as large?
#
# <details><summary>The answer</summary>
#
# They would be about twice as large as well, and so would every step. With the mean, the size of the batch does not change
# the length of a step.
#
# </details>
#
# Now the formula as it stands: softmax, then the logarithm. **Predict** the two losses of a network that is very sure, and wrong:

# %%
sure = torch.tensor([[0.0, 200.0]])  # the right class is 0
print("softmax, then log:", -sure.softmax(1).log()[0, 0].item())
print("log_softmax:      ", -sure.log_softmax(1)[0, 0].item())

# %% [markdown]
# e⁻²⁰⁰ is less than float32 can hold: it becomes 0, and the logarithm of 0 is −infinity. The true loss is 200. Taken together,
# the logarithm and the exponentials cancel: `log_softmax` and `logsumexp` never compute such a number.
#
# And the gradient? It is as simple as it can be. **Predict** the sum of each row:

# %%
logits.requires_grad_()
F.cross_entropy(logits, torch.tensor([1, 1, 1])).backward()
wanted = torch.tensor([0.0, 1.0, 0.0])  # all probability on class 1
print("the gradient:", logits.grad, sep="\n")
print("(probabilities − wanted) / 3:", ((logits.softmax(1) - wanted) / 3).detach(), sep="\n")

# %% [markdown]
# Each row's gradient is what the network says minus what it should say, divided by the number of rows. It sums to 0: what is taken
# from one class, the others get.

# %% [markdown]
# ### Exercise: `cross_entropy` (3 points)
#
# Write `cross_entropy(logits, target)`: `logits` is `(N, C)`, `target` is `(N,)`, the number of the right class for each row. The
# result is a tensor without dimensions, the mean over the rows. It has to be accurate for logits of ±10,000, and gradients go through.
#
# ✋ `F.cross_entropy`, and so `nn.CrossEntropyLoss`. `log_softmax`, `logsumexp` and `nll_loss` are fine.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which of the `N · C` log-probabilities count? And what is done with these `N` numbers?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `logits.log_softmax(1)` is `(N, C)`. To pick one number from each row, you can index with two tensors of length `N`, or use
# `gather` along dimension 1.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `picked = logits.log_softmax(1).gather(1, target[:, None])`. Then minus the mean.
#
# </details>


# %% exercise="cross_entropy"
def cross_entropy(logits, target):
    """``logits (N, C)``, ``target (N,)`` int64. Returns the mean loss, a tensor without dimensions."""
    ### BEGIN SOLUTION
    picked = logits.log_softmax(1).gather(1, target[:, None])
    return -picked.mean()
    ### END SOLUTION


# %% check="cross_entropy"
check("cross_entropy", cross_entropy)

# %% [markdown]
# ## 3 · One step
#
# The gradient of the loss points to where the loss grows. A step of **gradient descent** goes the other way: each number takes off
# `lr` times its gradient. `lr` is the *learning rate*.
#
# It is a one-liner, and most of its ways of going wrong are silent. **Predict:** what does each of the three attempts
# do to the tensor that the dictionary holds?


# %%
def attempt(step):
    params = {"w": torch.tensor([1.0], requires_grad=True)}
    held = params["w"]  # an optimiser or a module may hold it, too
    (3 * held).sum().backward()  # so the gradient is 3
    try:
        step(params)
    except RuntimeError as error:
        return f"RuntimeError: {error}"
    return f"held: {held.item():.1f}, in the dictionary: {params['w'].item():.1f}, a leaf: {params['w'].is_leaf}"


def rebind(params):
    for w in params.values():
        w = w - 0.1 * w.grad


def replace(params):
    params["w"] = params["w"] - 0.1 * params["w"].grad


def in_place(params):
    params["w"] -= 0.1 * params["w"].grad


for step in (rebind, replace, in_place):
    print(f"{step.__name__:9}{attempt(step)}")

# %% [markdown]
# - `rebind` makes a new tensor and calls it `w`. At the next turn of the loop the name is somebody else's. Nothing happened.
# - `replace` puts a new tensor into the dictionary. It is no leaf, it hangs in the graph, and whoever holds the old one sees
#   nothing of it.
# - `in_place` has the right idea, and autograd refuses: it would have to differentiate the change itself.
#
# The step is not part of what is differentiated. `with torch.no_grad():` says so. **Predict** both numbers:


# %%
def without_graph(params):
    with torch.no_grad():
        params["w"] -= 0.1 * params["w"].grad


print(attempt(without_graph))

# %% [markdown]
# One more thing belongs to a step. `backward` does not *set* `.grad`. It **adds** to it. **Predict** the second line:

# %%
w = torch.tensor([1.0], requires_grad=True)
for time in range(2):
    (3 * w).sum().backward()
    print(f"after backward number {time + 1}: gradient {w.grad.item()}")

# %% [markdown]
# So after each step, somebody has to clear the gradients: set them to `None`, or fill them with zeros. And a leaf that the loss did
# not use has `None` there from the start.

# %% [markdown]
# ### Exercise: `sgd_step` (3 points)
#
# Write `sgd_step(params, lr)`: `params` is a dictionary of leaves. Step each **in place**, in the memory that it has, minus `lr` times its
# gradient, and clear that gradient (`None` or zeros). A leaf without a gradient stays as it is. Leave gradients switched on for whoever comes after you.
#
# ✋ `torch.optim`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which of the four functions above writes into the tensor that everybody holds? What is missing in it?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Go through `params.values()`, inside of `with torch.no_grad():`. Skip those whose `.grad` is `None`. Clear after the step, not before.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `one.add_(one.grad, alpha=-lr)` adds `−lr · grad` in place. Then `one.grad = None`.
#
# </details>


# %% exercise="sgd_step"
def sgd_step(params, lr):
    """Step every leaf of ``params`` in place along its gradient, and clear the gradient."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        for one in params.values():
            if one.grad is not None:
                one.add_(one.grad, alpha=-lr)
                one.grad = None
    ### END SOLUTION


# %% check="sgd_step"
check("sgd_step", sgd_step)

# %% [markdown]
# ### Twice the same formula, not the same bits
#
# `v - lr * g` and `v.add(g, alpha=-lr)` are the same formula. **Predict:** after ten steps, are they the same numbers? And which of them
# are `torch.optim.SGD`'s?

# %%
generator = torch.Generator().manual_seed(1)
start = torch.randn(10_000, generator=generator)
gradients = [torch.randn(10_000, generator=generator) for _ in range(10)]

by_minus, by_add = start.clone(), start.clone()
by_torch = start.clone().requires_grad_()
optimizer = torch.optim.SGD([by_torch], lr=0.1)
for g in gradients:
    by_minus = by_minus - 0.1 * g
    by_add = by_add.add(g, alpha=-0.1)
    by_torch.grad = g
    optimizer.step()

for name, numbers in (("v - lr * g", by_minus), ("v.add(g, alpha=-lr)", by_add)):
    differ = (numbers != by_torch).sum().item()
    largest = (numbers - by_torch).abs().max().item()
    print(f"{name:20} {differ:5} of 10,000 numbers differ from torch.optim.SGD's, by {largest:.1e} at most")

# %% [markdown]
# `lr * g` is a result of its own, and is rounded before it is taken off. `add` with `alpha` is one operation, and the one that
# `torch.optim.SGD` calls. Neither is more right. But if two trainings are to agree **to the last bit**, they have to call the
# same operations in the same order, and this is one of them.

# %% [markdown]
# ## 4 · The loop with modules
#
# Forward, loss, backward, step, and again. With modules, an optimiser makes the step for all tensors that it was given. This is one
# turn, on a batch of 32 digits:

# %%
model = TinyCNN()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

loss = F.cross_entropy(model(x[:32]), target[:32])
optimizer.zero_grad()
loss.backward()
optimizer.step()
after = F.cross_entropy(model(x[:32]), target[:32])
print(f"loss before the step: {loss.item():.3f}   after it: {after.item():.3f}")

# %% [markdown]
# `loss` is a tensor with a graph behind it. **Predict:** what does a list of such losses keep alive? And what does `loss.item()` keep?

# %%
print("loss:       ", type(loss).__name__, "with", type(loss.grad_fn).__name__)
print("loss.item():", type(loss.item()).__name__)

# %% [markdown]
# The graph behind a loss holds what every layer had to remember for its backward pass. Some of it is let go by `backward`; the graph
# itself lives as long as the tensor. A `float` keeps nothing.

# %% [markdown]
# ### Exercise: `train_module` (4 points)
#
# Write `train_module(model, batches, lr)`: one step of `torch.optim.SGD` for each batch, and a list of the losses, the mean
# cross-entropy **before** each step, as floats. `batches` is anything that gives pairs `(x, target)`. It may be a generator: read it once.
# Gradients that the model comes with are not yours: ignore them. Leave the modes of the model as they are.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which of the five lines above stand before the loop, and which inside? Which line makes sure that gradients from before do not count?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `zero_grad` has to come before `backward`, also before the first one. Write the loss down where you have it anyway; a second
# forward pass is another loss.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `for x, target in batches:` with the lines of the cell above, and `losses.append(loss.item())`.
#
# </details>


# %% exercise="train_module"
def train_module(model, batches, lr):
    """One step for each ``(x, target)`` of ``batches``. Returns the loss before each step."""
    ### BEGIN SOLUTION
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for x, target in batches:
        loss = F.cross_entropy(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% check="train_module"
check("train_module", train_module)

# %% [markdown]
# ## 5 · The loop with functions
#
# Now the same for the dictionary. There is no optimiser that knows the tensors, and none is needed: `sgd_step` is all that it does.
#
# ### Exercise: `train_functional` (4 points)
#
# Write `train_functional(params, batches, lr)`: `params` holds TinyCNN's four leaves by name. The same losses, and after every step the same
# numbers in the leaves, as `train_module` gives for a TinyCNN that begins with these numbers. Write into the leaves that you were given.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What takes the place of `model(x)`? What takes the place of the optimiser's two lines?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Gradients that the leaves come with do not count either. Your `sgd_step` clears after each step; who clears before the first?
#
# </details>
# <details><summary>Hint 3</summary>
#
# Before the loop: `for one in params.values(): one.grad = None`. Inside: `loss = F.cross_entropy(functional_cnn(x, params), target)`,
# `loss.backward()`, `sgd_step(params, lr)`.
#
# </details>


# %% exercise="train_functional"
def train_functional(params, batches, lr):
    """One step for each ``(x, target)`` of ``batches``, in the leaves of ``params``. Returns the loss before each step."""
    ### BEGIN SOLUTION
    for one in params.values():
        one.grad = None
    losses = []
    for x, target in batches:
        loss = F.cross_entropy(functional_cnn(x, params), target)
        loss.backward()
        sgd_step(params, lr)
        losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% check="train_functional"
check("train_functional", train_functional)

# %% [markdown]
# ## 6 · The same trajectory
#
# Both builds begin with the same numbers and see the same batches, in an order that is shuffled anew for every pass over the
# digits, by a seed. Six passes with long steps, three with short ones.


# %%
def shuffled(seed, size=32):
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    for some in order.split(size):
        yield x[some], target[some]


rates = [0.1] * 6 + [0.02] * 3

# %% [markdown]
# **Predict:** float32 has about 7 digits. After 405 steps, each of which builds on all before it, how far will the two losses
# be apart?

# %%
torch.manual_seed(0)
model = TinyCNN()
params = params_from_module(model)
losses = None
try:
    losses = {"modules": train_module(model, [], 0.1), "functions": train_functional(params, [], 0.1)}
    for turn in ProgressBar(len(rates)):
        losses["modules"] += train_module(model, shuffled(turn), rates[turn])
        losses["functions"] += train_functional(params, shuffled(turn), rates[turn])
except NotImplementedError:
    print("This trains both builds with your own loops, once `train_module` and `train_functional` are solved.")

network.draw_losses(losses) if losses else None

# %% [markdown]
# <details><summary>What is to be seen</summary>
#
# If your step is `add_` with `alpha` (or `torch.optim.SGD`), and your loss `F.cross_entropy`, the lower plot is a line: every one of the 405
# losses is **equal, to the last bit**. The two loops call the same operations on the same numbers in the same order.
#
# With `one -= lr * one.grad`, or with your own `cross_entropy`, the first difference is as small as a rounding, and grows: each step
# builds on the one before. Try it: change your step, and run the cells from there on again.
#
# </details>
#
# The same losses came from the same weights. So ask for them, too:

# %%
if losses:
    for name, parameter in model.named_parameters():
        differ = (parameter != params[name]).sum().item()
        print(f"{name:12} {differ} of {parameter.numel():,} numbers differ")

# %% [markdown]
# And what was learned? The digits that were held back have never been seen. **Predict:** of 360, how many does it read
# right, and which two digits does it confuse most?

# %%
with torch.no_grad():
    guess = model(held_x).argmax(dim=1)
network.draw_confusion(guess, held_target)

# %% [markdown]
# <details><summary>What is to be seen</summary>
#
# After the training, between 95 and 98 of 100 are right. (Before it, about ten of 100.) A trained network's mistakes are few; look at
# them: would you have known?
#
# </details>

# %%
wrong = (guess != held_target).nonzero().flatten()[:20]
network.draw_images(held_x[wrong], [f"{held_target[one]}, read {guess[one]}" for one in wrong])

# %% [markdown]
# ## 7 · Nine broken loops
#
# The worst bugs in training raise no error. Often the loss even falls, a little less than it might. Below are nine loops. Each runs to
# its end, and each has exactly one bug.
#
# Here is a loop without one, for comparison, on the first 320 digits. It also leaves a trained network behind, for later.

# %% tags=["listing"]
few = list(zip(x[:320].split(32), target[:320].split(32)))  # ten batches; six passes over them


def show(loop):
    torch.manual_seed(8)
    losses = loop()
    means = [sum(losses[start : start + 10]) / 10 for start in range(0, len(losses), 10)]
    print("mean loss of each pass:", *(f"{mean:.3f}" for mean in means))


trained = TinyCNN()


def sound_loop():
    model = trained
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for images, digits in few * 6:
        loss = F.cross_entropy(model(images), digits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


show(sound_loop)

# %% [markdown]
# The nine bugs, in no order that helps:
#
# | name | what happens |
# |---|---|
# | `"gradients never cleared"` | each step goes along the sum of all gradients so far |
# | `"gradients cleared before the step"` | each step goes along nothing |
# | `"a name rebound, the tensor unchanged"` | the step's result is a new tensor that nobody keeps |
# | `"layers that nobody registered"` | `parameters()` does not list them, so no optimiser gets them |
# | `"an optimiser with old tensors"` | it steps tensors that the model does not use any more |
# | `"nothing pretrained loaded"` | a training that was to go on begins anew |
# | `"softmax before the loss"` | the loss takes the softmax of a softmax |
# | `"measured in training mode"` | dropout and batch norm disturb a measurement |
# | `"trained in eval mode"` | dropout and batch norm rest while they should work |
#
# For each listing: read it, **predict** what it will print, run it, and write the name down in `diagnose` below. Where one part of a network
# does not move, ask the tool of chapter 06 where its tensors live: put `print(network.where(model, optimizer))` in front of `return losses`.


# %% tags=["listing"]
def listing_1():
    model = TinyCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for images, digits in few * 6:
        loss = F.cross_entropy(model(images), digits)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        losses.append(loss.item())
    return losses


show(listing_1)


# %% tags=["listing"]
def listing_2():
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(3072, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for turn in range(6):
        for images, digits in few:
            loss = F.cross_entropy(model(images), digits)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        with torch.no_grad():
            right = [(model(held_x).argmax(1) == held_target).sum().item() for again in range(2)]
        print(f"right: {right[0]}, and once more: {right[1]}")
    return losses


show(listing_2)


# %% tags=["listing"]
def listing_3():
    model = TinyCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for images, digits in few * 6:
        probabilities = model(images).softmax(dim=1)
        loss = F.cross_entropy(probabilities, digits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


show(listing_3)


# %% tags=["listing"]
def listing_4():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Flatten()]
            self.fc = nn.Linear(16 * 32 * 32, 10)

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return self.fc(x)

    model = Net()
    conv, before = model.layers[0].weight, model.layers[0].weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for images, digits in few * 6:
        loss = F.cross_entropy(model(images), digits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"the filters have moved by {(conv - before).abs().max().item():.3f}")
    return losses


show(listing_4)


# %% tags=["listing"]
def listing_5():
    params = params_from_module(TinyCNN())
    losses = []
    for images, digits in few * 6:
        loss = F.cross_entropy(functional_cnn(images, params), digits)
        gradients = torch.autograd.grad(loss, list(params.values()))
        for parameter, gradient in zip(params.values(), gradients):
            parameter = parameter - 0.1 * gradient
        losses.append(loss.item())
    return losses


show(listing_5)


# %% tags=["listing"]
def listing_6():
    model = TinyCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for images, digits in few * 6:
        loss = F.cross_entropy(model(images), digits)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


show(listing_6)


# %% tags=["listing"]
def listing_7():
    model = TinyCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.fc = nn.Linear(16 * 32 * 32, 10)  # a fresh head for a new task
    before = model.fc.weight.detach().clone()
    losses = []
    for images, digits in few * 6:
        loss = F.cross_entropy(model(images), digits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"the head has moved by {(model.fc.weight - before).abs().max().item():.3f}")
    return losses


show(listing_7)


# %% tags=["listing"]
def listing_8():
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(3072, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for turn in range(6):
        for images, digits in few:
            loss = F.cross_entropy(model(images), digits)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            right = (model(held_x).argmax(1) == held_target).sum().item()
        print(f"right: {right}   batches that batch norm has counted: {model[2].num_batches_tracked}")
    return losses


show(listing_8)


# %% tags=["listing"]
def listing_9():
    pretrained = {f"module.{name}": tensor for name, tensor in trained.state_dict().items()}  # another program's names
    model = TinyCNN()
    model.load_state_dict(pretrained, strict=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)  # only gentle steps: it has learned already
    losses = []
    for images, digits in few * 6:
        loss = F.cross_entropy(model(images), digits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


show(listing_9)

# %% [markdown]
# ### Exercise: `diagnose` (3 points)
#
# Replace the dots by the names of the bugs. Each name is used once.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two loops print the same loss for every pass: nothing moves at all. In which of them is there an optimiser, and what does
# it find in `.grad`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Two networks move in part. For the part that does not move, ask twice: is it in `model.parameters()`? Is what is in there what the
# optimiser was given? Two networks have dropout and batch norm. Look for `eval()` and for `train()`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Which loss stays above 1.461? Which one begins at 2.3, though a trained network was to begin below 1? Which list would have to be an `nn.ModuleList`?
#
# </details>

# %% exercise="diagnose"
diagnose = {
    1: ...,
    2: ...,
    3: ...,
    4: ...,
    5: ...,
    6: ...,
    7: ...,
    8: ...,
    9: ...,
}
### BEGIN SOLUTION
diagnose = {
    1: "gradients cleared before the step",
    2: "measured in training mode",
    3: "softmax before the loss",
    4: "layers that nobody registered",
    5: "a name rebound, the tensor unchanged",
    6: "gradients never cleared",
    7: "an optimiser with old tensors",
    8: "trained in eval mode",
    9: "nothing pretrained loaded",
}
### END SOLUTION

# %% check="diagnose"
check("diagnose", diagnose)

# %% [markdown]
# Now repair them: each needs a line more, less or elsewhere. Run the cell again, and see the symptom go. Mind listing 2: whoever adds
# the single line `model.eval()` to it has made a listing 8 of it.
#
# Two numbers help to tell a symptom from bad luck. One is where a training begins, −ln(1/10) = 2.303. The other is where listing 3 ends:
# **predict** the smallest loss that a softmax in front of the loss lets through, when the network is as sure as can be, and right.

# %%
perfect = torch.tensor([[1.0] + [0.0] * 9])  # what a softmax gives at best
print(f"{F.cross_entropy(perfect, torch.tensor([0])).item():.3f}")

# %% [markdown]
# ln(e + 9) − 1 = 1.461: the second softmax sees numbers between 0 and 1 only, and cannot be sure of anything.

# %% [markdown]
# ## 8 · A new head
#
# A network that reads ten digits is to read other signs now. Its filters are of use; its head is not, and is replaced. Listing 7 showed what
# the optimiser makes of that. It holds **tensor objects**, and asks nobody whether the model still uses them.
#
# **Predict:** after which of these does the optimiser still hold the model's own tensors?


# %%
def still_together(change):
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    change(model)
    held = {id(one) for group in optimizer.param_groups for one in group["params"]}
    return all(id(one) in held for one in model.parameters())


def copies(model):
    return {name: one.clone() for name, one in model.state_dict().items()}


changes = {
    "model.double()": lambda model: model.double(),
    "load_state_dict(state)": lambda model: model.load_state_dict(copies(model)),
    "load_state_dict(state, assign=True)": lambda model: model.load_state_dict(copies(model), assign=True),
    "model[2] = nn.Linear(3, 7)": lambda model: model.__setitem__(2, nn.Linear(3, 7)),
}
for words, change in changes.items():
    print(f"{words:37}", "still together" if still_together(change) else "the optimiser holds old tensors")

# %% [markdown]
# `.double()` and a plain load change what is *in* the Parameters. `assign=True` and a new layer put other Parameters in their place, and the
# optimiser goes on stepping the old ones.
#
# `network.where` shows it, and says which tensors are meant. **Predict:** which arrows lead to the new layer?

# %%
model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model[2] = nn.Linear(3, 7)
network.where(model, optimizer)

# %% [markdown]
# None. Two arrows lead to tensors that are in no module any more: a step on them changes nothing here.
#
# Making a new optimiser would be simple, and would forget much. Here is what an optimiser holds:

# %%
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(
    [{"params": [model.weight], "weight_decay": 0.1}, {"params": [model.bias]}], lr=0.5, momentum=0.9
)
model(torch.ones(1, 2)).sum().backward()
optimizer.step()

for group in optimizer.param_groups:
    print(
        {name: group[name] for name in ("lr", "momentum", "weight_decay")},
        [tuple(one.shape) for one in group["params"]],
    )
for tensor, state in optimizer.state.items():
    print("state of the tensor", tuple(tensor.shape), "→", state)

# %% [markdown]
# - `param_groups` is a list of dictionaries: hyper-parameters, and under `"params"` the tensors they are for.
# - `state` is a dictionary whose keys are **the tensors themselves**. Here each has its momentum, made of the gradients so far.
#
# **Predict:** what does `one in group["params"]` do, if `one` is a tensor? (A list's `in` compares with `==`.)

# %%
try:
    print(model.bias in optimizer.param_groups[0]["params"])
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown]
# `==` compares tensors number by number, and complains about two shapes, or about an answer that is several answers. To find a tensor *object* in
# a list, go through it and ask `is`. A dictionary such as `state` has no such trouble: it looks a tensor up by its identity.

# %% [markdown]
# ### Exercise: `swap_head` (4 points)
#
# Write `swap_head(model, optimizer, num_classes)`. The model has a linear layer `fc` with a bias. Put a new one in its place, for
# `num_classes` classes, of the same dtype and on the same device. In the optimiser, the new weight and bias take **the places of the old
# ones**, in the same groups; the old ones leave `optimizer.state`. All other groups and all other state stay as they are.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which pairs of tensors, old and new, are there? Where can an old one stand in the optimiser?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `nn.Linear` takes `dtype=` and `device=`, and the old layer knows its `in_features`. For each pair, go through all groups, and make the
# list of a group anew with the new tensor where the old one stood. `is`, not `==`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `group["params"] = [after if one is before else one for one in group["params"]]`, and then `optimizer.state.pop(before, None)`.
#
# </details>


# %% exercise="swap_head"
def swap_head(model, optimizer, num_classes):
    """Give ``model`` a new ``fc`` for ``num_classes`` classes, and ``optimizer`` its tensors in the old ones' places."""
    ### BEGIN SOLUTION
    old = model.fc
    model.fc = nn.Linear(old.in_features, num_classes, dtype=old.weight.dtype, device=old.weight.device)
    for before, after in ((old.weight, model.fc.weight), (old.bias, model.fc.bias)):
        for group in optimizer.param_groups:
            group["params"] = [after if one is before else one for one in group["params"]]
        optimizer.state.pop(before, None)
    ### END SOLUTION


# %% check="swap_head"
check("swap_head", swap_head)

# %% [markdown]
# ## 9 · A part of a file
#
# Somebody gives you the state of a trained network. Its head has another size, and some names have a prefix. `load_state_dict` refuses, and
# lists what does not fit. `strict=False` looks like the way out. **Predict** the four lines:

# %%
source = TinyCNN().state_dict()
files = {
    "all names and shapes fit": dict(source),
    "every name has a prefix": {f"module.{name}": one for name, one in source.items()},
    "there is one name more": {**source, "extra.bias": torch.zeros(3)},
    "the head has another size": {**source, "fc.weight": torch.zeros(7, 16384), "fc.bias": torch.zeros(7)},
}
for words, state in files.items():
    model = TinyCNN()
    try:
        model.load_state_dict(state, strict=False)
        loaded = [name for name, one in model.state_dict().items() if torch.equal(one, source[name])]
        print(f"{words:26} loaded: {', '.join(loaded) or 'nothing'}")
    except RuntimeError as error:
        print(f"{words:26} RuntimeError: {str(error).splitlines()[1].strip()[:62]}…")

# %% [markdown]
# With a prefix, **nothing** is loaded, and nothing is said: that was listing 9. (`load_state_dict` does return the two lists of names. Who
# looks?) And where a shape differs, `strict=False` raises all the same.
#
# There is a second trap. Putting in *other* Parameters would leave an optimiser behind, as in section 8, and untie what was tied.
# **Predict:** which of these keep the two weights one object?

# %%
import copy


def tied():
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
    model[2].weight = model[0].weight  # one Parameter in two places
    return model


def loaded_into(model, **how):
    model.load_state_dict(copies(model), **how)
    return model


for words, model in {
    "copy.deepcopy(model)": copy.deepcopy(tied()),
    "model.double()": tied().double(),
    "load_state_dict(state)": loaded_into(tied()),
    "load_state_dict(state, assign=True)": loaded_into(tied(), assign=True),
}.items():
    print(f"{words:37}", "one weight" if model[0].weight is model[2].weight else "two weights")

# %% [markdown]
# So copy **values**, into the tensors that the model has. `tensor.copy_(other)` writes the numbers of `other` into the memory of `tensor`, and
# turns them into its dtype. It also *broadcasts*. **Predict:** what happens to a bias of three numbers if the file's has one?

# %%
bias = torch.tensor([1.0, 2.0, 3.0])
print(bias.copy_(torch.tensor([7.0])))

# %% [markdown]
# It fits, and is wrong. So compare shapes yourself.

# %% [markdown]
# ### Exercise: `load_partly` (4 points)
#
# Write `load_partly(model, state_dict)`. Copy every entry whose **name and shape** are those of a tensor in `model.state_dict()`, buffers
# too, into the model's own tensors: same objects, same memory, their dtype. Leave all others, and `state_dict`, as they are. Answer with two
# sorted tuples of names, `(loaded, skipped)`; `skipped` are the entries of `state_dict` that were not used. If nothing fits, raise a `ValueError`, and
# leave the model as it was.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What can you ask of the names and shapes *before* you write anything?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `model.state_dict()` hands out the model's own memory: what you copy into its tensors is in the model. Entries may ask for gradients, so
# copy under `torch.no_grad()`. Or: give `load_state_dict` only what fits, with `strict=False`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `loaded = [name for name, one in state_dict.items() if name in own and own[name].shape == one.shape]`, with `own = model.state_dict()`. None?
# `raise ValueError(…)`. Then `own[name].copy_(state_dict[name])` for each, and two times `tuple(sorted(…))`.
#
# </details>


# %% exercise="load_partly"
def load_partly(model, state_dict):
    """Copy what fits into ``model``. Returns the names loaded and the names skipped, two sorted tuples."""
    ### BEGIN SOLUTION
    own = model.state_dict()
    loaded = [name for name, one in state_dict.items() if name in own and own[name].shape == one.shape]
    if not loaded:
        raise ValueError(f"none of these fits into the model: {', '.join(state_dict) or 'no entry'}")
    with torch.no_grad():
        for name in loaded:
            own[name].copy_(state_dict[name])
    return tuple(sorted(loaded)), tuple(sorted(set(state_dict) - set(loaded)))
    ### END SOLUTION


# %% check="load_partly"
check("load_partly", load_partly)

# %%
try:
    state = {**trained.state_dict(), "fc.bias": torch.zeros(7), "module.conv.bias": torch.zeros(16)}
    loaded, skipped = load_partly(TinyCNN(), state)
    print("loaded: ", loaded)
    print("skipped:", skipped)
except NotImplementedError:
    print("This loads a part of a file with your own function, once `load_partly` is solved.")

# %% [markdown]
# ## 10 · Stop, and go on
#
# A training that stops in the middle should go on as if nothing had been. **Predict:** is the model's `state_dict` enough for that?
# Which of these two goes on like the one that never stopped?


# %%
def three_steps(model, optimizer):
    for images, digits in few[:3]:
        loss = F.cross_entropy(model(images.flatten(1)), digits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def begin():
    model = nn.Linear(3072, 10)
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


never_stopped, its_optimizer = begin()
three_steps(never_stopped, its_optimizer)
saved = copy.deepcopy((never_stopped.state_dict(), its_optimizer.state_dict()))
three_steps(never_stopped, its_optimizer)

for words in ("the model alone", "model and optimiser"):
    model, optimizer = begin()
    model.load_state_dict(saved[0])
    if words != "the model alone":
        optimizer.load_state_dict(saved[1])
    three_steps(model, optimizer)
    print(f"{words:20} off by {(model.weight - never_stopped.weight).abs().max().item():.1e}")

# %% [markdown]
# Momentum is state, too. So are Adam's averages, the step count, and the learning rate, which may have been lowered on the way.
#
# Why the `deepcopy`? **Predict:** a state_dict is taken, then a step is made. What does the state_dict hold?

# %%
model, optimizer = begin()
taken = model.state_dict()
before = taken["weight"].clone()
three_steps(model, optimizer)
print("the state_dict still holds what it held:", torch.equal(taken["weight"], before))

# %% [markdown]
# It holds the tensors themselves, and training writes into them. Bytes hold values: what was written down stays.
#
# ### Bytes that do something
#
# `torch.save` writes a *pickle*. A pickle does not just hold values: it may name **any function**, and whoever reads it calls that function. This
# one is harmless. **Predict** what is printed:


# %%
class Surprise:
    def __reduce__(self):
        return print, ("  this line was printed by the bytes, while they were read",)


crafted = io.BytesIO()
torch.save({"model": Surprise()}, crafted)

print("weights_only=False:")
crafted.seek(0)
torch.load(crafted, weights_only=False)  # never do this with a file that you did not write yourself

print("weights_only=True:")
crafted.seek(0)
try:
    torch.load(crafted, weights_only=True)
except pickle.UnpicklingError as error:
    print("  UnpicklingError:", next(line.strip()[:90] for line in str(error).splitlines() if "GLOBAL" in line))

# %% [markdown]
# Instead of `print`, it might have been a function that deletes your files. With `weights_only=True`, tensors, numbers, text and
# containers are read, and everything else is refused. That is all that a state_dict needs.

# %% [markdown]
# ### Exercise: `checkpoint` (5 points)
#
# Write two functions. `save_checkpoint(model, optimizer)` returns `bytes`. `load_checkpoint(data, model, optimizer)` puts them into the model
# and the optimiser **that it is given**, and returns both, `(model, optimizer)`. From there, training goes on exactly as it would have, with the
# hyper-parameters that were saved. Loading bytes that somebody has crafted must not run their code; raising an error is fine.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What has to be in the bytes, for the model and for the optimiser? Both have a method that gives it, and one that takes it.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.save` writes one object into a file; a dictionary of two state_dicts is one. `io.BytesIO()` is a file in memory: `getvalue()`
# gives its bytes, and `io.BytesIO(data)` makes a file of bytes.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)`. Then
# `saved = torch.load(io.BytesIO(data), weights_only=True)`, and twice `load_state_dict`.
#
# </details>


# %% exercise="checkpoint"
def save_checkpoint(model, optimizer):
    """The state of both, as ``bytes``."""
    ### BEGIN SOLUTION
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    return file.getvalue()
    ### END SOLUTION


def load_checkpoint(data, model, optimizer):
    """Put ``data`` into ``model`` and ``optimizer``. Returns both."""
    ### BEGIN SOLUTION
    saved = torch.load(io.BytesIO(data), weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return model, optimizer
    ### END SOLUTION


# %% check="checkpoint"
check("checkpoint", (save_checkpoint, load_checkpoint))

# %%
try:
    model, optimizer = begin()
    three_steps(model, optimizer)
    kept = save_checkpoint(model, optimizer)
    three_steps(model, optimizer)
    other, its_optimizer = load_checkpoint(kept, *begin())
    three_steps(other, its_optimizer)
    print(f"{len(kept):,} bytes; the same weights six steps on: {torch.equal(model.weight, other.weight)}")
except NotImplementedError:
    print("This stops a training and goes on from your own bytes, once `checkpoint` is solved.")

# %% [markdown]
# ## What you have now
#
# Both builds learn, and learn the same: one operation in another order would have shown in the last bit. And you know where to look when
# one does not learn.
#
# | what you see | ask |
# |---|---|
# | the loss never changes | what does the step find in `.grad`, and who keeps its result? |
# | one part does not move | is it registered, and does the optimiser hold these very tensors? `network.where(model, optimizer)` |
# | the loss falls, then jumps about | who clears the gradients? |
# | the loss stops above 1.461 | is there a softmax before the loss? |
# | two answers to the same question, or a network that learns less than it might | in which mode is it, here and now? |
# | a trained network begins at 2.303 | which names were loaded? |
#
# A checkpoint of values lets a training go on where it stopped.

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. Two trainings begin with the same numbers, and their losses drift apart by 1e-8, then 1e-6. Is that a bug?</summary>
#
# Not by itself. The same formula in other operations, `v - lr * g` for `v.add(g, alpha=-lr)`, rounds differently, and each step builds on the one
# before. In float64 the drift would be about half a billion times smaller. A bug would not shrink.
#
# </details>
# <details><summary>2. The loss falls, but one layer does not move. Which two questions do you ask?</summary>
#
# Is the layer in `model.parameters()`? If not, nobody registered it. If it is: does the optimiser hold these very objects? A layer that was
# replaced, or tensors loaded with `assign=True`, leave it with old ones.
#
# </details>
# <details><summary>3. What does a checkpoint hold, and what should it never hold?</summary>
#
# The values of all parameters and buffers, the optimiser's state and its hyper-parameters. Never code: state_dicts, read with
# `weights_only=True`, hold tensors and numbers only.
#
# </details>
#
# In [chapter 09](../09_where_functional_shines/09_where_functional_shines.ipynb), functions do what modules cannot do easily. What you have
# solved so far is in [Start here](../00_start_here.ipynb).
