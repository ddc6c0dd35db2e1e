"""The filter of system calls: what it decides for every call of both processors, and what a child sees of it."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator

import pytest
from running import job_of, text
from system_calls import NotSupportedSystemCall, syscalls

from autograder.grading.slots.slot import Slot
from autograder.grading.walls.calls import HIGHEST, OF_A_PROCESS, REFUSED
from autograder.grading.walls.seccomp import filter_for

MACHINES = {"x86_64": ("x86_64", 0xC000003E), "aarch64": ("arm64", 0xC00000B7)}
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000

# Looked at, and left to a notebook: what Python, torch and the C library use, or what does nothing outside the sandbox.
# The kernel asks no filter about uprobe and uretprobe; whoever calls them ends.
LEFT = """
accept accept4 access alarm arch_prctl bind brk cachestat capget capset chdir chmod chown clock_getres
clock_gettime clock_nanosleep clone clone3 close close_range connect copy_file_range creat dup dup2 dup3
epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat
fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstatfs
fsync ftruncate futex futex_requeue futex_wait futex_waitv futex_wake futimesat get_mempolicy get_robust_list
get_thread_area getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgid
getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid getsockname
getsockopt gettid gettimeofday getuid getxattr getxattrat inotify_add_watch inotify_init inotify_init1
inotify_rm_watch ioctl ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset
landlock_restrict_self lchown lgetxattr link linkat listen listxattr listxattrat llistxattr lremovexattr lseek
lsetxattr lstat madvise map_shadow_stack mbind membarrier mincore mkdir mkdirat mknod mknodat mlock mlock2
mlockall mmap mprotect mq_getsetattr mq_notify mq_timedreceive mq_timedsend mq_unlink mremap mseal msgctl msgrcv
msgsnd msync munlock munlockall munmap nanosleep newfstatat open openat openat2 pause pidfd_open
pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll prctl pread64 preadv preadv2
prlimit64 pselect6 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recvfrom recvmmsg recvmsg
remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall rmdir rseq rseq_slice_yield
rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler
sched_yield select semctl semop semtimedop sendfile sendmmsg sendmsg sendto set_mempolicy
set_mempolicy_home_node set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid setgroups
setitimer setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setsockopt setuid setxattr
setxattrat shmat shmctl shmdt shutdown sigaltstack signalfd signalfd4 socket socketpair splice stat statfs statx
symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun
timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill truncate umask uname
unlink unlinkat uprobe uretprobe utime utimensat utimes vfork vmsplice wait4 waitid write writev
"""

each_machine = pytest.mark.parametrize("machine", MACHINES)


def decided(machine: str, number: int, argument: int = 0, audit: int | None = None, second: int = 0) -> int:
    """What the kernel would make of a call: the filter, run step by step."""
    steps = list(struct.iter_unpack("HBBI", filter_for(machine)))
    fields = {0: number, 4: MACHINES[machine][1] if audit is None else audit, 16: argument, 24: second}
    place, loaded = 0, 0
    while True:
        code, if_so, if_not, value = steps[place]
        place += 1
        match code:
            case 0x20:
                loaded = fields[value]
            case 0x06:
                return int(value)
            case 0x15 | 0x35 | 0x45:
                true = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
                place += if_so if true else if_not
            case _:
                raise AssertionError(f"unknown step {code:#x}")


def calls_of(machine: str) -> dict[str, int]:
    """Every call that the package knows for a processor."""

    def found() -> Iterator[tuple[str, int]]:
        table = syscalls()
        for name in table.names():
            try:
                yield name, table.get(name, MACHINES[machine][0])
            except NotSupportedSystemCall:  # another processor's
                continue

    return dict(found())


@each_machine
def test_every_call_that_there_is_was_looked_at(machine: str) -> None:
    refused = {name for kind in REFUSED.values() for name in kind.calls}
    known = set(calls_of(machine))
    assert not refused & set(LEFT.split())
    assert known <= refused | set(LEFT.split()), "new calls: refuse them in calls.py, or list them here as left"
    assert max(calls_of(machine).values()) <= HIGHEST


@each_machine
def test_what_is_refused_is_refused_by_its_number(machine: str) -> None:
    numbers = calls_of(machine)
    assert len(numbers) > 300
    for kind in REFUSED.values():
        assert kind.reason.endswith(".")
        for name, ours in kind.calls.items():
            assert getattr(ours, machine) == numbers.get(name), name
            if name in numbers:
                assert decided(machine, numbers[name]) == REFUSE | errno.EPERM, name


@each_machine
def test_what_is_left_is_left(machine: str) -> None:
    numbers = calls_of(machine)
    by_argument = {"clone3", "socket", "socketpair", "ioprio_set"}
    for name in set(LEFT.split()) & set(numbers) - by_argument:
        assert decided(machine, numbers[name]) == ALLOW, name


@each_machine
def test_what_the_first_process_may_use_is_changed_by_nobody(machine: str) -> None:
    numbers, no = calls_of(machine), REFUSE | errno.EPERM
    for name, call in OF_A_PROCESS.items():
        assert getattr(call.numbers, machine) == numbers[name], name
        if call.one is None:
            assert [decided(machine, numbers[name], who) for who in (0, 1, 2)] == [ALLOW, no, ALLOW], name
            continue
        for which in range(4):
            found = [decided(machine, numbers[name], which, second=who) for who in (0, 1, 2)]
            assert found == ([ALLOW, no, ALLOW] if which == call.one else [no] * 3), (name, which)


@each_machine
def test_sockets_are_of_the_machine_or_the_network_and_of_nothing_else(machine: str) -> None:
    numbers = calls_of(machine)
    for name in ("socket", "socketpair"):
        for family in range(64):
            expected = ALLOW if family in (1, 2, 10) else REFUSE | errno.EAFNOSUPPORT
            assert decided(machine, numbers[name], family) == expected


@each_machine
def test_no_clone_makes_a_namespace_and_the_newest_calls_do_not_exist(machine: str) -> None:
    numbers = calls_of(machine)
    assert decided(machine, numbers["clone"], 17) == ALLOW
    for flag in (0x80, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00020000):
        assert decided(machine, numbers["clone"], 17 | flag) == REFUSE | errno.EPERM, hex(flag)
    for number in (numbers["clone3"], HIGHEST + 1, 1000, 0x40000000):
        assert decided(machine, number) == REFUSE | errno.ENOSYS
    assert decided(machine, numbers["read"], audit=0x40000003) == KILL


SOCKETS = """
import socket
for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_VSOCK, socket.AF_PACKET, 38):
    try:
        socket.socket(family, socket.SOCK_RAW if family == socket.AF_PACKET else socket.SOCK_DGRAM).close()
        print("made")
    except OSError as error:
        print(error.strerror)
"""
CALLS = """
import ctypes
call = ctypes.CDLL(None, use_errno=True).syscall
for number in {numbers}:
    ctypes.set_errno(0)
    call(number, 0, 0, 0, 0, 0)
    print(ctypes.get_errno())
"""


def test_a_child_makes_no_other_sockets(slot: Slot) -> None:
    said = text(slot.run(job_of(SOCKETS)).cells[0]).splitlines()
    assert said == ["made"] * 3 + ["Address family not supported by protocol"] * 4


def test_a_child_reaches_none_of_the_refused_calls(slot: Slot) -> None:
    import platform

    machine = platform.machine()
    if machine not in MACHINES:
        pytest.skip(f"the sandbox knows no calls of {machine}")
    numbers = [
        number
        for kind in REFUSED.values()
        for one in kind.calls.values()
        if (number := getattr(one, machine)) is not None
    ]
    said = text(slot.run(job_of(CALLS.format(numbers=numbers))).cells[0]).split()
    assert said == [str(errno.EPERM)] * len(numbers)
