"""The child process of `odbc_client.dlsym_table`."""

import ctypes
import json
import os
import sys

RTLD_LAZY, RTLD_NOW = 1, 2  # neither RTLD_GLOBAL nor RTLD_DEEPBIND, as both driver managers do

# `ctypes.CDLL` would always add RTLD_NOW, and hides a NULL from dlsym.
process = ctypes.CDLL(None)
process.dlopen.restype = process.dlsym.restype = ctypes.c_void_p
process.dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
process.dlsym.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
process.dlerror.restype = ctypes.c_char_p

script = json.load(sys.stdin)


def load(path: str) -> int:
    return process.dlopen(path.encode(), RTLD_NOW if script["now"] else RTLD_LAZY) or sys.exit(process.dlerror().decode())


def compare(shim: int | None, real: int | None) -> str:
    if shim == real:
        return "equal" if shim else "absent"
    if shim and real:
        return "different"
    return "only shim" if shim else "only real"


shim, real = load(script["shim"]), load(script["real"])
with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as report:
    for name in script["names"]:
        answer = compare(process.dlsym(shim, name.encode()), process.dlsym(real, name.encode()))
        print(json.dumps({name: answer}), file=report, flush=True)
