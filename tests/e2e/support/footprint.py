"""What a process holds, for host programs that look at themselves: `from footprint import *`."""

import ctypes
import os


class _Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]


def footprint():
    """Bytes that are allocated, resident kB, and how many mappings, descriptors and threads there are."""
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = _Mallinfo
    heap = libc.mallinfo2()
    with open("/proc/self/statm") as statm, open("/proc/self/maps") as maps:
        resident, mappings = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024, len(maps.readlines())
    return {"allocated": heap.uordblks + heap.hblkhd, "resident": resident, "mappings": mappings,
            "descriptors": len(os.listdir("/proc/self/fd")), "threads": len(os.listdir("/proc/self/task"))}


def mapped(name):
    """Whether a file of this name is loaded."""
    with open("/proc/self/maps") as maps:
        return any(line.rstrip().endswith("/" + name) for line in maps)
