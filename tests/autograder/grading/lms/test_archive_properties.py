"""A stranger's archive: whatever it holds there are files, refused ones with a reason, or `BadArchive`; nothing is written."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strangers import peak, torn

from autograder.grading.lms import archive
from autograder.grading.lms.archive import Archive, BadArchive, Refused, Spent, open_archive


def made(*files: tuple[str, bytes], change: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    """A zip of files; ``change`` is asked of each entry."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files:
            info = zipfile.ZipInfo(name, (2026, 3, 1, 12, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            if change is not None:
                change(info)
            opened.writestr(info, content)
    return held.getvalue()


INNER = made(("work/a.ipynb", b"{}" * 40))
RIGHT = made(
    ("lovelaceada_104_2001_a.ipynb", b"{}" * 60), ("müller_105_2002_b.txt", b"x" * 100), ("zoe_106_2003_c.zip", INNER)
)


def read(content: bytes, folder: Path) -> tuple[dict[str, bytes], dict[str, str]] | None:
    """All that can be read of a zip; ``None`` for one that is refused as a whole."""
    path = folder / "a.zip"
    path.write_bytes(content)
    try:
        with open_archive(path) as opened:
            found = {}
            for member in opened.members:
                try:
                    found[member.path] = opened.read(member)
                except Refused as error:
                    assert len(str(error)) < 400
            for member in opened.members:
                member.path.encode()
                assert ".." not in member.parts and not member.path.startswith("/")
            return found, opened.refused
    except BadArchive as error:
        assert 0 < len(str(error)) < 400
        str(error).encode()
        return None
    finally:
        assert [one.name for one in folder.iterdir()] == ["a.zip"], "nothing is written"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


def test_a_right_archive_is_read_with_the_zip_in_it(folder: Path) -> None:
    found = read(RIGHT, folder)
    assert found is not None and found[1] == {}
    assert set(found[0]) == {
        "lovelaceada_104_2001_a.ipynb",
        "müller_105_2002_b.txt",
        "zoe_106_2003_c.zip/work/a.ipynb",
    }
    assert found[0]["zoe_106_2003_c.zip/work/a.ipynb"] == b"{}" * 40


@settings(deadline=None, max_examples=150)
@given(content=st.binary(max_size=200) | st.binary(max_size=60).map(lambda one: RIGHT[:300] + one))
def test_any_bytes_are_an_archive_or_its_error(content: bytes, folder: Path) -> None:
    read(content, folder)


@settings(deadline=None, max_examples=300)
@given(content=torn(RIGHT))
def test_a_right_archive_with_one_thing_changed_is_an_archive_or_its_error(content: bytes, folder: Path) -> None:
    read(content, folder)


@settings(deadline=None, max_examples=150)
@given(
    name=st.text(min_size=1, max_size=30)
    | st.sampled_from(["../a", "/a", "C:\\a", "a/../../b", "a\\..\\..\\b", "..", "."])
)
def test_a_member_of_any_name_is_read_or_refused(name: str, folder: Path) -> None:
    try:
        content = made((name, b"x"))
    except (UnicodeEncodeError, ValueError):  # no zip can be written with half a character
        return
    assert read(content, folder) is not None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../../etc/passwd", "leads out of the archive"),
        ("a/../../b.ipynb", "leads out of the archive"),
        ("..\\b.ipynb", "leads out of the archive"),
        ("/etc/passwd", "begins at the root"),
        ("C:/b.ipynb", "begins at the root"),
        ("\\\\server\\b.ipynb", "begins at the root"),
        ("a\n.ipynb", "cannot be seen"),
        ("/".join("a" * 20), "too long"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_and_the_others_are_read(folder: Path, name: str, says: str) -> None:
    found = read(made((name, b"x"), ("good.ipynb", b"{}")), folder)
    assert found is not None
    assert list(found[0]) == ["good.ipynb"]
    assert says in next(iter(found[1].values()))


def test_links_devices_and_encrypted_members_are_refused(folder: Path) -> None:
    def link(info: zipfile.ZipInfo) -> None:
        info.external_attr = (stat.S_IFLNK | 0o777) << 16

    def device(info: zipfile.ZipInfo) -> None:
        info.external_attr = (stat.S_IFCHR | 0o666) << 16

    for change, says in ((link, "symbolic link"), (device, "no file")):
        found = read(made(("a.ipynb", b"/etc/passwd"), change=change), folder)
        assert found is not None and found[0] == {} and says in found[1]["a.ipynb"]
    locked = bytearray(made(("a.ipynb", b"secret")))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    found = read(bytes(locked), folder)
    assert found is not None and "encrypted" in found[1]["a.ipynb"]


def test_bombs_are_refused_before_they_are_unpacked(folder: Path) -> None:
    bomb = made(("a.ipynb", b"\0" * (64 << 20)), ("b.ipynb", b"{}"))
    assert len(bomb) < 100_000
    found = read(bomb, folder)
    assert found is not None and list(found[0]) == ["b.ipynb"] and "times as large" in found[1]["a.ipynb"]
    assert peak(lambda: read(bomb, folder)) < 5 << 20
    # A size that lies: what is unpacked ends where the index says, and the sum is wrong.
    lying = bytearray(made(("a.ipynb", b"0" * 500_000)))
    at = lying.index(b"PK\x01\x02")
    lying[at + 24 : at + 28] = struct.pack("<I", 10)
    found = read(bytes(lying), folder)
    assert found is not None and "cannot be unpacked" in found[1]["a.ipynb"]


def test_what_is_unpacked_of_one_archive_has_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "a.zip"
    path.write_bytes(made(*[(f"{number}.ipynb", os.urandom(1000)) for number in range(20)]))
    monkeypatch.setattr(archive, "Spent", lambda: Spent(5000))
    with open_archive(path) as opened:
        taken = [opened.read(member) for member in opened.members[:5]]
        assert len(taken) == 5
        with pytest.raises(BadArchive, match="holds more than is read"):
            opened.read(opened.members[5])


def test_a_hundred_thousand_members_are_refused_with_their_index_unread(folder: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as opened:
        opened.writestr("a" * 30, b"")
    one = held.getvalue()
    entry = one[one.index(b"PK\x01\x02") : one.index(b"PK\x05\x06")]
    index = entry * 100_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(index), len(one) - len(entry) - 22, 0)
    many = one[: one.index(b"PK\x01\x02")] + index + end
    path = folder / "a.zip"
    path.write_bytes(many)
    with pytest.raises(BadArchive, match="too many files"), open_archive(path):
        pass
    assert peak(lambda: read(many, folder)) < 8 << 20
    fewer = entry * 30_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 30_000, 30_000, len(fewer), one.index(b"PK\x01\x02"), 0)
    path.write_bytes(one[: one.index(b"PK\x01\x02")] + fewer + end)
    with pytest.raises(BadArchive, match="more than 20000 files"), open_archive(path):
        pass


def test_zips_in_zips_are_opened_once_and_no_deeper(folder: Path) -> None:
    deeper = made(("outer.zip", made(("inner.zip", INNER))))
    found = read(deeper, folder)
    assert found is not None and list(found[0]) == ["outer.zip/inner.zip"]
    broken = read(made(("a.zip", b"PK\x03\x04nothing"), ("b.ipynb", b"{}")), folder)
    assert broken is not None and list(broken[0]) == ["b.ipynb"] and "broken one" in broken[1]["a.zip"]


def test_two_members_of_one_name_are_two(folder: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = made(("a.ipynb", b"1"), ("a.ipynb", b"2"))
    path = folder / "a.zip"
    path.write_bytes(content)
    with open_archive(path) as opened:
        assert [opened.read(member) for member in opened.members] == [b"1", b"2"]


def test_names_in_utf_8_without_its_mark_and_in_cp437_are_read(folder: Path) -> None:
    utf = made(("müller.ipynb", b"{}"))
    plain = bytearray(utf)
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = plain.index(sign) + place
        plain[at : at + 2] = struct.pack("<H", 0)
    found = read(bytes(plain), folder)
    assert found is not None and list(found[0]) == ["müller.ipynb"]
    dos = bytes(plain).replace("ü".encode(), b"\x81.")  # 0x81 is ü to DOS
    found = read(dos, folder)
    assert found is not None and list(found[0]) == ["ü.ller.ipynb".join(["m", ""])]


def test_a_time_in_utc_is_believed_before_the_clocks_and_none_is_none(folder: Path) -> None:
    moment = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)

    def stamped(info: zipfile.ZipInfo) -> None:
        info.extra = struct.pack("<HHBi", 0x5455, 5, 1, int(moment.timestamp()))

    def timeless(info: zipfile.ZipInfo) -> None:
        info.date_time = (1980, 1, 1, 0, 0, 0)

    times = []
    for change in (stamped, timeless):
        path = folder / "a.zip"
        path.write_bytes(made(("a.ipynb", b"{}"), change=change))
        with open_archive(path) as opened:
            times.append(opened.members[0].when)
    assert times == [moment, None]


def test_a_folder_is_read_without_its_links_hidden_files_and_what_a_mac_leaves(tmp_path: Path) -> None:
    for name in ("ada/a.ipynb", "__MACOSX/ada/._a.ipynb", ".git/config", "ada/.DS_Store"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    (tmp_path / "ada" / "link.ipynb").symlink_to("/etc/passwd")
    (tmp_path / "up").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "ada" / "pipe.ipynb")
    with open_archive(tmp_path) as opened:
        assert isinstance(opened, Archive)
        assert [one.path for one in opened.members] == ["ada/a.ipynb", "ada/pipe.ipynb"]
        assert opened.read(opened.members[0]) == b"{}"
        with pytest.raises(Refused, match="no file"):
            opened.read(opened.members[1])
        assert set(opened.refused) == {"ada/link.ipynb", "up", "ada/pipe.ipynb"}
