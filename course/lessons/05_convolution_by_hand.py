# %% [markdown]
# # 05 · Convolution by hand
#
# You know two things by now. A tensor is a way to walk through storage: sizes, strides, an offset
# ([chapter 02](../02_views_and_copies/02_views_and_copies.ipynb)). And a CNN is a handful of functions, of which
# `F.conv2d` does most of the work ([chapter 04](../04_the_same_cnn_with_functional/04_the_same_cnn_with_functional.ipynb)).
#
# Here they meet. A convolution is a view, and one product. You build it, put it into TinyCNN in place of `F.conv2d`, and nobody
# notices.
#
# **At the end you can**
#
# - work out any number of a convolution's output by hand;
# - tell the two meanings of "stride" apart, the kernel's and the memory's;
# - write a convolution as a view and one product, with stride, padding and dilation, and max pooling from the same pieces;
# - put a function of your own into a network, gradients and all.

# %%
import torch
from torch import nn
import torch.nn.functional as F

from autograder import check
from course import data, network
from course.strides import show

_ = torch.manual_seed(0)  # the same random numbers for everybody

# %% [markdown]
# ## 1 · Slide, multiply, sum
#
# Put a small grid of weights, the **kernel**, onto the image. Multiply each weight with the pixel under it. Add the products: that
# is one number of the output. Move the kernel by one pixel, and do it again.
#
# **Predict:** a 3 × 3 kernel on an image of 16 × 16. In how many places does it fit?

# %%
grey = data.photo("china", 16).mean(dim=0)  # (16, 16)
edges = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])

network.draw_sliding_step(grey, edges, row=4, column=6)

# %% [markdown]
# 14 · 14 places: the window starts in row 0 at the earliest and in row 13 at the latest. That is 16 − 3 **+ 1**.
#
# This kernel looks for brightness that grows from left to right. Where its result is orange, it has found some. Slide it: click on
# the slider and use the arrow keys.
#
# **Predict:** what is the result where all nine pixels are equally bright?

# %%
network.slide(grey, edges)

# %% [markdown]
# 0, since the nine weights sum to 0.
#
# ### Is that a convolution?
#
# Mathematics flips the kernel first, and calls only that a convolution. Without the flip, it is a **correlation**. Slide the
# kernel (1, 2, 3) over a lonely 1. **Predict:** does it come out as 1, 2, 3 or as 3, 2, 1? And which of the two does torch do?

# %%
import numpy as np

lonely, kernel = [0.0, 0.0, 1.0, 0.0, 0.0], [1.0, 2.0, 3.0]
print("numpy.convolve: ", np.convolve(lonely, kernel, mode="valid"))
print("numpy.correlate:", np.correlate(lonely, kernel, mode="valid"))
print("torch's conv1d: ", F.conv1d(torch.tensor([[lonely]]), torch.tensor([[kernel]])).flatten().numpy())

# %% [markdown]
# torch's convolution is a correlation. For learning that makes no difference: the weights come out one way round or the
# other. For you it does, when you want the same numbers: **no flip**.

# %% [markdown]
# ### Exercise: `correlate2d` (3 points)
#
# Write `correlate2d(x, kernel)`: `x` is `(H, W)`, `kernel` is `(kh, kw)`, the result is `(H - kh + 1, W - kw + 1)`. The result has the
# dtype of `x`, and gradients reach both. Loops are welcome.
#
# ✋ `F.conv…` in any form. `unfold` is free, here and in the whole chapter.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For the output in row `i` and column `j`: which rows of `x` lie under the kernel, and which columns?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Two loops over the places, a slice for the window, and the sum of an elementwise product. `x.new_zeros(rows, columns)` makes
# a result of the right dtype to write into, and gradients pass through such writes.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Inside both loops: `out[i, j] = (x[i : i + kh, j : j + kw] * kernel).sum()`. Count the places with the + 1.
#
# </details>


# %% exercise="correlate2d"
def correlate2d(x, kernel):
    """``x (H, W)``, ``kernel (kh, kw)``. Returns ``(H - kh + 1, W - kw + 1)``."""
    ### BEGIN SOLUTION
    kh, kw = kernel.shape
    rows, columns = x.shape[0] - kh + 1, x.shape[1] - kw + 1
    out = x.new_zeros(rows, columns)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = (x[i : i + kh, j : j + kw] * kernel).sum()
    return out
    ### END SOLUTION


# %% check="correlate2d"
check("correlate2d", correlate2d)

# %% [markdown]
# ## 2 · A frame around the image
#
# The output is smaller than the image, and pixels at the border are seen less often than others. TinyCNN avoids that by
# `padding=1`: a frame of zeros.
#
# **Predict:** with the frame, how large is the output now? And where in the *image* does the very first window start?

# %%
network.draw_sliding_step(grey, edges, row=0, column=0, padding=1)

# %% [markdown]
# 16 × 16 again. The first window starts in row −1 and column −1, so that five of its nine numbers are zeros of the frame.
#
# Is 0 always the right number for a frame? Remember the question until section 6.

# %% [markdown]
# ### Exercise: `pad2d` (2 points)
#
# Write `pad2d(x, padding, value=0.0)`: `x` is `(N, C, H, W)`, the result is `(N, C, H + 2·padding, W + 2·padding)`, of the same dtype, with
# `value` in the frame. `padding=0` adds nothing. Gradients reach `x`.
#
# ✋ `F.pad` in any form.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which is easier: to put four strips around the image, or to put the image into the middle of something larger?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `x.new_full(size, value)` makes a tensor of that size and of `x`'s dtype. Where in it does the image start, and where does it end?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `out[:, :, padding : padding + H, padding : padding + W] = x`. (Why not `padding : -padding`? Try it with 0.)
#
# </details>


# %% exercise="pad2d"
def pad2d(x, padding, value=0.0):
    """``x (N, C, H, W)``. Returns ``(N, C, H + 2 * padding, W + 2 * padding)``."""
    ### BEGIN SOLUTION
    n, c, height, width = x.shape
    out = x.new_full((n, c, height + 2 * padding, width + 2 * padding), value)
    out[:, :, padding : padding + height, padding : padding + width] = x
    return out
    ### END SOLUTION


# %% check="pad2d"
check("pad2d", pad2d)

# %% [markdown]
# ## 3 · The windows are there already
#
# Loops in Python are slow. Could all windows stand in one tensor? Begin with one row of five numbers, and windows of three.
#
# **Predict:** three windows of three are nine numbers. How many slots of storage do they need?

# %%
row = torch.arange(5.0)
by_three = row.as_strided((3, 3), (1, 1))
show(by_three, focus=(1, 1), name="by_three")

# %% [markdown]
# Five. The next number of a window is 1 slot further, and the next *window* is 1 slot further too. Nothing was copied: neighbouring
# windows share their numbers.
#
# **Predict:** after this line, how many of the nine numbers are 100?

# %%
row[2] = 100.0
print(by_three)

# %% [markdown]
# Three: each window sees slot 2. That is why you read such a view, and never write into it.
#
# Now an image of 3 × 4, with windows of 2 × 2. There are 2 · 3 places, so the view is `(2, 3, 2, 2)`: which window, then where in
# the window. The method `unfold(dimension, size, step)` makes such a view, one dimension at a time.
#
# **Predict** its four strides. The image's own are `(4, 1)`.

# %%
image = torch.arange(12.0).view(3, 4)
seen = image.unfold(0, 2, 1).unfold(1, 2, 1)
show(seen, focus=(1, 1, 0, 1), name="seen")

# %% [markdown]
# `(4, 1, 4, 1)`: one row down is 4 slots further, whether the window moves or you move inside of it.

# %% [markdown]
# ### One word, two meanings
#
# | "stride" | says | of the picture above |
# |---|---|---|
# | of the **kernel** | how many *pixels* the window moves to its next place | 1 |
# | of **memory** | how many *slots* lie between an element and the next, along a dimension | (4, 1, 4, 1) |
#
# They meet here. Let the window move by 2. **Predict:** which of the two memory strides changes, and to what?

# %%
row = torch.arange(7.0)
for kernel_stride in (1, 2):
    moved = row.unfold(0, 3, kernel_stride)
    print(f"kernel stride {kernel_stride}: windows {moved.tolist()}, memory strides {moved.stride()}")

# %% [markdown]
# From window to window: the kernel's stride times the memory stride. Inside a window, nothing changes.
#
# And if the image is not contiguous? **Predict** the strides of the windows of a transposed image:

# %%
tall = image.T  # (4, 3)
print("image:  ", tall.stride())
print("windows:", tall.unfold(0, 2, 1).unfold(1, 2, 1).stride())

# %% [markdown]
# Memory strides have to be asked for (`x.stride()`), never guessed from the sizes. And a slice starts somewhere in the middle
# of its storage: `x.as_strided(size, stride)` keeps that offset, unless you give it another one.

# %% [markdown]
# ### Exercise: `windows` (4 points)
#
# Write `windows(x, kernel_size, stride=1)`: `x` is `(N, C, H, W)` of any layout, `kernel_size` an int or a pair `(kh, kw)`. The result
# is `(N, C, Ho, Wo, kh, kw)`, **a view** of `x`. Only whole windows count: `Ho = (H - kh) // stride + 1`.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The result has six dimensions. For each: if its index grows by 1, how many slots further is that? Which two of the six does the
# kernel's stride change?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Make a pair of an int first. Take four memory strides from `x.stride()`: two of them appear twice in the result. Or look at what
# `unfold` did to `tall` above: the dimensions it adds come last.
#
# </details>
# <details><summary>Hint 3</summary>
#
# With `sn, sc, sh, sw = x.stride()`, the strides are `(sn, sc, stride * sh, stride * sw, sh, sw)`. Give them to `x.as_strided`
# with the six sizes.
#
# </details>


# %% exercise="windows"
def windows(x, kernel_size, stride=1):
    """``x (N, C, H, W)``. Returns a view ``(N, C, Ho, Wo, kh, kw)``."""
    ### BEGIN SOLUTION
    kh, kw = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    n, c, height, width = x.shape
    sn, sc, sh, sw = x.stride()
    size = (n, c, (height - kh) // stride + 1, (width - kw) // stride + 1, kh, kw)
    return x.as_strided(size, (sn, sc, stride * sh, stride * sw, sh, sw))
    ### END SOLUTION


# %% check="windows"
check("windows", windows)

# %% [markdown]
# ## 4 · One product
#
# With all windows in one tensor, a correlation is one line: multiply, and sum over the last two dimensions.

# %%
kernel = torch.tensor([[1.0, 2.0], [0.0, -1.0]])
print((seen * kernel).sum((-2, -1)))

# %% [markdown]
# A layer has several channels going in and several coming out. `einsum` says in letters what meets what: a letter on both
# sides of the comma is multiplied, and summed if the result has lost it.
#
# **Predict:** which letters are summed here, and how many products go into one number of the output?

# %%
patches = torch.randn(2, 3, 5, 6, 3, 3)  # n: image, c: channel, h, w: place, u, v: inside the window
filters = torch.randn(16, 3, 3, 3)  # o: output channel, c, u, v
print(tuple(torch.einsum("nchwuv,ocuv->nohw", patches, filters).shape))

# %% [markdown]
# `c`, `u` and `v`: 3 · 3 · 3 = 27 products, the fan_in of chapter 04.
#
# ### Dilation
#
# `dilation=2` spreads the kernel: its numbers meet every second pixel. Three numbers then reach over five pixels.
# **Predict** the strides of this view:

# %%
row = torch.arange(7.0)
spread = row.unfold(0, 5, 1)[:, ::2]  # windows of five; of each, every second number
print(spread.tolist(), spread.stride())

# %% [markdown]
# `(1, 2)`. The kernel's stride works *between* windows, dilation *inside* of them. A kernel of `k` reaches over
# `dilation · (k − 1) + 1` pixels, and the output has a place wherever that fits.

# %% [markdown]
# ### Exercise: `conv2d` (5 points)
#
# Write `conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1)` from your pieces, equal to `F.conv2d` in values and all
# gradients. `x` is `(N, C, H, W)`, `weight` is `(O, C, kh, kw)`, `bias` is `(O,)` or `None`; the last three are ints.
#
# ✋ `F.conv…` in any form.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# In which order do the four steps come: sum the products, make the frame, add the bias, take the windows?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Leave dilation for last. Then: take windows as large as the *reach*, and keep every `dilation`-th row and column of each. For the bias: which
# dimension of `(N, O, Ho, Wo)` is its own, and what has to stand behind it for broadcasting?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `seen = windows(pad2d(x, padding), reach, stride)[..., ::dilation, ::dilation]`, then the `einsum` from above, then
# `+ bias[:, None, None]` if there is one. `reach` is a pair.
#
# </details>


# %% exercise="conv2d"
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1):
    """``x (N, C, H, W)``, ``weight (O, C, kh, kw)``, ``bias (O,)`` or None. Returns ``(N, O, Ho, Wo)``."""
    ### BEGIN SOLUTION
    kh, kw = weight.shape[2:]
    reach = (dilation * (kh - 1) + 1, dilation * (kw - 1) + 1)
    seen = windows(pad2d(x, padding), reach, stride)[..., ::dilation, ::dilation]
    out = torch.einsum("nchwuv,ocuv->nohw", seen, weight)
    return out if bias is None else out + bias[:, None, None]
    ### END SOLUTION


# %% check="conv2d"
check("conv2d", conv2d)

# %% [markdown]
# Now measure it on two photographs, with the weights of a real layer.
#
# **Predict:** float64 has about 16 digits, float32 about 7. How far are yours and torch's apart, in each?

# %%
try:
    for dtype in (torch.float64, torch.float32):
        layer = nn.Conv2d(3, 16, 3).to(dtype)
        x = data.photos().to(dtype)
        for options in ({"padding": 1}, {"stride": 2}, {"dilation": 2}):
            apart = conv2d(x, layer.weight, layer.bias, **options) - F.conv2d(x, layer.weight, layer.bias, **options)
            print(f"{dtype}  {str(options):16} largest difference {apart.abs().max().item():.1e}")
except NotImplementedError:
    print("This measures your own `conv2d`, once it is solved.")

# %% [markdown]
# Within 3e-15 in float64, and within 1e-6 in float32: rounding, and nothing else. Where the same sums are added in the same order,
# the difference is exactly 0. A mistake would be as large in float64 as in float32.

# %% [markdown]
# ### Into the network
#
# Here is chapter 03's class once more, and a second one that calls *your* `conv2d` where the first calls torch's. Both get
# the same weights.
#
# **Predict:** the logits will agree. Will the gradients, although nobody wrote a backward pass for `conv2d`?


# %%
class TinyCNN(nn.Module):
    """Images ``(N, 3, 32, 32)`` to logits ``(N, 10)``."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


class HandmadeCNN(TinyCNN):
    """The same network with a convolution by hand."""

    def forward(self, x):
        hidden = conv2d(x, self.conv.weight, self.conv.bias, padding=1)
        return self.fc(F.relu(hidden).flatten(1))


# %%
x, target = data.digits(8)
model, handmade = TinyCNN().double(), HandmadeCNN().double()
handmade.load_state_dict(model.state_dict())

try:
    logits, mine = model(x.double()), handmade(x.double())
    F.cross_entropy(logits, target).backward()
    F.cross_entropy(mine, target).backward()
    print(f"{'logits':12} differ by {(logits - mine).abs().max().item():.1e} at most")
    for (name, one), other in zip(model.named_parameters(), handmade.parameters()):
        print(f"{name:12} gradients differ by {(one.grad - other.grad).abs().max().item():.1e} at most")
except NotImplementedError:
    print("This runs on your own `conv2d`, once it is solved.")

# %% [markdown]
# All of it is rounding. Indexing, views and `einsum` each know their own gradient, and autograd chains them. Where windows overlap, a pixel
# takes part in several products: its gradient is the sum over all of them.

# %% [markdown]
# ## 5 · im2col: windows as columns
#
# Matrix products are what computers do fastest. So libraries have long written each window as a **column**, and convolved by one
# matrix product. `F.unfold` makes the columns.
#
# **Predict** the shape: two photographs, windows of 3 × 3, `padding=1`. How long is a column, and how many are there?

# %%
x = data.photos()
columns = F.unfold(x, 3, padding=1)
print(tuple(columns.shape))

# %% [markdown]
# 3 · 3 · 3 = 27 numbers in a column: channel by channel, each window row by row. And 32 · 32 = 1024 columns, one a place: along the
# first row of places, then the second. A weight `(16, 3, 3, 3)` as a matrix `(16, 27)` has its rows in the same order.
#
# **Predict:** how much more memory do the columns take than the photographs?

# %%
print(f"photographs {x.nbytes:7,} bytes")
print(f"columns     {columns.nbytes:7,} bytes, {columns.nbytes / x.nbytes:.0f} times as many")

# %% [markdown]
# Nine times: each pixel stands in nine windows, and this time it is copied. That is the price of im2col. `F.unfold` is *not* a view; the
# tensor method `x.unfold` is.
#
# Was your `conv2d` cheaper? Its windows were. But a matrix product wants its numbers in rows, and so `einsum` lines them up
# inside, in a copy that is gone afterwards. On a CPU, torch's own convolution does the same for float64; for float32 it usually has
# code that goes block by block and needs no such copy.

# %% [markdown]
# ### Exercise: `conv2d_im2col` (3 points)
#
# Write `conv2d_im2col(x, weight, bias=None, stride=1, padding=0)` with `F.unfold` and one matrix product. Shapes and gradients as
# before, no dilation.
#
# ✋ `F.conv…` in any form.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `(O, 27) @ (N, 27, 1024)` gives which shape? Which dimension is left to unfold into rows and columns?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `F.unfold` takes `stride` and `padding` too. The weight's rows are its output channels: flatten everything behind dimension 0. To fold
# the places, you need `Ho = (H + 2 * padding - kh) // stride + 1`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `out = weight.flatten(1) @ columns` is `(N, O, Ho * Wo)`. Then `out.unflatten(2, (ho, wo))`, rows first, and the bias as before.
#
# </details>


# %% exercise="conv2d_im2col"
def conv2d_im2col(x, weight, bias=None, stride=1, padding=0):
    """``x (N, C, H, W)``, ``weight (O, C, kh, kw)``, ``bias (O,)`` or None. Returns ``(N, O, Ho, Wo)``."""
    ### BEGIN SOLUTION
    kh, kw = weight.shape[2:]
    ho = (x.shape[2] + 2 * padding - kh) // stride + 1
    wo = (x.shape[3] + 2 * padding - kw) // stride + 1
    columns = F.unfold(x, (kh, kw), padding=padding, stride=stride)
    out = (weight.flatten(1) @ columns).unflatten(2, (ho, wo))
    return out if bias is None else out + bias[:, None, None]
    ### END SOLUTION


# %% check="conv2d_im2col"
check("conv2d_im2col", conv2d_im2col)

# %% [markdown]
# ## 6 · Pooling: windows again
#
# Max pooling takes the largest number of each window. It has nothing to learn. Its windows usually lie side by side: unless you
# give a stride, it is the kernel size.
#
# **Predict** the two numbers, and then what a frame of zeros would do to them:

# %%
pixels = torch.tensor([[[[-1.0, -5.0, -2.0, -8.0], [-7.0, -3.0, -6.0, -4.0]]]])
print("no padding:        ", F.max_pool2d(pixels, 2).flatten().tolist())
print("torch's padding:   ", F.max_pool2d(pixels, 2, padding=1).flatten().tolist())
print("a frame of zeros:  ", F.max_pool2d(F.pad(pixels, (1, 1, 1, 1)), 2).flatten().tolist())

# %% [markdown]
# Among negative numbers, 0 wins. So padding for a maximum is not 0. Which number is smaller than every other?

# %% [markdown]
# ### Exercise: `max_pool2d` (3 points)
#
# Write `max_pool2d(x, kernel_size, stride=None, padding=0)`: `x` is `(N, C, H, W)`, `kernel_size` an int or a pair, `stride` an int, or `None` for
# the kernel size (of a pair: one for the height, one for the width). Padding never wins. Rows and columns left over are dropped. Gradients
# reach `x`.
#
# ✋ `F.…pool…` in any form.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You have a function for frames, and it takes a `value`. You have a function for windows. What is left to do with each window?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `float("-inf")` loses against every number. `amax` takes several dimensions at once. If the two strides differ, take all windows, and
# keep every `sh`-th row and `sw`-th column of places.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `windows(pad2d(x, padding, float("-inf")), (kh, kw))[:, :, ::sh, ::sw].amax((-2, -1))`
#
# </details>


# %% exercise="max_pool2d"
def max_pool2d(x, kernel_size, stride=None, padding=0):
    """``x (N, C, H, W)``. Returns ``(N, C, Ho, Wo)``, the largest number of each window."""
    ### BEGIN SOLUTION
    kh, kw = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    sh, sw = (kh, kw) if stride is None else (stride, stride)
    return windows(pad2d(x, padding, float("-inf")), (kh, kw))[:, :, ::sh, ::sw].amax((-2, -1))
    ### END SOLUTION


# %% check="max_pool2d"
check("max_pool2d", max_pool2d)

# %% [markdown]
# All your pieces in a row, on a photograph: look for edges in two directions, drop what is negative, keep the strongest of
# each 2 × 2.
#
# **Predict:** how large are the two maps, and which of them shows the edges of lying lines?

# %%
photo = data.photo("china", 64).mean(dim=0)[None, None]  # (1, 1, 64, 64)
both = torch.stack([edges, edges.T])[:, None]  # (2, 1, 3, 3)

try:
    maps = max_pool2d(conv2d(photo, both).clamp(min=0), 2)
    picture = network.draw_feature_maps(maps, photo)
except NotImplementedError:
    picture = None
    print("This draws what your own functions find, once `conv2d` and `max_pool2d` are solved.")
picture

# %% [markdown]
# <details><summary>What is to be seen</summary>
#
# Two maps of 31 × 31: without a frame the convolution gives 62 × 62, and pooling halves that. (With one, the frame itself
# would be the strongest edge of all.) Map 0 shows where it gets brighter to the right, along upright
# edges. Map 1, from the transposed kernel, shows where it gets brighter downwards: lying edges.
#
# </details>

# %% [markdown]
# ## What you have now
#
# | | is |
# |---|---|
# | the windows | a view: two memory strides, used twice |
# | the kernel's stride | a factor on the memory strides between windows |
# | dilation | a factor on the memory strides inside a window |
# | padding | a larger tensor, with the image in its middle |
# | the convolution | windows times weights, summed over `c`, `u`, `v`; no flip |
# | im2col | the same windows, copied into columns for one matrix product |
# | max pooling | the same windows, the largest number of each |
#
# There is nothing left inside `F.conv2d` that you could not build.

# %% [markdown]
# ### Three questions
#
# Answer each for yourself before you unfold it.
#
# <details><summary>1. A contiguous image (1, 1, 10, 12), windows of 3 × 3, and the kernel moves by 2. How many windows are there,
# and what are the six memory strides?</summary>
#
# 4 · 5 windows: (10 − 3) // 2 + 1 and (12 − 3) // 2 + 1. The image has the strides (120, 120, 12, 1), so the windows have
# (120, 120, 24, 2, 12, 1): twice the stride from window to window, the image's own inside.
#
# </details>
# <details><summary>2. The method <code>x.unfold</code> and the function <code>F.unfold</code> have one name. Which of them costs
# memory, and how much?</summary>
#
# `F.unfold`: it writes the windows down as columns. With 3 × 3 and a frame of one, that is nine times the image. The method is a view.
#
# </details>
# <details><summary>3. A frame of zeros is right for a convolution, and wrong for max pooling. Why?</summary>
#
# A zero adds nothing to a sum. Of a maximum over negative numbers, zero would be the result. A frame that never wins is −∞.
#
# </details>
#
# In [chapter 06](../06_what_a_module_registers/06_what_a_module_registers.ipynb) you go back to modules, and find out what they do when
# you assign an attribute. What you have solved so far is in [Start here](../00_start_here.ipynb).
