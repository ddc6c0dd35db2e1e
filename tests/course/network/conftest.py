"""How the tests read a picture: as the XML that a browser reads."""

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"


def _read(picture):
    root = ET.fromstring(picture.svg())
    assert root.find(f"{SVG}title").text == picture.title != ""
    assert root.find(f"{SVG}desc").text == picture.description != ""
    assert picture.width <= 900
    for mark in root.iter():
        if mark.get("y") is not None:
            assert 0 <= float(mark.get("y")) <= picture.height
    return root


def _words(picture):
    return [mark.text or "" for mark in _read(picture).iter(f"{SVG}text")]


def _images(picture):
    found = []
    for mark in _read(picture).iter(f"{SVG}image"):
        head, data = mark.get("href").split(",", 1)
        assert head == "data:image/png;base64"
        found.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")))
    return found


def _drawn(value, digits=3):
    plain = f"{value:.{digits}f}"
    return plain.replace("-", "−") if float(plain) else f"{0:.{digits}f}"


@pytest.fixture
def read():
    """The picture's SVG as an element tree; what holds for every picture is asserted on the way."""
    return _read


@pytest.fixture
def words():
    """Every text of the picture, in the order in which it is drawn."""
    return _words


@pytest.fixture
def images():
    """The pixels ``(H, W, 3)`` of every image that lies inside of the picture."""
    return _images


@pytest.fixture
def drawn():
    """A number as the pictures write it: so many decimals, a true minus sign."""
    return _drawn
