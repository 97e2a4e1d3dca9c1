"""Buffers that ODBC functions write to, for `odbc_program.py`."""

import ctypes

GUARD = b"\xaa" * 16
UNWRITTEN = 0x5A5A


class Out:
    """An out buffer with its length; a guard behind it shows a write past its end."""

    def __init__(self, program, step: dict, unit: int):
        self.program, self.unit = program, unit
        self.size = step.get("out")
        self.bytes = (self.size or 0) * unit
        self.buffer = None if self.size is None else ctypes.create_string_buffer(b"\0" * self.bytes + GUARD)
        self.short_length, self.int_length = ctypes.c_short(UNWRITTEN), ctypes.c_int(UNWRITTEN)
        self.short_arguments = (self.buffer, ctypes.c_short(self.size or 0), ctypes.byref(self.short_length))
        self.int_arguments = (self.buffer, ctypes.c_int(self.size or 0), ctypes.byref(self.int_length))

    def text(self) -> dict:
        return self._report(self.unit)

    def all(self, unit: int) -> dict:
        """For a buffer that may hold a text, a number or a pointer."""
        if self.buffer is None:
            return self._report(unit)
        raw = self.buffer.raw[: self.bytes]
        return {**self._report(unit), "bytes": raw.hex(), "value": int.from_bytes(raw[:4], "little", signed=True)}

    def _report(self, unit: int) -> dict:
        length = next((each.value for each in (self.short_length, self.int_length) if each.value != UNWRITTEN), None)
        if self.buffer is None:
            return {"length": length}
        raw = self.buffer.raw
        return {"out": self.program.decode(raw[: self.bytes], unit), "length": length,
                "overrun": raw[self.bytes : self.bytes + len(GUARD)] != GUARD}
