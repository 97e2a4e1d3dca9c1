"""Programs that are built as a user builds them: against what `make install` lays down, with the flags that pkg-config tells.

    told = installed.run(home, "api_tokens", "DSN=app", …)      # a program of tests/c: its chapters
    done = installed.end(home, "get_token.c", "DSN=app")        # one of examples/c: what it prints, and how it ends
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from . import drivers, replies
from .browser_people import BrowserPeople, browser_keys
from .odbc_home import REPOSITORY, OdbcHome, build_folder
from .two_ways import token_keys

EXAMPLES = REPOSITORY / "examples" / "c"
PROGRAMS = REPOSITORY / "tests" / "c"
_WARNINGS = ["-pedantic", "-Wall", "-Wextra", "-Werror"]
_COMPILER = {"c99": ["cc", "-std=c99"], "c++11": ["c++", "-std=c++11", "-x", "c++"]}

STORIES = {
    "api_tokens": ["DSN=app;UID=u;PWD=mine;TokenTenant=x", "app", "DSN=sql;UID=u"],
    "api_misuse": ["DSN=app", "DSN=plain"],
    "api_forks": ["DSN=app", "DSN=app;TokenScope=other"],
    "api_provider": ["DSN=callback"],
    "api_connection": ["DSN=live", "DSN=plain"],
    "api_log": ["DSN=file", "DSN=file;TokenScope=other"],
    "api_partner": ["stories", "DSN=people", "https://partner.example/back?tenant=7", 8],
    "api_register": ["{url}", "an-account", "an-admins-token", 1],
    "get_token.c": ["DSN=app"],
    "connect.c": ["DSN=lite", "select 1"],
    "renew.c": ["DSN=live"],
    "provider.c": ["DSN=mine", "a-token"],
    "provider.cpp": ["DSN=mine", "a-token"],
}
"""The programs of tests/c that use these functions, and the examples, and what they are told of the sources of `write_sources`."""


def words(story: str, provider) -> list[object]:
    """What a program is told, where the provider is."""
    return [provider.url if word == "{url}" else word for word in STORIES[story]]


SANITIZED = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer")


def sanitizers(story: str) -> dict[str, str]:
    """Options of the sanitizers. In a child what belonged to a thread that the fork did not take along is lost; SQLite's driver loses memory itself."""
    leaks = int(story not in ("api_forks", "api_connection", "api_partner", "connect.c"))
    return {"ASAN_OPTIONS": f"detect_leaks={leaks}:detect_stack_use_after_return=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


def write_sources(home: OdbcHome, recorder, provider, timeout_seconds: int = 3) -> OdbcHome:
    """DSNs of the recorder behind tokenshim: `app`, whose token is a password; `file`, whose token is in files too; `callback`, whose
    token a function of the program gives, as is that of `mine`; `live`, whose connections take new tokens; `people`, who sign in; `plain`, without one. And without tokenshim between: `sql`, of the recorder as
    Microsoft's driver, and `lite`, of SQLite's."""
    people = BrowserPeople(provider, tenant="/people")
    registered = {"integration_id": "an-integration", "client_id": "a-client", "client_secret": "a-secret"}
    provider.always(replies.json_body(registered), path="/api/2.0/accounts/an-account/oauth2/custom-app-integrations")
    is_browser = lambda exchange: exchange.request.path.startswith(people.authorize_path)
    provider.always(lambda exchange: (people.page if is_browser(exchange) else replies.good_token(f"token-{len(provider.requests)}"))(exchange))
    keys = token_keys(provider)
    callback = {"TokenSource": "callback", "TokenCallback": "program", "TokenScope": "a-scope", "TokenTimeout": timeout_seconds, "TokenCache": "file"}
    home.write({"Engine": {"Driver": home.shim(), "RealDriver": recorder.compile("both"), **keys},
                "SQL": {"Driver": recorder.compile("both", "libmsodbcsql-18.6.so.2.1"), **keys, "TokenProfile": ""},
                "SQLite": {"Driver": drivers.SQLITE, **keys},
                "People": {"Driver": home.shim(), "RealDriver": recorder.compile("both"), **browser_keys(people)},
                "Live": {"Driver": home.shim("live"), "RealDriver": recorder.compile("both"), **keys, "TokenLive": "yes"}},
               {"app": {"Driver": "Engine"}, "file": {"Driver": "Engine", "TokenCache": "file"}, "plain": {"Driver": "Engine", "TokenSource": ""},
                "callback": {"Driver": "Engine", **callback}, "live": {"Driver": "Live"}, "people": {"Driver": "People"}, "mine": {"Driver": "Engine", **callback, "TokenCallback": "my-provider", "TokenTimeout": 60},
                "sql": {"Driver": "SQL", "Server": "127.0.0.1"}, "lite": {"Driver": "SQLite", "Database": ":memory:"}})
    return home


class Installed:
    """tokenshim, installed into a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._built: dict[tuple, Path] = {}
        self.make("install", DESTDIR="", PREFIX=folder)

    @staticmethod
    def make(target: str, **variables: object) -> None:
        words = [f"{name}={value}" for name, value in {"BUILT": build_folder(), **variables}.items()]
        subprocess.run(["make", "-s", target, *words], cwd=REPOSITORY, check=True, timeout=60)

    def flags(self, what: str) -> list[str]:
        """What pkg-config says, as it would without the folder's name known to anybody else."""
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.folder / "lib" / "pkgconfig")}
        return subprocess.run(["pkg-config", what, "tokenshim"], env=environment, check=True, capture_output=True, text=True).stdout.split()

    def compile(self, source: Path, language: str = "c99", flags: tuple[str, ...] = ("-O1",), libraries: tuple[str, ...] = ("tokenshim", "odbc")) -> Path:
        """The program of a file; `libraries` in the linker's order, each of which it loads whether it needs it or not."""
        built = (source, language, flags, libraries)
        if built not in self._built:
            program = self.folder / "programs" / f"{source.stem}-{len(self._built)}"
            program.parent.mkdir(exist_ok=True)
            linked = [word for library in libraries for word in (self.flags("--libs") if library == "tokenshim" else [f"-l{library}"])]
            subprocess.run([*_COMPILER[language], "-D_DEFAULT_SOURCE", "-g", *_WARNINGS, *flags, *self.flags("--cflags"), "-o", program, source,
                            "-x", "none", "-Wl,--no-as-needed", f"-Wl,-rpath,{self.folder}/lib", *linked, "-lpthread"], check=True, timeout=60)
            self._built[built] = program
        return self._built[built]

    def run(self, home: OdbcHome, name: str, *arguments: object, env: dict[str, str] | None = None, dm: str = "unixodbc",
            timeout: float = 60, **options) -> list[str]:
        """The chapters of a program that went well; `options` are those of `end`."""
        assert dm == "unixodbc"
        done = self.end(home, name, *arguments, env=env, timeout=timeout, **options)
        assert done.returncode == 0, f"{name} ended with {done.returncode} after {done.stdout!r}\n{done.stderr}"
        return [line.removeprefix("ok ") for line in done.stdout.splitlines()]

    def end(self, home: OdbcHome, name: str, *arguments: object, under: list = (), language: str | None = None, flags: tuple[str, ...] = ("-O1",),
            libraries: tuple[str, ...] = ("tokenshim", "odbc"), env: dict[str, str] | None = None,
            timeout: float = 60) -> subprocess.CompletedProcess:
        """A program of tests/c, or, where `name` is that of a file, of examples/c: what it prints, and how it ends."""
        source = EXAMPLES / name if "." in name else PROGRAMS / f"{name}.c"
        program = self.compile(source, language or ("c++11" if name.endswith(".cpp") else "c99"), flags, libraries)
        return subprocess.run([*under, program, *map(str, arguments)], env={**home.env, **(env or {})}, capture_output=True, text=True, timeout=timeout)
