# %% [markdown]
# # 01 · Storage and strides
#
# What is a tensor, under the hood? Less than one would think: a row of numbers, and a recipe for reading it.
#
# In this chapter you work out by hand where every element lies. The rest of the course stands on it: why some calls are
# free and others copy, why `view` sometimes refuses, and how a convolution can be written without a loop.
#
# **At the end you can**
#
# - say in which slot of memory any element of a tensor lies;
# - read a tensor off its storage with your own hands, whatever its strides;
# - tell whether two tensors lie in the same memory;
# - predict what an operation makes of size, stride and offset, and whether it copies.

# %%
import itertools

import torch

from autograder import check
from course.strides import compare, explore, show

# %% [markdown]
# ## 1 · One row of numbers
#
# Twelve numbers, as two rows of six:

# %%
x = torch.arange(12).view(2, 6)
x

# %% [markdown]
# Memory has no rows. It is one long line of slots, numbered from 0: the tensor's **storage**. Here is the same tensor, above
# the storage it reads.
#
# **Predict** before you run it: in which slot does `x[1, 2]`, the number 8, lie?

# %%
show(x, focus=(1, 2))

# %% [markdown]
# Now the same twelve slots as three rows of four. Nothing is moved for that: only the recipe is another.
#
# **Predict:** which number is `y[1, 2]`?

# %%
y = x.view(3, 4)
show(y, focus=(1, 2), name="y")

# %% [markdown]
# ## 2 · The recipe
#
# A tensor is a storage and four notes on how to read it:
#
# | note | says | `x` |
# |---|---|---|
# | **size** (or shape) | how many elements there are along each dimension | `(2, 6)` |
# | **stride** | how many slots further the next element along each dimension lies | `(6, 1)` |
# | **offset** | in which slot the first element lies | `0` |
# | **dtype** | how the bits of a slot are read | `torch.int64` |
#
# torch tells you all of them:

# %%
for name, one in (("x", x), ("y", y)):
    print(name, tuple(one.size()), one.stride(), one.storage_offset(), one.dtype)

# %% [markdown]
# Read the strides of `y` aloud: *one row down is 4 slots further, one column to the right is 1 slot further.*
#
# **Predict:** what are the size and the stride of `x.t()`, rows and columns swapped? It reads the very same slots.

# %%
show(x.t(), focus=(2, 1), name="x.t()")

# %% [markdown]
# A slice need not begin at slot 0. That is what the offset is for.
#
# **Predict** size, stride and offset of `x[:, 2:5]`: both rows, columns 2 to 4.

# %%
part = x[:, 2:5]
print(tuple(part.size()), part.stride(), part.storage_offset())
show(part, focus=(1, 1), name="part")

# %% [markdown]
# And everything else follows from one line. The element at `index` lies in the slot
#
# > offset + index[0] · stride[0] + index[1] · stride[1] + …
#
# ### Exercise: `flat_index` (2 points)
#
# Write `flat_index(index, stride, offset=0)`: the slot of the element at `index`, an int. It works for any number of
# dimensions, none included.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For `index = (1, 2)` and `stride = (6, 1)`: how far does the 1 move you, and how far the 2? Where did you start?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `zip(index, stride)` gives you the pairs that belong together. The size is not needed at all.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `sum(i * step for i, step in zip(index, stride))`, and then something for the start.
#
# </details>


# %% exercise="flat_index"
def flat_index(index, stride, offset=0):
    """The slot of the element at ``index``: tuples of ints, one number a dimension."""
    ### BEGIN SOLUTION
    return offset + sum(i * step for i, step in zip(index, stride))
    ### END SOLUTION


# %% check="flat_index"
check("flat_index", flat_index)

# %% [markdown]
# ## 3 · Where strides come from
#
# A fresh tensor is stored row by row: the last index moves fastest. Such a tensor is called **contiguous**.
#
# **Predict** the strides before you run it. Begin with the last one.

# %%
for size in ((5,), (2, 3), (2, 3, 4), (10, 3, 32, 32)):
    print(f"{size!s:16} {torch.empty(size).stride()}")

# %% [markdown]
# A batch of 10 images has the stride `(3072, 1024, 32, 1)`: one image further is 3 · 32 · 32 = 3072 slots further.
#
# Two odd sizes: a tensor without dimensions holds one number, and a tensor with a 0 in its size holds none.

# %%
for size in ((), (0,), (3, 0, 2), (2, 0, 0, 5)):
    empty = torch.empty(size)
    print(f"{size!s:16} {empty.stride()!s:16} {empty.numel()} elements")

# %% [markdown]
# Look at `(3, 0, 2)`. The stride of dimension 0 is not 0 · 2 = 0: where torch works out strides, a size of 0 counts as 1.
#
# ### Exercise: `contiguous_stride` (2 points) ✋
#
# Write `contiguous_stride(size)`: the strides of a fresh tensor of that size, as torch says them. ✋ means: you build it
# yourself. Here any function of torch is refused; integers are enough.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many elements do you skip when you go one step along dimension `d`? Which sizes does that depend on: those to the left
# of `d`, its own, or those to the right?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Go from the last dimension to the first and keep the product of the sizes you have passed. Write the product down *before*
# you multiply a dimension's own size in.
#
# </details>
# <details><summary>Hint 3</summary>
#
# In the loop: `stride.insert(0, step)`, then `step *= max(n, 1)`. `step` begins at 1.
#
# </details>


# %% exercise="contiguous_stride"
def contiguous_stride(size):
    """The strides of a fresh tensor: ``(2, 3, 4)`` gives ``(12, 4, 1)``."""
    ### BEGIN SOLUTION
    stride, step = [], 1
    for n in reversed(size):
        stride.insert(0, step)
        step *= max(n, 1)
    return tuple(stride)
    ### END SOLUTION


# %% check="contiguous_stride"
check("contiguous_stride", contiguous_stride)

# %% [markdown]
# ## 4 · Read a tensor with your own hands
#
# If the recipe is all there is, you can read any tensor off its storage yourself. Nobody says that the recipe has to be the
# ordinary one: strides can leave slots out, or come back to the same slot again and again.
#
# `as_strided` is torch's raw form of it: a storage, and whatever recipe you like. **Predict** the first row of each:

# %%
row = torch.arange(12)
print(row.as_strided((3, 2), (4, 2), 1))  # every fourth slot, then every second, from slot 1 on
print(row.as_strided((4, 3), (2, 1), 0))  # windows of three, two slots apart
print(row.as_strided((2, 4), (0, 1), 5))  # the same four slots, twice

# %% [markdown]
# And a recipe that leaves the storage is refused:

# %%
try:
    row.as_strided((3, 4), (4, 1), 1)
except RuntimeError as error:
    print(error)

# %% [markdown]
# Slots 1 to 12 were asked for, and there is no slot 12.
#
# ### Exercise: `read_strided` (4 points) ✋
#
# Write `read_strided(storage, size, stride, offset=0)`, without `as_strided`. `storage` is a tensor of one dimension, and slot
# k is `storage[k]`. The result is a **new** tensor with the dtype of `storage`: writing to the storage afterwards does not
# change it.
#
# - Any element outside of the storage: `IndexError`. Careful, to Python `storage[-1]` is the last element; there is no slot −1.
# - A size with a 0 in it reads nothing. That never raises, wherever it begins.
# - Without dimensions the result holds one number, the one in slot `offset`.
#
# Strides are never negative here, and no gradients are asked for.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which indices does a tensor of size `(2, 3)` have? And which slot belongs to each? You have written the second half already.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `itertools.product(*(range(n) for n in size))` gives all indices, and does so for no dimensions and for size 0 too. Begin with
# an empty tensor of the right size, `torch.empty(size, dtype=storage.dtype)`, and fill it.
#
# </details>
# <details><summary>Hint 3</summary>
#
# In the loop: `slot = flat_index(index, stride, offset)`; raise `IndexError` unless `0 <= slot < len(storage)`; then
# `out[index] = storage[slot]`.
#
# </details>


# %% exercise="read_strided"
def read_strided(storage, size, stride, offset=0):
    """A new tensor of that ``size``, read from ``storage (slots,)``. Raises IndexError outside of it."""
    ### BEGIN SOLUTION
    out = torch.empty(size, dtype=storage.dtype)
    for index in itertools.product(*(range(n) for n in size)):
        slot = offset + sum(i * step for i, step in zip(index, stride))
        if not 0 <= slot < len(storage):
            raise IndexError(f"slot {slot} of {len(storage)}")
        out[index] = storage[slot]
    return out
    ### END SOLUTION


# %% check="read_strided"
check("read_strided", read_strided)

# %% [markdown]
# ## 5 · Two tensors, one storage
#
# `y = x.view(3, 4)` moved nothing. So `x` and `y` look at the same slots.
#
# **Predict:** what does `y` show after this?

# %%
x = torch.arange(12).view(2, 6)
y = x.view(3, 4)
x[0, 5] = 500
y

# %% [markdown]
# Such a `y` is called a **view** of `x`. That is the reason why `view` is called `view`, and why it is fast, for twelve numbers
# and for twelve million.

# %%
compare(x, y, names=("x", "y"))

# %% [markdown]
# `clone` makes a **copy**: new slots with the same numbers.

# %%
z = x.clone()
x[0, 0] = -1
print("y:", y[0, 0].item(), "  z:", z[0, 0].item())

# %% [markdown]
# How does one ask whether two tensors share a storage? Look at a few answers that are nearly right.
#
# **Predict** all six words.

# %%
line = torch.zeros(12)
front, back = line[:6], line[6:]
print("same object:       ", front is back)
print("same numbers:      ", torch.equal(front, back))
print("same first address:", front.data_ptr() == back.data_ptr())
print()
other = torch.zeros(12)
print("same object:       ", line is other)
print("same numbers:      ", torch.equal(line, other))
print("same first address:", line.data_ptr() == other.data_ptr())

# %% [markdown]
# `front` and `back` have no slot in common, and yet they are two parts of one allocation: memory that was asked for in one
# piece, and that stays in use until the last tensor over it is gone. Keep one row of a huge tensor, and you keep it all.

# %%
huge = torch.zeros(1000, 1000)
kept = huge[7]
del huge
print(f"{kept.numel():,} elements, {kept.untyped_storage().nbytes():,} bytes in use")

# %% [markdown]
# ### Exercise: `shares_storage` (2 points)
#
# Write `shares_storage(a, b)`: True when both tensors lie in the same allocation, whatever their offsets; else False. Both
# hold at least one element.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `a.data_ptr()` is the address of the first *element*. What has an address that does not depend on the offset?
#
# </details>
# <details><summary>Hint 2</summary>
#
# The cell above used it to count bytes: every tensor can hand you its storage.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `a.untyped_storage().data_ptr()` is the address of slot 0. Compare it with that of `b`.
#
# </details>


# %% exercise="shares_storage"
def shares_storage(a, b):
    """Whether ``a`` and ``b`` lie in the same allocation."""
    ### BEGIN SOLUTION
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()
    ### END SOLUTION


# %% check="shares_storage"
check("shares_storage", shares_storage)

# %% [markdown]
# ## 6 · Predict
#
# Many operations are nothing but another recipe over the same slots. Some are not: where no recipe can say what was asked
# for, torch copies. Two rules of thumb:
#
# - In torch **no stride is negative**. So `flip` copies, always. (In NumPy it is a view.)
# - A copy begins at slot 0 of a storage of its own. What `reshape` and `contiguous` copy is laid out row by row, like any
#   fresh tensor. (`clone` and `flip` keep the order of the dimensions in memory; of `x` below, that is row by row as well.)
#
# Try operations here. Click them, or type a chain such as `.transpose(0, 2)[:, ::2]`; point at an element to see its slot, and
# at a slot to see its elements. Every step says whether it is a view or a copy.

# %%
explore(torch.arange(24).view(2, 3, 4))

# %% [markdown]
# `expand` deserves a look of its own. It repeats what is there without making more of it.
#
# **Predict** the stride of the dimension that is repeated:

# %%
show(torch.arange(3).unsqueeze(0).expand(4, 3), name="rows")

# %% [markdown]
# And `diagonal(0, 1, 2)` takes, of dimensions 1 and 2, the elements at (0, 0), (1, 1), (2, 2), …; it puts them into a new
# dimension at the end. One step along it is a step in both dimensions at once.
#
# ### Exercise: `predict_layout` (4 points)
#
# `x = torch.arange(24).view(2, 3, 4)`, with the strides `(12, 4, 1)`. Write down what each of these gives, as
# `(size, stride, offset)`. Work it out on paper first, and look in the explorer afterwards: a wrong guess that you
# understand is worth more than a right number that you copied.
#
# The check looks at four pairs: order, parts, strides, copies. Each pair is worth a point.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For each one ask first: can strides say this at all? If yes, no number moves, and each size keeps its stride. If not, it is
# a copy, and its strides follow from its size alone. Two of the eight are copies.
#
# </details>
# <details><summary>Hint 2</summary>
#
# A step of 2 makes strides twice as long. An integer index takes its dimension away and moves the offset by
# index · stride. A repeated dimension has stride 0. Along a diagonal two strides add up.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `x[:, 1]` is `((2, 4), (12, 1), 4)`. And for the last one: after `transpose(0, 1)` the strides are `(4, 12, 1)`, and
# the last two dimensions, of sizes 2 and 4, can only become one of size 8 if 12 were 4 · 1.
#
# </details>

# %% exercise="predict_layout"
predict_layout = {
    "x.transpose(0, 2)": ...,
    "x.permute(2, 0, 1)": ...,
    "x[:, ::2]": ...,
    "x[:, 1]": ...,
    "x.unsqueeze(1).expand(2, 5, 3, 4)": ...,
    "x.diagonal(0, 1, 2)": ...,
    "x.flip(2)": ...,
    "x.transpose(0, 1).reshape(3, 8)": ...,
}
### BEGIN SOLUTION
predict_layout = {
    "x.transpose(0, 2)": ((4, 3, 2), (1, 4, 12), 0),
    "x.permute(2, 0, 1)": ((4, 2, 3), (1, 12, 4), 0),
    "x[:, ::2]": ((2, 2, 4), (12, 8, 1), 0),
    "x[:, 1]": ((2, 4), (12, 1), 4),
    "x.unsqueeze(1).expand(2, 5, 3, 4)": ((2, 5, 3, 4), (12, 0, 4, 1), 0),
    "x.diagonal(0, 1, 2)": ((2, 3), (12, 5), 0),
    "x.flip(2)": ((2, 3, 4), (12, 4, 1), 0),
    "x.transpose(0, 1).reshape(3, 8)": ((3, 8), (8, 1), 0),
}
### END SOLUTION

# %% check="predict_layout"
check("predict_layout", predict_layout)

# %% [markdown]
# ## What you know now
#
# - A tensor is a storage, read by size, stride and offset: slot = offset + Σ index · stride.
# - A fresh tensor is contiguous: the last stride is 1, and each other one is the product of the sizes to its right.
# - No stride says "backwards", and none says "four near steps, then a far one". Where torch would need it, it copies.
# - A view is another recipe over the same slots, so writing to one shows in the other. A copy has slots of its own.

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. A tensor has size (4, 5), stride (1, 4) and offset 3. In which slot lies element [2, 3], and how many
# slots must the storage have at least?</summary>
#
# In slot 3 + 2 · 1 + 3 · 4 = 17. The last element, [3, 4], lies in slot 3 + 3 · 1 + 4 · 4 = 22, so there have to be 23 slots,
# counted from 0.
#
# </details>
# <details><summary>2. You keep <code>row = huge[7]</code> and delete <code>huge</code>. Why is the memory not free, and what
# would free it?</summary>
#
# The row is a view: it reads the very allocation that the whole tensor was in. `row = huge[7].clone()` has slots of its own, and
# then nobody needs the large storage any more.
#
# </details>
# <details><summary>3. <code>transpose</code> is free and <code>flip</code> copies. Both only change an order. Why the difference?</summary>
#
# Two swapped dimensions are another recipe: their strides change places. Backwards would need a negative stride, and torch has
# none.
#
# </details>
#
# In [chapter 02](../02_views_and_copies/02_views_and_copies.ipynb) you work out the recipe of every view yourself, and when
# there is none. What you have solved so far is in [Start here](../00_start_here.ipynb).
