"""System calls that no notebook needs: a filter for the kernel, as the bytes that bubblewrap hands it.

What it stops either reaches into the kernel's less trodden parts, or leaves something behind that outlives a process
and that neither a limit counts nor a wipe finds: keys, System V memory, files that are in memory alone.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["filter_for"]


@dataclass(frozen=True)
class _Machine:
    """A processor as ``<linux/audit.h>`` names it, and the numbers of its system calls."""

    audit: int
    denied: tuple[int, ...]
    clone: int
    clone3: int = 435


# From the kernel's tables arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h:
# ptrace, process_vm_readv and _writev, mount, umount2, pivot_root, chroot, unshare, setns, bpf, perf_event_open,
# userfaultfd, memfd_create, add_key, request_key, keyctl, shmget, semget, msgget, mq_open, init_module,
# finit_module, kexec_load, then for both io_uring (three), the new mounts (seven), pidfd_getfd, memfd_secret.
_BOTH = (425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 438, 447)
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        (
            101,
            310,
            311,
            165,
            166,
            155,
            161,
            272,
            308,
            321,
            298,
            323,
            319,
            248,
            249,
            250,
            29,
            64,
            68,
            240,
            175,
            313,
            246,
            *_BOTH,
        ),
        clone=56,
    ),
    "aarch64": _Machine(
        0xC00000B7,
        (
            117,
            270,
            271,
            40,
            39,
            41,
            51,
            97,
            268,
            280,
            241,
            282,
            279,
            217,
            218,
            219,
            194,
            190,
            186,
            180,
            105,
            273,
            104,
            *_BOTH,
        ),
        clone=220,
    ),
}

# <linux/bpf_common.h> and <linux/seccomp.h>
_LOAD, _EQUAL, _AT_LEAST, _AND_ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW… flag
_OTHER_ABI = 0x40000000  # x32's calls on a 64-bit kernel


def filter_for(machine: str | None = None) -> bytes:
    """The filter for this machine's processor (or the one named), as an array of ``struct sock_filter``.

    Empty for a processor whose calls are not known here; the sandbox then does without.

    >>> len(filter_for("x86_64")) % 8, filter_for("abacus")
    (0, b'')
    """
    known = _MACHINES.get(machine or platform.machine())
    return b"".join(struct.pack("HBBI", *step) for step in _steps(known)) if known else b""


def _steps(machine: _Machine) -> Iterator[tuple[int, int, int, int]]:
    """(code, steps to skip when true, steps to skip when false, value)"""
    no, unknown = _REFUSE | errno.EPERM, _REFUSE | errno.ENOSYS
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _EQUAL, 1, 0, machine.audit
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    yield _AT_LEAST, 0, 1, _OTHER_ABI
    yield _RETURN, 0, 0, unknown
    for number in machine.denied:
        yield _EQUAL, 0, 1, number
        yield _RETURN, 0, 0, no
    # Its flags lie in memory, where a filter cannot look. Told that there is no such call, the C library uses clone.
    yield _EQUAL, 0, 1, machine.clone3
    yield _RETURN, 0, 0, unknown
    yield _EQUAL, 0, 3, machine.clone
    yield _LOAD, 0, 0, _FIRST_ARGUMENT
    yield _AND_ANY, 0, 1, _NEW_NAMESPACES
    yield _RETURN, 0, 0, no
    yield _RETURN, 0, 0, _ALLOW
