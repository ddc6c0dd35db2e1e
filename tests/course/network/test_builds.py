"""The picture of both builds says what is there, what is missing and what differs, and makes nothing up."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from course.network import draw_builds

SHAPES = {"conv.weight": (16, 3, 3, 3), "conv.bias": (16,), "fc.weight": (10, 16384), "fc.bias": (10,)}


def tiny_cnn():
    layers = [
        ("conv", nn.Conv2d(3, 16, 3, padding=1)),
        ("act", nn.ReLU()),
        ("flat", nn.Flatten()),
        ("fc", nn.Linear(16 * 32 * 32, 10)),
    ]
    return nn.Sequential(OrderedDict(layers))


def copies(model):
    return {name: tensor.detach().clone() for name, tensor in model.named_parameters()}


def test_the_plan_shows_every_tensor_on_both_sides(words):
    said = words(draw_builds())
    for name, shape in SHAPES.items():
        assert said.count(name) == 2
        assert said.count(str(shape)) == 2
        assert said.count(f"{torch.Size(shape).numel():,} numbers, float32") == 2


def test_the_plan_shows_the_shapes_that_flow_through_torch_s_own_layers(words):
    said = words(draw_builds())
    x = torch.zeros(7, 3, 32, 32)
    shapes = [x.shape, *((x := layer(x)).shape for layer in tiny_cnn())]
    for shape in {f"(N, {', '.join(map(str, shape[1:]))})" for shape in shapes}:
        assert shape in said
    assert said.count("(N, 16, 32, 32)") == 2


def test_the_plan_s_code_builds_a_network_of_the_plan_s_shapes(words):
    said = words(draw_builds())
    layers = [eval(code, {"nn": nn}) for code in said if code.startswith("nn.")]
    assert [type(layer) for layer in layers] == [nn.Conv2d, nn.ReLU, nn.Flatten, nn.Linear]
    network = nn.Sequential(OrderedDict(zip(("conv", "relu", "flatten", "fc"), layers, strict=True)))
    assert {name: tuple(tensor.shape) for name, tensor in network.named_parameters()} == SHAPES
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_both_sides_count_the_same_numbers(words):
    total = sum(parameter.numel() for parameter in tiny_cnn().parameters())
    said = words(draw_builds())
    assert f"model: 4 of 4 tensors, {total:,} numbers" in said
    assert f"params: 4 of 4 tensors, {total:,} numbers" in said


def test_a_real_model_and_dictionary_show_their_own_dtype_and_names(words):
    model = tiny_cnn()
    picture = draw_builds(model, {name: tensor.double() for name, tensor in copies(model).items()})
    said = words(picture)
    assert "432 numbers, float32" in said and "432 numbers, float64" in said
    assert "self.act" in said and "self.flat" in said and "model = Sequential()" in said
    assert "the plan" not in said
    assert any("No tensor of the dictionary shares its memory" in line for line in said)


def test_a_missing_name_is_shown_as_missing_with_its_planned_shape(words):
    params = copies(tiny_cnn())
    del params["fc.bias"]
    picture = draw_builds(params=params)
    said = words(picture)
    assert said.count("✗ missing") == 1 and "planned: (10,)" in said
    assert f"params: 3 of 4 tensors, {164_298 - 10:,} numbers" in said
    assert "fc.bias is missing" in picture.description


def test_a_tensor_that_is_no_parameter_is_missing_from_the_module(words):
    model = nn.Module()
    model.conv = nn.Conv2d(3, 16, 3, padding=1)
    model.fc = nn.Module()
    model.fc.weight = torch.zeros(10, 16384)
    model.fc.bias = nn.Parameter(torch.zeros(10))
    assert "fc.weight is missing" in draw_builds(model).description
    assert words(draw_builds(model)).count("✗ missing") == 1


def test_a_shape_that_differs_stands_beside_the_planned_one(words):
    params = copies(tiny_cnn()) | {"fc.weight": torch.zeros(16384, 10)}
    picture = draw_builds(params=params)
    said = words(picture)
    assert "(16384, 10)" in said and "≠ planned (10, 16384)" in said
    assert "fc.weight (16384, 10), 163,840 numbers, float32, planned (10, 16384)" in picture.description


@pytest.mark.parametrize(("value", "remark"), [(3, "no tensor: int"), (None, "no tensor: NoneType")])
def test_a_value_that_is_no_tensor_says_what_it_is(words, value, remark):
    assert f"✗ {remark}" in words(draw_builds(params={"conv.bias": value}))


def test_a_lazy_module_has_no_shape_yet(words):
    model = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 16, 3), fc=nn.LazyLinear(10)))
    assert words(draw_builds(model)).count("✗ lazy: no shape yet") == 2


def test_memory_that_both_builds_share_is_named(words):
    model = tiny_cnn()
    params = copies(model) | {"conv.bias": model.conv.bias.detach()}
    assert any("The same memory in both: conv.bias." in line for line in words(draw_builds(model, params)))


def test_a_model_that_does_relu_in_forward_has_no_module_for_it(words):
    model = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 16, 3, padding=1), fc=nn.Linear(16384, 10)))
    said = words(draw_builds(model))
    assert said.count("no module here") == 2
    assert "forward may call F.relu" in said


def test_names_beside_the_four_are_listed(words):
    assert "and beside TinyCNN's four: head.bias" in words(draw_builds(params={"head.bias": torch.zeros(2)}))


def test_a_name_of_a_class_or_a_tensor_cannot_break_the_picture(read, words):
    model = type("<b>&Net</b>", (nn.Module,), {})()
    picture = draw_builds(model, {"<script>": torch.zeros(1), 3: torch.zeros(1)})
    assert "<script" not in picture.svg() and "<b>" not in picture.svg()
    assert "model = <b>&Net</b>()" in words(picture)


def test_very_long_names_are_cut_not_drawn_over_their_neighbours(words):
    model = type("N" * 300, (nn.Module,), {})()
    params = {"x" * 500: torch.zeros(1), "conv.weight": torch.zeros([1] * 60)}
    assert max(map(len, words(draw_builds(model, params)))) < 110


def test_drawing_leaves_the_model_as_it_was():
    model = tiny_cnn().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    draw_builds(model, copies(model))
    assert model.training and all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_class_instead_of_a_model_is_told_to_make_one():
    with pytest.raises(TypeError, match=r"takes an nn.Module as model; got type; call the class"):
        draw_builds(nn.Linear)


def test_a_list_is_no_dictionary_of_parameters():
    with pytest.raises(TypeError, match="dictionary, name to tensor, as params; got list"):
        draw_builds(params=[torch.zeros(1)])
