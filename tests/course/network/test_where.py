"""`where` tells of every tensor what torch itself shows: registered, saved, stepped, shared. And it names what is odd."""

import copy
import io

import pytest
import torch
from torch import nn

from course.network import where


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.register_buffer("scratch", torch.zeros(2), persistent=False)
        self.fc = nn.Linear(4, 10)


def sgd(model, **options):
    return torch.optim.SGD(model.parameters(), lr=0.1, **options)


def kinds(found):
    return [one.kind for one in found.problems]


def test_a_sound_model_lists_everything_in_the_order_of_registration_and_has_no_problem():
    model = Net()
    found = where(model, sgd(model))
    assert [home.name for home in found.tensors] == [
        *("scratch", "conv.weight", "conv.bias", "norm.weight", "norm.bias"),
        *("norm.running_mean", "norm.running_var", "norm.num_batches_tracked", "fc.weight", "fc.bias"),
    ]
    assert found.problems == ()


def test_registered_as_is_what_torch_lists():
    found = where(Net())
    listed = {name: "parameter" for name, _ in Net().named_parameters()} | {
        name: "buffer" for name, _ in Net().named_buffers()
    }
    assert {home.name: home.registered for home in found.tensors} == listed


def test_saved_is_what_the_state_dict_has():
    found = where(Net())
    assert {home.name for home in found.tensors if home.saved} == set(Net().state_dict())
    assert not found["scratch"].saved


def test_of_each_tensor_it_says_shape_dtype_device_leaf_and_requires_grad():
    model = Net().double()
    model.fc.bias.requires_grad_(False)
    one, counter = where(model)["fc.bias"], where(model)["norm.num_batches_tracked"]
    assert (one.shape, one.dtype, one.device, one.leaf, one.requires_grad) == ((10,), "float64", "cpu", True, False)
    assert (counter.shape, counter.dtype, counter.numel) == ((), "int64", 1)


def test_a_tensor_by_a_name_that_is_not_there_lists_the_names():
    with pytest.raises(KeyError, match=r"no tensor is called 'head'; there are weight, bias"):
        where(nn.Linear(2, 3))["head"]


def test_stepped_is_what_a_step_moves():
    model = Net()
    optimizer = torch.optim.SGD([{"params": model.conv.parameters()}, {"params": [model.fc.bias]}], lr=0.1)
    found = where(model, optimizer)
    before = copy.deepcopy(model.state_dict())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert {home.name for home in found.tensors if home.group is not None} == moved
    assert (found["conv.weight"].group, found["fc.bias"].group, found["fc.weight"].group) == (0, 1, None)
    assert [one.names for one in found.problems if one.kind == "not stepped"] == [
        *(("norm.weight",), ("norm.bias",), ("fc.weight",)),
    ]


def test_a_replaced_layer_leaves_a_stale_tensor_in_the_optimizer_and_one_that_is_not_stepped():
    model = Net()
    optimizer = sgd(model)
    model.fc = nn.Linear(4, 5)
    found = where(model, optimizer)
    assert kinds(found) == ["stale", "stale", "not stepped", "not stepped"]
    assert "float32 (10, 4), at place 4 of group 0, that is not here" in found.problems[0].words
    assert [one.names for one in found.problems[2:]] == [("fc.weight",), ("fc.bias",)]


def test_loading_with_assign_leaves_the_optimizer_on_the_old_tensors():
    model = nn.Linear(2, 3)
    optimizer = sgd(model)
    model.load_state_dict(nn.Linear(2, 3).state_dict(), assign=True)
    assert kinds(where(model, optimizer)) == ["stale", "stale", "not stepped", "not stepped"]


@pytest.mark.parametrize(
    "move", [lambda model: model.double(), lambda model: model.load_state_dict(Net().state_dict())]
)
def test_moving_and_loading_keep_the_optimizer_right(move):
    model = Net()
    optimizer = sgd(model)
    move(model)
    assert where(model, optimizer).problems == ()


def test_a_frozen_parameter_need_not_be_stepped():
    model = Net()
    model.fc.requires_grad_(False)
    optimizer = torch.optim.SGD([one for one in model.parameters() if one.requires_grad], lr=0.1)
    assert where(model, optimizer).problems == ()


def test_the_optimizer_on_a_detached_tensor_holds_another_object_in_the_same_memory():
    model = nn.Linear(2, 3)
    optimizer = torch.optim.SGD([model.weight.detach().requires_grad_(), model.bias], lr=0.1)
    found = where(model, optimizer)
    assert found.problems[0].names == ("weight",)
    assert "lies in the memory of weight" in found.problems[0].words


def test_what_nobody_registered_is_found_in_attributes_lists_tuples_and_dictionaries():
    model = Net()
    model.plain = torch.zeros(3)
    model.scales = [1.0, (torch.ones(1), {"deep": torch.ones(2)})]
    model.fc.scaled = nn.Parameter(torch.ones(2)) * 3
    found = where(model)
    lonely = {home.name for home in found.tensors if home.registered == "nothing"}
    assert lonely == {"plain", "scales.1.0", "scales.1.1.deep", "fc.scaled"}
    assert kinds(found) == ["not registered"] * 4
    assert [one.names for one in found.problems if "It is a result, not a leaf." in one.words] == [("fc.scaled",)]
    model.double()  # .to and its like pass them by
    assert {where(model)[name].dtype for name in lonely} == {"float32"}


def test_a_module_in_a_list_is_one_problem_with_its_tensors():
    model = Net()
    model.layers = [nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 4))]
    found = where(model)
    assert [one.names for one in found.problems] == [
        ("layers.0.weight", "layers.0.bias"),
        ("layers.1.0.weight", "layers.1.0.bias"),
    ]
    assert "layers.0 is a module that nobody registered. With its weight and bias" in found.problems[0].words


def test_what_is_registered_elsewhere_is_no_problem_in_a_list():
    model = Net()
    model.layers = [model.conv, model.fc.weight]
    assert where(model).problems == ()
    assert where(model)["fc.weight"].also == ()


def test_a_non_persistent_buffer_is_no_problem():
    assert where(Net())["scratch"].registered == "buffer"


def test_tied_names_are_one_tensor_with_both_names():
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    found = where(model, sgd(model))
    assert found["2.weight"] is found["0.weight"]
    assert [(one.kind, one.names) for one in found.problems] == [("tied", ("0.weight", "2.weight"))]
    assert len(found.tensors) == len(list(model.parameters()))


def test_one_layer_in_two_places_ties_both_its_tensors():
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    model.append(model[0])
    assert [one.names for one in where(model).problems] == [("0.weight", "2.weight"), ("0.bias", "2.bias")]


def test_tensors_in_one_block_of_memory_name_each_other():
    flat = torch.zeros(6)
    model = nn.Module()
    model.a, model.b, model.c = nn.Parameter(flat[:3]), nn.Parameter(flat[3:]), nn.Parameter(flat[:3].clone())
    found = where(model)
    assert (found["a"].shares, found["b"].shares, found["c"].shares) == (("b",), ("a",), ())
    assert kinds(found) == []  # other objects, no common element said


def test_a_dictionary_registers_nothing_and_may_be_stepped():
    params = {"weight": torch.zeros(2, 3, requires_grad=True), "bias": torch.zeros(2, requires_grad=True) / 2, "n": 3}
    found = where(params, torch.optim.SGD([params["weight"]], lr=0.1))
    assert [home.name for home in found.tensors] == ["weight", "bias"]
    assert found["weight"].group == 0
    assert [(one.kind, one.names) for one in found.problems] == [("no leaf", ("bias",))]


def test_a_moved_dictionary_leaves_the_optimizer_behind():
    params = {"weight": torch.zeros(2, requires_grad=True)}
    optimizer = torch.optim.SGD(list(params.values()), lr=0.1)
    moved = {name: one.detach().double().requires_grad_() for name, one in params.items()}
    assert kinds(where(moved, optimizer)) == ["stale", "not stepped"]


def test_lazy_and_meta_tensors_have_a_row_too():
    assert where(nn.LazyLinear(3))["weight"].shape is None
    assert where(nn.Linear(2, 3, device="meta"))["weight"].device == "meta"


def test_a_module_that_holds_itself_and_a_list_that_does_come_to_an_end():
    model = Net()
    model.again = [model]
    model.loop = loop = []
    loop.append(loop)
    assert where(model).problems == ()


def test_looking_changes_nothing():
    model = Net().eval()
    optimizer = sgd(model, momentum=0.9)
    tensors, state, drawn = list(model.parameters()), copy.deepcopy(model.state_dict()), torch.get_rng_state()
    where(model, optimizer)._repr_mimebundle_()
    assert all(one is other for one, other in zip(model.parameters(), tensors, strict=True))
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert not model.training and torch.equal(drawn, torch.get_rng_state())
    assert not optimizer.state and all(one.grad is None for one in tensors)


@pytest.mark.parametrize(("source", "said"), [(nn.Linear, "got type; call the class"), ([torch.zeros(1)], "got list")])
def test_what_is_neither_module_nor_dictionary_is_refused(source, said):
    with pytest.raises(TypeError, match=said):
        where(source)


def test_what_is_no_optimizer_is_refused():
    with pytest.raises(TypeError, match=r"an optimizer has param_groups, such as torch.optim.SGD; got list"):
        where(nn.Linear(2, 3), [torch.zeros(1)])


def test_printed_it_is_a_table_and_the_problems():
    model = nn.Linear(2, 3)
    model.extra = torch.zeros(1)
    lines = str(where(model)).splitlines()
    assert lines[0] == "Linear: 3 tensors, 10 numbers."
    assert lines[1].split("  ")[0] == "name" and "registered as" in lines[1]
    assert lines[-1].startswith("? not registered: extra is a tensor that nobody registered")
    assert len(lines) == 2 + 3 + 1


def test_the_table_says_in_html_what_it_says_in_text():
    model = Net()
    model.layers = [nn.Linear(2, 2)]
    found = where(model, sgd(model))
    page = found._repr_mimebundle_()["text/html"]
    for home in found.tensors:
        assert f">{home.name}</th>" in page
    for one in found.problems:
        assert one.words in page
    assert "<caption" in page and 'scope="col"' in page and 'scope="row"' in page


def test_the_picture_shows_every_tensor_and_describes_it_in_words(read, words):
    model = Net()
    model.layers = [nn.Linear(2, 2)]
    optimizer = sgd(model)
    model.fc = nn.Linear(4, 5)
    found = where(model, optimizer)
    said = words(found.picture)
    assert said.count("parameter") == 6 and said.count("buffer") == 4 and said.count("? nobody registered") == 2
    assert "layers.0: Linear" in said and "? a module that nobody registered" in said
    assert said.count("● saved") == len(model.state_dict())
    assert said.count("○ not saved") == 3
    assert "✗ held by the optimiser, not here: float32 (10, 4)" in said
    assert found.picture.title == "Where the tensors of Net live"
    for one in found.problems:
        assert one.words in found.picture.description


def test_a_tied_name_is_drawn_as_the_same_tensor(words):
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    assert "= 0.weight, the same tensor" in words(where(model).picture)


def test_common_memory_has_a_letter(words):
    flat = torch.zeros(6)
    said = words(where({"a": flat[:3], "b": flat[3:], "c": torch.zeros(1)}).picture)
    assert sum("⇄ memory A" in one for one in said) == 2


def test_a_large_model_is_drawn_in_part_and_listed_whole(words):
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(30)))
    found = where(model)
    assert "and 20 tensors more, which are not drawn" in words(found.picture)
    assert found.picture.height < 3000
    assert all(f"{number}.weight" in str(found) for number in range(30))


def test_names_cannot_break_the_page(read):
    model = type("<b>&Net</b>", (nn.Module,), {})()
    model.register_module("<script>", nn.Linear(2, 2))
    model.lists = {"<img>": torch.zeros(1)}
    found = where(model)
    read(found.picture)
    page = found._repr_mimebundle_()["text/html"]
    assert "<script" not in page and "<b>&" not in page and "<img" not in page


def test_very_long_names_are_cut_in_the_picture(words):
    model = nn.Module()
    model.register_module("n" * 300, nn.Linear(2, 2))
    model.register_parameter("w" * 300, nn.Parameter(torch.zeros([1] * 60)))
    assert max(map(len, words(where(model).picture))) < 100


def test_an_optimizer_loaded_from_a_file_is_still_the_right_one():
    model = Net()
    optimizer = sgd(model, momentum=0.9)
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    optimizer.load_state_dict(torch.load(file, weights_only=True))
    assert where(model, optimizer).problems == ()
