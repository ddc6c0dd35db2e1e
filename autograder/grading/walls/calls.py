"""The system calls that no notebook needs, by name, with the reason for each kind and the numbers of both processors.

Numbers are those of the kernel's tables arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. A test
compares them with the package system-calls, and finds every call of which neither this list nor the test's has heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["HIGHEST", "OF_A_PROCESS", "REFUSED", "Kind", "Numbers", "OfAProcess"]


class Numbers(NamedTuple):
    """A call's number on each processor; ``None`` where the processor has no such call."""

    x86_64: int | None
    aarch64: int | None


class Kind(NamedTuple):
    """Calls that are refused for one reason."""

    reason: str
    calls: Mapping[str, Numbers]


class OfAProcess(NamedTuple):
    """A call that changes what the process that it names may use. Where one argument says what the next one names (``one``
    says a process, anything else a group or a user's processes), the process comes second.
    """

    numbers: Numbers
    one: int | None = None


# The highest number that was looked at. What is newer is told that there is no such call.
HIGHEST = 471

REFUSED: Mapping[str, Kind] = {
    "trace": Kind(
        "Looking into another process or writing to it, or watching the kernel at work.",
        {
            "ptrace": Numbers(101, 117),
            "process_vm_readv": Numbers(310, 270),
            "process_vm_writev": Numbers(311, 271),
            "process_madvise": Numbers(440, 440),
            "process_mrelease": Numbers(448, 448),
            "pidfd_getfd": Numbers(438, 438),
            "kcmp": Numbers(312, 272),
            "move_pages": Numbers(279, 239),
            "migrate_pages": Numbers(256, 238),
            "perf_event_open": Numbers(298, 241),
            "lookup_dcookie": Numbers(212, 18),
        },
    ),
    "mount": Kind(
        "Another view of the file system, or a list of the machine's own.",
        {
            "mount": Numbers(165, 40),
            "umount2": Numbers(166, 39),
            "pivot_root": Numbers(155, 41),
            "chroot": Numbers(161, 51),
            "fsopen": Numbers(430, 430),
            "fsconfig": Numbers(431, 431),
            "fsmount": Numbers(432, 432),
            "fspick": Numbers(433, 433),
            "move_mount": Numbers(429, 429),
            "open_tree": Numbers(428, 428),
            "open_tree_attr": Numbers(467, 467),
            "mount_setattr": Numbers(442, 442),
            "statmount": Numbers(457, 457),
            "listmount": Numbers(458, 458),
            "sysfs": Numbers(139, None),
            "ustat": Numbers(136, None),
        },
    ),
    "namespace": Kind(
        "Namespaces in which a process is somebody else; `clone` with their flags is refused by its argument.",
        {
            "unshare": Numbers(272, 97),
            "setns": Numbers(308, 268),
            "listns": Numbers(470, 470),
        },
    ),
    "module": Kind(
        "Code for the kernel, or another kernel.",
        {
            "init_module": Numbers(175, 105),
            "finit_module": Numbers(313, 273),
            "delete_module": Numbers(176, 106),
            "kexec_load": Numbers(246, 104),
            "kexec_file_load": Numbers(320, 294),
            "bpf": Numbers(321, 280),
        },
    ),
    "key": Kind(
        "Keys stay with the kernel when the process is gone.",
        {
            "add_key": Numbers(248, 217),
            "request_key": Numbers(249, 218),
            "keyctl": Numbers(250, 219),
        },
    ),
    "swap": Kind(
        "The machine's memory, quotas and books.",
        {
            "swapon": Numbers(167, 224),
            "swapoff": Numbers(168, 225),
            "quotactl": Numbers(179, 60),
            "quotactl_fd": Numbers(443, 443),
            "acct": Numbers(163, 89),
        },
    ),
    "handle": Kind(
        "A file by its number, past every folder that could hold it back; marks on files of the whole machine.",
        {
            "name_to_handle_at": Numbers(303, 264),
            "open_by_handle_at": Numbers(304, 265),
            "fanotify_init": Numbers(300, 262),
            "fanotify_mark": Numbers(301, 263),
            "file_getattr": Numbers(468, 468),
            "file_setattr": Numbers(469, 469),
        },
    ),
    "ring": Kind(
        "A second way to nearly all other calls, which a filter does not see.",
        {
            "io_uring_setup": Numbers(425, 425),
            "io_uring_enter": Numbers(426, 426),
            "io_uring_register": Numbers(427, 427),
            "io_setup": Numbers(206, 0),
            "io_submit": Numbers(209, 2),
            "io_getevents": Numbers(208, 4),
            "io_pgetevents": Numbers(333, 292),
            "io_cancel": Numbers(210, 3),
            "io_destroy": Numbers(207, 1),
        },
    ),
    "memory": Kind(
        "Memory that outlives its process, that no limit counts and no wipe finds; or faults that stop the kernel midway.",
        {
            "memfd_create": Numbers(319, 279),
            "memfd_secret": Numbers(447, 447),
            "shmget": Numbers(29, 194),
            "semget": Numbers(64, 190),
            "msgget": Numbers(68, 186),
            "mq_open": Numbers(240, 180),
            "userfaultfd": Numbers(323, 282),
        },
    ),
    "filter": Kind(
        "Filters and labels of its own: what grading relies on is set before, and stays.",
        {
            "seccomp": Numbers(317, 277),
            "lsm_set_self_attr": Numbers(460, 460),
            "lsm_get_self_attr": Numbers(459, 459),
            "lsm_list_modules": Numbers(461, 461),
            "personality": Numbers(135, 92),
            "modify_ldt": Numbers(154, None),
        },
    ),
    "machine": Kind(
        "The clock, the name and the power of the machine.",
        {
            "settimeofday": Numbers(164, 170),
            "clock_settime": Numbers(227, 112),
            "clock_adjtime": Numbers(305, 266),
            "adjtimex": Numbers(159, 171),
            "reboot": Numbers(169, 142),
            "sethostname": Numbers(170, 161),
            "setdomainname": Numbers(171, 162),
            "syslog": Numbers(103, 116),
            "iopl": Numbers(172, None),
            "ioperm": Numbers(173, None),
            "vhangup": Numbers(153, 58),
        },
    ),
}

# Limits, priority and processors of another process may be changed by whoever is the same user. Those of the sandbox's first
# process would be those of every submission behind this one, so it may not be named, nor a group in which it may be.
OF_A_PROCESS: Mapping[str, OfAProcess] = {
    "prlimit64": OfAProcess(Numbers(302, 261)),
    "sched_setaffinity": OfAProcess(Numbers(203, 122)),
    "sched_setscheduler": OfAProcess(Numbers(144, 119)),
    "sched_setparam": OfAProcess(Numbers(142, 118)),
    "sched_setattr": OfAProcess(Numbers(314, 274)),
    "setpriority": OfAProcess(Numbers(141, 140), one=0),
    "ioprio_set": OfAProcess(Numbers(251, 30), one=1),
}
