# %% [markdown]
# # 02 · Views and copies
#
# A view is a new recipe over old numbers. In this chapter you write those recipes yourself.
#
# **At the end you can**
#
# - work out what `transpose`, a slice, `expand` and `view` do to size, stride and offset;
# - say of any `view` whether it will work, and if not, which dimensions are in the way;
# - see where writing into a view changes more than you meant;
# - put the dimensions of images in another order, and flatten a batch of any layout.
#
# In the first exercises a layout is just plain integers, `(size, stride, offset)`. ✋ there means: no torch at all.

# %%
import itertools
from math import prod

import torch
from torch import nn

from autograder import check
from course import data, network
from course.strides import compare, explore, show

_ = torch.manual_seed(0)  # the same random numbers for everybody


def layout(x):
    """Size, stride and offset of a tensor."""
    return tuple(x.size()), x.stride(), x.storage_offset()


# %% [markdown]
# ## 1 · Swap two dimensions
#
# **Predict:** which of the three notes change when rows and columns change places?

# %%
x = torch.arange(6).view(2, 3)
print(layout(x))
print(layout(x.t()))

# %% [markdown]
# Each dimension is a pair of a size and a stride, and the pairs change places. Nothing else happens. No number moves, and the
# first element stays the first.

# %%
compare(x, x.t(), names=("x", "t"))

# %% [markdown]
# ### Exercise: `transpose_layout` (2 points) ✋
#
# Write `transpose_layout(size, stride, offset, dim0, dim1)`: the layout after `transpose(dim0, dim1)`. Dimensions may be
# counted from the end: −1 is the last one.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What moves along with a size when it changes its place?
#
# </details>
# <details><summary>Hint 2</summary>
#
# A list can be changed in place, and a Python list knows negative indices by itself.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `size = list(size)`, then `size[dim0], size[dim1] = size[dim1], size[dim0]`. The same for the stride.
#
# </details>


# %% exercise="transpose_layout"
def transpose_layout(size, stride, offset, dim0, dim1):
    """``(size, stride, offset)`` after two dimensions changed places."""
    ### BEGIN SOLUTION
    size, stride = list(size), list(stride)
    for pairs in (size, stride):
        pairs[dim0], pairs[dim1] = pairs[dim1], pairs[dim0]
    return tuple(size), tuple(stride), offset
    ### END SOLUTION


# %% check="transpose_layout"
check("transpose_layout", transpose_layout)

# %% [markdown]
# ## 2 · Slices
#
# A slice `start:stop:step` begins elsewhere, is shorter, and takes longer steps. That is one change for each of the three notes.
#
# **Predict** the layout of `x[:, 1::2]` for `x = torch.arange(24).view(4, 6)`:

# %%
x = torch.arange(24).view(4, 6)
print(layout(x))
print(layout(x[:, 1::2]))
show(x[:, 1::2], focus=(1, 1), name="x[:, 1::2]")

# %% [markdown]
# **Predict** how many elements each of these has. The last one has none, and still torch does the same with stride and offset.

# %%
ten = torch.arange(10)
for part in (ten[0:10:3], ten[1:10:3], ten[2:10:3], ten[4:4:3]):
    print(part.tolist(), layout(part))

# %% [markdown]
# ### Exercise: `slice_layout` (3 points) ✋
#
# Write `slice_layout(size, stride, offset, dim, start, stop, step=1)`: the layout after slicing dimension `dim` by
# `start:stop:step`, with `0 ≤ start ≤ stop ≤ size[dim]` and `step ≥ 1`. An empty slice is no exception: it moves the offset
# and multiplies the stride like any other.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# In which slot does element `start` of that dimension lie? And how far from it is the next one that is taken?
#
# </details>
# <details><summary>Hint 2</summary>
#
# The number of elements is (stop − start) / step, rounded **up**: a step that was begun is an element more. In integers:
# `(stop - start + step - 1) // step`, or `len(range(start, stop, step))`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `offset + start * stride[dim]`, with the stride from *before* the slice; afterwards `stride[dim] * step`.
#
# </details>


# %% exercise="slice_layout"
def slice_layout(size, stride, offset, dim, start, stop, step=1):
    """``(size, stride, offset)`` after ``start:stop:step`` along ``dim``."""
    ### BEGIN SOLUTION
    size, stride = list(size), list(stride)
    size[dim] = len(range(start, stop, step))
    offset += start * stride[dim]
    stride[dim] *= step
    return tuple(size), tuple(stride), offset
    ### END SOLUTION


# %% check="slice_layout"
check("slice_layout", slice_layout)

# %% [markdown]
# ## 3 · Expand: many from one
#
# `expand` makes a dimension of size 1 longer, without more memory. `repeat` looks the same and copies.
#
# **Predict** the number of bytes behind each:

# %%
row = torch.arange(3.0).view(1, 3)
wide, copied = row.expand(1000, 3), row.repeat(1000, 1)
print(torch.equal(wide, copied))
print("expand:", layout(wide), wide.untyped_storage().nbytes(), "bytes")
print("repeat:", layout(copied), copied.untyped_storage().nbytes(), "bytes")

# %% [markdown]
# A stride of 0: one step down is no step at all. All thousand rows stand on the same three slots.
#
# Sizes are matched **from the last dimension on**, as in broadcasting; whatever is new comes in front. **Predict** which of
# these fail:

# %%
column = torch.arange(3).view(3, 1)
for new_size in ((3, 4), (2, 3, 4), (3, 1), (3, 4, 2), (4, 1), (3,)):
    try:
        print(new_size, "gives", layout(column.expand(new_size)))
    except RuntimeError as error:
        print(new_size, "fails:", str(error).split("  ")[0])

# %% [markdown]
# ### Exercise: `expand_layout` (3 points) ✋
#
# Write `expand_layout(size, stride, offset, new_size)`: the layout after `expand(new_size)`.
#
# - A dimension of size 1 that grows gets stride 0. One that stays as it was, 1 included, keeps its stride.
# - New dimensions come only in front. They get stride 0. (Each is larger than 1, and there is no −1 in `new_size`.)
# - `ValueError` when a dimension other than 1 would change, or when `new_size` has fewer dimensions.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many dimensions are new? Which of the `new_size` belong to the old ones then?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Fill up `size` in front with ones and `stride` with zeros, until both are as long as `new_size`. Then all is a matter of pairs.
#
# </details>
# <details><summary>Hint 3</summary>
#
# For old size `n`, new size `m`: equal, keep the stride; else if `n == 1`, stride 0; else `raise ValueError(...)`.
#
# </details>


# %% exercise="expand_layout"
def expand_layout(size, stride, offset, new_size):
    """``(size, stride, offset)`` after ``expand(new_size)``. Raises ValueError where it cannot be."""
    ### BEGIN SOLUTION
    lead = len(new_size) - len(size)
    if lead < 0:
        raise ValueError(f"{new_size} has fewer dimensions than {size}")
    new_stride = [0] * lead
    for n, step, m in zip(size, stride, new_size[lead:]):
        if n not in (1, m):
            raise ValueError(f"a dimension of size {n} cannot become {m}")
        new_stride.append(step if n == m else 0)
    return tuple(new_size), tuple(new_stride), offset
    ### END SOLUTION


# %% check="expand_layout"
check("expand_layout", expand_layout)

# %% [markdown]
# ## 4 · Contiguous
#
# A tensor is **contiguous** when reading it row by row means reading slot after slot: no gap, no jump, no way back. Fresh
# tensors are. Many functions want it, and `x.contiguous()` copies unless it is so already.
#
# **Predict** six times True or False:

# %%
x = torch.arange(24).view(4, 6)
for name, one in {
    "x": x,
    "x.t()": x.t(),
    "x[1:3]": x[1:3],
    "x[:, 1:3]": x[:, 1:3],
    "x[:1, 1:3]": x[:1, 1:3],
    "x[:, :1]": x[:, :1],
}.items():
    print(f"{name:11} {one.is_contiguous()!s:6} {layout(one)}")

# %% [markdown]
# The last but one is a surprise: stride `(6, 1)` for size `(1, 2)`. But there is only one row. No step down is ever taken, so
# the stride of a dimension of size 1 does not matter. And in a tensor without elements no step is taken at all.

# %%
for size, stride in (((1, 3), (100, 1)), ((2, 1, 3), (3, 77, 1)), ((2, 0, 3), (5, 7, 9)), ((3, 1), (2, 1))):
    print(size, stride, torch.empty_strided(size, stride).is_contiguous())

# %% [markdown]
# ### Exercise: `is_contiguous` (3 points) ✋
#
# Write `is_contiguous(size, stride)`: True or False, as torch says it.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which stride must the last dimension have? And the one before it, if the last has size 4? Which dimensions may have any?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Walk from the last dimension to the first and keep the stride that is expected, as in `contiguous_stride`. Leave
# dimensions of size 1 out. Deal with size 0 first of all.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `for n, step in zip(reversed(size), reversed(stride))`: if `n != 1`, `step` must be `expected`, and then `expected *= n`.
#
# </details>


# %% exercise="is_contiguous"
def is_contiguous(size, stride):
    """Whether reading row by row is reading slot after slot."""
    ### BEGIN SOLUTION
    if 0 in size:
        return True
    expected = 1
    for n, step in zip(reversed(size), reversed(stride)):
        if n != 1:
            if step != expected:
                return False
            expected *= n
    return True
    ### END SOLUTION


# %% check="is_contiguous"
check("is_contiguous", is_contiguous)

# %% [markdown]
# ## 5 · view, and its −1
#
# `view` keeps the elements and their order, and cuts them anew. The number of elements stays. So one size may be left
# open: −1 stands for whatever is left over.
#
# **Predict** which of these raise:

# %%
twelve = torch.arange(12)
for new_size in ((2, 6), (2, -1), (-1,), (-1, -1), (5, -1), (2, 5), (-2, -6), (0, -1)):
    try:
        print(new_size, "gives", tuple(twelve.view(new_size).size()))
    except RuntimeError as error:
        print(new_size, "fails:", error)

# %% [markdown]
# (Old answers on the web begin with `torch.range(3, 4)` and then ask for `view(2, 6)`. That function is on its way out, and
# it gives two elements. Two elements have no such view. `torch.arange(12)` has.)
#
# Even nothing has its rules: beside a size of 0, any number would do for the −1, and torch refuses to choose.

# %%
nothing = torch.empty(0)
print(tuple(nothing.view(-1, 3).size()))
try:
    nothing.view(-1, 0)
except RuntimeError as error:
    print(error)

# %% [markdown]
# ### Exercise: `infer_size` (3 points) ✋
#
# Write `infer_size(numel, new_size)`: `new_size` with its −1 resolved, for a tensor of `numel` elements. `ValueError` for
#
# - two or more −1,
# - a remainder: the known sizes do not divide `numel`,
# - a −1 beside known sizes whose product is 0,
# - a size below −1,
# - without a −1: sizes whose product is not `numel`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What is the product of the sizes that are known, and what does division tell you about the one that is not?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Sort out the errors first, one `if` each. `list(new_size).count(-1)` counts the unknowns; `prod(n for n in new_size if n != -1)`
# multiplies the rest (`prod` of nothing is 1).
#
# </details>
# <details><summary>Hint 3</summary>
#
# `tuple(numel // known if n == -1 else n for n in new_size)`, once `known` is not 0 and `numel % known` is 0.
#
# </details>


# %% exercise="infer_size"
def infer_size(numel, new_size):
    """``new_size`` as a tuple without -1. Raises ValueError where there is no answer, or more than one."""
    ### BEGIN SOLUTION
    known = prod(n for n in new_size if n != -1)
    unknowns = list(new_size).count(-1)
    if unknowns > 1:
        raise ValueError(f"only one size can be -1, and {new_size} has {unknowns}")
    if any(n < -1 for n in new_size):
        raise ValueError(f"a size below -1 in {new_size}")
    if unknowns == 0 and known != numel:
        raise ValueError(f"{numel} elements do not make {new_size}")
    if unknowns and (known == 0 or numel % known):
        raise ValueError(f"{numel} elements leave no size for the -1 in {new_size}")
    return tuple(numel // known if n == -1 else n for n in new_size)
    ### END SOLUTION


# %% check="infer_size"
check("infer_size", infer_size)

# %% [markdown]
# ## 6 · When a view is impossible
#
# `view` never copies. It gives a new recipe, or it raises. (`reshape` gives the view where there is one and copies where there
# is none; `clone` and `contiguous` are for when you want a copy.)
#
# It is often said that `view` needs a contiguous tensor. **Predict:** which of these two works? Neither is contiguous.

# %%
x = torch.arange(12).view(2, 6)
for name, one in {"x[:, ::2]": x[:, ::2], "x.t()": x.t()}.items():
    print(name, layout(one), "contiguous:", one.is_contiguous())
    try:
        print("    view(-1) works:", layout(one.view(-1)))
    except RuntimeError as error:
        print("    view(-1) fails:", error)

# %% [markdown]
# Look at the slots. Those of `x[:, ::2]` are 0, 2, 4, 6, 8, 10: always 2 further, over the end of the row too. One stride says it
# all.

# %%
show(x[:, ::2].view(-1), name="x[:, ::2].view(-1)")

# %% [markdown]
# Those of `x.t()`, row by row, are 0, 6, 1, 7, 2, 8: forth and back. No single stride does that.
#
# So here is the rule. Two neighbouring dimensions can **merge** into one when a step of the outer one is exactly as long as all
# steps of the inner one together:
#
# > stride[outer] = size[inner] · stride[inner]
#
# Splitting a dimension is always possible. **Predict**, with that rule, which of these have a view as one row:

# %%
for name, one in {
    "(2, 6)[:, ::2]": torch.arange(12).view(2, 6)[:, ::2],
    "(2, 5)[:, ::2]": torch.arange(10).view(2, 5)[:, ::2],
    "(4, 3)[::2]": torch.arange(12).view(4, 3)[::2],
    "(1, 3) expanded to (2, 3)": torch.arange(3).view(1, 3).expand(2, 3),
}.items():
    (outer, inner), size = one.stride(), one.size(1)
    print(f"{name:26} {outer} = {size} · {inner}?  {outer == size * inner}")

# %% [markdown]
# Try it here: type `.view(24)` after different operations. Where it cannot be, the explorer says which two dimensions do not
# merge.

# %%
explore(torch.arange(24).view(2, 3, 4).transpose(0, 1))

# %% [markdown]
# Dimensions of size 1 are friendly again. No step is taken along them, so they merge with whatever they stand beside. And
# torch has to write down *some* stride for a new one: it takes the length of all that stands to its right in the same run
# of merged dimensions. Where nothing does, that is one step of the run.

# %%
odd = torch.arange(6).as_strided((2, 1, 3), (3, 77, 1))
print(layout(odd.view(6)))
print(layout(torch.arange(6).view(2, 1, 3)))
print(layout(torch.arange(6).view(1, 6)))
print(layout(torch.arange(12)[::2].view(6, 1)))

# %% [markdown]
# ### Exercise: `view_stride` (5 points) ✋
#
# Write `view_stride(size, stride, new_size)`: the strides that torch's `view(new_size)` gives, or `None` where no view exists, or
# where the number of elements is another. There is no −1 in `new_size`, and no check uses a size of 0.
#
# This is the hardest one of the chapter. Take your time, and paper.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which old dimensions lie together, so that they could be merged? Call each such group a *run*. A run is like one long
# dimension: it has a number of elements and one stride, that of its last dimension. What has to be true of the new
# sizes, then?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Go from the right. Collect a run of old dimensions (size 1 always joins). Then take new sizes from the right until their product
# is the number of elements of the run. If it grows beyond, a new dimension would have to reach over two runs: `None`. Inside
# the run, a new dimension's stride is the run's stride times the product of the new sizes already taken from that run.
#
# </details>
# <details><summary>Hint 3</summary>
#
# For a run of `numel` elements with stride `base`, `new` being the sizes still to place:
# `while new and (taken < numel or new[-1] == 1): found.insert(0, taken * base); taken *= new.pop()`. After it, `taken` must be
# `numel`. A tensor without dimensions is one run of one element, with stride 1.
#
# </details>


# %% exercise="view_stride"
def view_stride(size, stride, new_size):
    """The strides of ``view(new_size)``, or None where there is no such view."""
    ### BEGIN SOLUTION
    if prod(size) != prod(new_size):
        return None
    runs = []  # [number of elements, stride], the rightmost first
    for n, step in zip(reversed(size), reversed(stride)):
        if runs and (n == 1 or step == runs[-1][0] * runs[-1][1]):
            runs[-1][0] *= n
        else:
            runs.append([n, step])
    found, new = [], list(new_size)
    for numel, base in runs or [[1, 1]]:
        taken = 1
        while new and (taken < numel or new[-1] == 1):
            found.insert(0, taken * base)
            taken *= new.pop()
        if taken != numel:
            return None
    return tuple(found)
    ### END SOLUTION


# %% check="view_stride"
check("view_stride", view_stride)

# %% [markdown]
# ## 7 · Two indices, one slot
#
# Nothing forbids a recipe that comes to the same slot twice. For reading that is fine, and useful. For writing it is a trap.
#
# **Predict:** every element of `w` is raised by 1, once. What does `w` hold afterwards?

# %%
w = torch.arange(5.0).as_strided((3, 3), (1, 1))
print(w)
w.add_(1)
print(w)

# %% [markdown]
# Windows of three, one slot apart: the middle slot is in all three of them, so it was written three times. Nobody complained, and
# nobody promises that it comes out like this everywhere. Of an expanded tensor torch notices it, because a stride of 0 is
# easy to see:

# %%
try:
    torch.arange(3.0).expand(2, 3).add_(1)
except RuntimeError as error:
    print(error)

# %%
show(torch.arange(5.0).as_strided((3, 3), (1, 1)), focus=(1, 1), name="w")

# %% [markdown]
# When can two indices name one slot? A stride of 0 is neither necessary, as you saw, nor enough: along a dimension of size 1 it
# does no harm. Nor does much room help.
#
# **Predict** which of these overlap. Write the slots down: there are only six.

# %%
for size, stride in (((2, 3), (3, 2)), ((2, 3), (4, 2)), ((2, 3), (50, 25)), ((1, 3), (0, 1))):
    slots = [i * stride[0] + j * stride[1] for i in range(size[0]) for j in range(size[1])]
    print(size, stride, slots)

# %% [markdown]
# ### Exercise: `has_overlap` (4 points)
#
# Write `has_overlap(size, stride)`: can two different indices name the same slot? True or False, and exact. Strides are not
# negative; there are up to 4 dimensions and up to 10,000 elements. You may use torch here.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# With at most 10,000 elements you need no clever rule. What do you know when you have seen every slot?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Write down the slot of every index (`itertools.product`, as in chapter 01). A set forgets what comes twice.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `len(set(slots)) < len(slots)`.
#
# </details>


# %% exercise="has_overlap"
def has_overlap(size, stride):
    """Whether two indices name one slot."""
    ### BEGIN SOLUTION
    indices = itertools.product(*(range(n) for n in size))
    slots = [sum(i * step for i, step in zip(index, stride)) for index in indices]
    return len(set(slots)) < len(slots)
    ### END SOLUTION


# %% check="has_overlap"
check("has_overlap", has_overlap)

# %% [markdown]
# ## 8 · Images: where the channels go
#
# torch keeps a batch of images as `(N, C, H, W)`: first all of red, then all of green, then all of blue. Cameras, files and
# plotting libraries mostly want `(H, W, C)`: the three colours of a pixel together.
#
# There are two ways to the shape `(32, 32, 3)`. **Predict:** does it matter which one you take? Here is the first:

# %%
flower = data.photo("flower")  # (3, 32, 32)


def draw_pixels(pixels):
    """Draw an image ``(H, W, C)``; the picture wants the channels in front."""
    return network.draw_image(pixels.permute(2, 0, 1))


draw_pixels(flower.view(32, 32, 3))

# %% [markdown]
# And the second:

# %%
draw_pixels(flower.permute(1, 2, 0))

# %% [markdown]
# With `view` you see nine small grey flowers and some coloured noise. `view` keeps the order in memory, so three neighbours in one
# *row* of red became the red, green and blue of one pixel. With `permute` dimensions changed places, and their strides with
# them.
#
# To reorder dimensions, permute. To cut them anew, view. Neither stands in for the other.
#
# ### Exercise: `to_channels_last` (2 points)
#
# Write `to_channels_last(x)`: `(N, C, H, W)` to `(N, H, W, C)`, over the same storage. Any function of torch is welcome.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which element of `x` is `out[n, h, w, c]`? Do H and W change their order?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `permute` takes, for each new dimension, the number of the old one that goes there.
#
# </details>
# <details><summary>Hint 3</summary>
#
# New: N, H, W, C. In `x` these are the dimensions 0, 2, 3 and 1.
#
# </details>


# %% exercise="to_channels_last"
def to_channels_last(x):
    """``(N, C, H, W)`` to ``(N, H, W, C)``, a view."""
    ### BEGIN SOLUTION
    return x.permute(0, 2, 3, 1)
    ### END SOLUTION


# %% check="to_channels_last"
check("to_channels_last", to_channels_last)

# %% [markdown]
# ## 9 · The flatten step of a CNN
#
# The network of the next chapter, TinyCNN, begins with a *convolution*: it makes of each image 16 pictures of 32 × 32 numbers. How,
# chapters 03 and 05 say; here only shapes and strides count. Then a linear layer wants these 16 × 32 × 32 numbers as one row for each
# image. Much code does that by `out.view(out.size(0), -1)`, and it works, for years.
#
# Then somebody makes the images faster to process, by storing them channels last. The shape stays `(N, C, H, W)`; only the
# strides are others. **Predict** what happens:

# %%
conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
images = data.photos()  # (2, 3, 32, 32)

for name, x in {"as they were": images, "channels last": images.to(memory_format=torch.channels_last)}.items():
    out = conv(x).detach()
    print(f"{name:14} in {x.stride()}  out {out.stride()}")
    try:
        print("    view works: ", layout(out.view(out.size(0), -1)))
    except RuntimeError as error:
        print("    view fails: ", error)

# %% [markdown]
# Equal images, equal shapes, and one of them fails: the convolution hands its order in memory on. Apply your rule to the stride
# `(16384, 1, 512, 16)`. H and W merge: 512 = 32 · 16. To merge with these 1024 pixels, the channels would need the stride
# 1024 · 16 = 16384. They have 1.
#
# **Predict:** for which of the two does `reshape` copy?

# %%
for name, x in {"as they were": images, "channels last": images.to(memory_format=torch.channels_last)}.items():
    out = conv(x).detach()
    flat = out.reshape(out.size(0), -1)
    same = flat.untyped_storage().data_ptr() == out.untyped_storage().data_ptr()
    print(f"{name:14} reshape is a {'view' if same else 'copy'}")

# %% [markdown]
# ### Exercise: `flatten_batch` (4 points)
#
# Write `flatten_batch(x)`: `(N, …)` to `(N, rest)`, for two dimensions or more, none of size 0. It is a **view** wherever a view
# exists, for tensors that are not contiguous too; a copy where none does; and never an error.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which dimension has to stay? And which of `view`, `reshape`, `contiguous` and `clone` copies exactly when it has to?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `x.contiguous().view(…)` copies every tensor that is not contiguous, even `x[::2]`, which has a flat view. There is one
# function that looks for the view first.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `reshape`, with `x.size(0)` and a −1. Or `flatten`, told where to start.
#
# </details>


# %% exercise="flatten_batch"
def flatten_batch(x):
    """``(N, …)`` to ``(N, rest)``: a view where there is one, else a copy."""
    ### BEGIN SOLUTION
    return x.reshape(x.size(0), -1)
    ### END SOLUTION


# %% check="flatten_batch"
check("flatten_batch", flatten_batch)

# %% [markdown]
# ## What you know now
#
# | call | does | copies? |
# |---|---|---|
# | `transpose`, `permute`, `t` | dimensions change places, sizes with strides | never |
# | slicing, `select`, `narrow` | moves the offset, multiplies a stride | never |
# | `expand` | stride 0 | never |
# | `view` | cuts anew, where dimensions merge | never: it raises |
# | `reshape`, `flatten` | `view` where there is one | only where there is none |
# | `contiguous` | row-by-row order | unless it is so already |
# | `clone`, `repeat`, `flip`, indexing with a list or a mask | new slots | always |
#
# And before you write in place into a view, ask who else reads those slots.

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. <code>x</code> is contiguous, of size (4, 6). Which of <code>x[:2]</code>, <code>x[:, :3]</code> and
# <code>x.t()</code> has a <code>view(-1)</code>?</summary>
#
# Only `x[:2]`. Its strides are (6, 1), its inner size is 6, and 6 = 6 · 1: the two dimensions merge. For `x[:, :3]` that is
# 6 = 3 · 1, for `x.t()` it is 1 = 4 · 6. Neither holds.
#
# </details>
# <details><summary>2. A photograph is (3, 32, 32). Both <code>reshape(32, 32, 3)</code> and <code>permute(1, 2, 0)</code> give
# (32, 32, 3). Which of them is the photograph?</summary>
#
# The one by `permute`: each size takes its stride along. `reshape` keeps the order in memory and cuts it anew, so that three
# neighbours in one row of red become one pixel.
#
# </details>
# <details><summary>3. <code>rows = bias.expand(100, 10)</code>, and then each row gets noise of its own by
# <code>rows.add_(noise)</code>. What happens?</summary>
#
# An error. All hundred rows are the same ten slots, stride 0, and torch refuses to write there. `rows.clone()` first makes slots
# for each, or `rows + noise` a new tensor.
#
# </details>
#
# In [chapter 03](../03_cnn_with_modules/03_cnn_with_modules.ipynb) you build the network. What you have solved so far is in
# [Start here](../00_start_here.ipynb).
