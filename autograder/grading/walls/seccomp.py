"""System calls that no notebook needs: a filter for the kernel, as the bytes that bubblewrap hands it.

What it stops stands in `calls`, by name and with the reason. Calls newer than that list are told that they do not exist, and
sockets are those of the machine itself and of the sandbox's own network alone. What the sandbox's first process may use is
its own.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.grading.walls.calls import HIGHEST, OF_A_PROCESS, REFUSED

__all__ = ["filter_for"]


@dataclass(frozen=True)
class _Machine:
    """A processor as ``<linux/audit.h>`` names it, and the numbers of the system calls whose arguments are looked at."""

    audit: int
    clone: int
    socket: int
    socketpair: int
    clone3: int = 435


_MACHINES = {
    "x86_64": _Machine(0xC000003E, clone=56, socket=41, socketpair=53),
    "aarch64": _Machine(0xC00000B7, clone=220, socket=198, socketpair=199),
}

# Sockets of the machine itself and of the network, which is a namespace's own and leads nowhere. No namespace holds back
# the others: AF_VSOCK reaches the host of a virtual machine, AF_NETLINK the kernel.
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6

# <linux/bpf_common.h> and <linux/seccomp.h>
_LOAD, _EQUAL, _AT_LEAST, _AND_ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW… flag


def filter_for(machine: str | None = None) -> bytes:
    """The filter for this machine's processor (or the one named), as an array of ``struct sock_filter``.

    Empty for a processor whose calls are not known here; the sandbox then does without.

    >>> len(filter_for("x86_64")) % 8, filter_for("abacus")
    (0, b'')
    """
    name = machine or platform.machine()
    known = _MACHINES.get(name)
    return b"".join(struct.pack("HBBI", *step) for step in _steps(name, known)) if known else b""


def _steps(name: str, machine: _Machine) -> Iterator[tuple[int, int, int, int]]:
    """(code, steps to skip when true, steps to skip when false, value)"""
    no, unknown = _REFUSE | errno.EPERM, _REFUSE | errno.ENOSYS
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _EQUAL, 1, 0, machine.audit
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    # Newer than the list, or one of x32's, which are numbered far above.
    yield _AT_LEAST, 0, 1, HIGHEST + 1
    yield _RETURN, 0, 0, unknown
    for kind in REFUSED.values():
        for numbers in kind.calls.values():
            if (number := getattr(numbers, name)) is not None:
                yield _EQUAL, 0, 1, number
                yield _RETURN, 0, 0, no
    # Its flags lie in memory, where a filter cannot look. Told that there is no such call, the C library uses clone.
    yield _EQUAL, 0, 1, machine.clone3
    yield _RETURN, 0, 0, unknown
    for number in (machine.socket, machine.socketpair):
        yield _EQUAL, 0, len(_FAMILIES) + 3, number
        yield _LOAD, 0, 0, _FIRST_ARGUMENT
        for left, family in enumerate(reversed(_FAMILIES), 1):
            yield _EQUAL, len(_FAMILIES) - left + 1, 0, family
        yield _RETURN, 0, 0, _REFUSE | errno.EAFNOSUPPORT
        yield _RETURN, 0, 0, _ALLOW
    for call in OF_A_PROCESS.values():
        number = getattr(call.numbers, name)
        if call.one is None:
            yield _EQUAL, 0, 4, number
            yield _LOAD, 0, 0, _FIRST_ARGUMENT
        else:
            yield _EQUAL, 0, 6, number
            yield _LOAD, 0, 0, _FIRST_ARGUMENT
            yield _EQUAL, 0, 2, call.one
            yield _LOAD, 0, 0, _SECOND_ARGUMENT
        yield _EQUAL, 0, 1, 1
        yield _RETURN, 0, 0, no
        yield _RETURN, 0, 0, _ALLOW
    yield _EQUAL, 0, 3, machine.clone
    yield _LOAD, 0, 0, _FIRST_ARGUMENT
    yield _AND_ANY, 0, 1, _NEW_NAMESPACES
    yield _RETURN, 0, 0, no
    yield _RETURN, 0, 0, _ALLOW
