"""Runs the steps of `odbc_program.py` one after the other, or in threads, and writes down what each gave."""

import json
import os
import re
import threading
import time

CODES = {0: "SQL_SUCCESS", 1: "SQL_SUCCESS_WITH_INFO", 2: "SQL_STILL_EXECUTING", 99: "SQL_NEED_DATA",
         100: "SQL_NO_DATA", -1: "SQL_ERROR", -2: "SQL_INVALID_HANDLE"}
ENV, DBC, STMT = 1, 2, 3


class Steps:
    """Whoever derives from it has a method for each step that calls ODBC."""

    def __init__(self, report):
        self.report, self.lock = report, threading.Lock()

    def run(self, steps: list[dict], handles: bool) -> None:
        if handles:
            self.do({"call": "SQLAllocHandle", "kind": "env"})
        for step in steps:
            self.write({"started": step["call"]})
            self.write(self.do(step))
        if handles:
            for name in list(self.connections):
                self.SQLFreeHandle({"kind": "dbc", "dbc": name})
            self.SQLFreeHandle({"kind": "env"})

    def do(self, step: dict) -> dict:
        begun = time.monotonic()
        base = re.sub("[AW]$", "", step["call"])
        done = getattr(self, base)(step)
        code = done.pop("code", 0)
        reader = step.get("records", "SQLGetDiagRecW" if step["call"].endswith("W") else "SQLGetDiagRec")
        if code in (1, -1) and reader and "records" not in done and not base.startswith(("SQLGetDiag", "SQLError")):
            done["records"] = self.diagnostics(DBC, self.dbc(step), reader)
        return {"call": step["call"], "code": CODES.get(code, str(code)), **done, "seconds": time.monotonic() - begun}

    def write(self, line: dict) -> None:
        with self.lock:
            print(json.dumps(line), file=self.report, flush=True)

    def parallel(self, step: dict) -> dict:
        done: list[list[dict]] = [[] for _ in step["steps"]]
        self.meeting = threading.Barrier(len(done), timeout=30)
        run = lambda i, steps: done[i].extend(map(self.do, [{"call": "meet"}, *steps]))
        threads = [threading.Thread(target=run, args=each) for each in enumerate(step["steps"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.meeting.broken:
            raise SystemExit("the threads did not meet")
        return {"parallel": [[each for each in steps if each["call"] != "meet"] for steps in done]}

    def meet(self, step: dict) -> dict:
        self.meeting.wait()
        return {}

    def write_file(self, step: dict) -> dict:
        with open(step["path"], "w") as file:
            file.write(step["text"])
        return {}

    def threads(self, step: dict) -> dict:
        masks = {}
        for task in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{task}/status") as status:
                lines = dict(line.split(":", 1) for line in status)
            masks[task] = lines["SigBlk"].strip()
        return {"threads": masks}
