"""Do a piece of work per item in processes of their own, so that one item can harm only itself.

A process that dies, hangs or eats memory costs its own item; the others go on.  Results come in
the order of the items however many processes there are.  Where the system offers no limit of
memory (Windows) only time and death are guarded; where no process can be started, or one ends
before it stands, the work is done in this one.
"""

from __future__ import annotations

import copyreg
import faulthandler
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection, wait
from types import MappingProxyType, ModuleType
from typing import Any, Generic, TypeVar

if sys.platform != "win32":
    import resource

Item = TypeVar("Item")
Result = TypeVar("Result")

# A fork has every book and formula in memory at once.  Elsewhere a fork is not to be trusted.
START = "fork" if sys.platform == "linux" else "spawn"
STARTING = 60.0  # seconds a process may take to start: none of an item's time
AHEAD = 8  # items per process that may be done before the first of them is taken
_TASK = "task"  # what a process says that has none yet
_PATIENCE = 2.0  # seconds after which an idle process looks whether its parent still lives


def _thaw_mapping(items: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(items)


# What the reader returns is frozen, and Python knows no way to send a frozen mapping.
copyreg.pickle(MappingProxyType, lambda frozen: (_thaw_mapping, (dict(frozen),)))


@dataclass(frozen=True, slots=True)
class Limits:
    """What one item may cost: seconds by the clock, and bytes of memory beyond what was there."""

    seconds: float = 18.0
    memory: int = 768 * 2**20


class Fate(StrEnum):
    """What became of an item."""

    DONE = "done"
    DIED = "died"
    TOO_LONG = "too long"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Result]):
    """The result of an item, or why there is none; `detail` names the signal of a death."""

    fate: Fate
    result: Result | None = None
    detail: str = ""


def default_jobs() -> int:
    """How many processes this machine can use."""
    with suppress(AttributeError):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def run_isolated(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    jobs: int = 0,
    limits: Limits = Limits(),
) -> Iterator[Outcome[Result]]:
    """`function` of every item, in order, in `jobs` processes (as many as fit where it is 0).

    An exception that `function` raises counts as a death with its name: what can be expected to
    go wrong is for `function` to return.
    """
    if not items:
        return
    crew = _Crew(function, limits)
    try:
        crew.start(min(jobs or default_jobs(), len(items)))
    except OSError:  # no process can be had: better unguarded than not at all
        crew.end()
        yield from (_do(function, item) for item in items)
        return
    try:
        yield from crew.work(items)
    finally:
        crew.end()


@dataclass
class _Worker:
    """One process and what it is doing: the number of its item, -1 for none, and its deadline.

    `ready` once it has said that it stands: a spawned one imports everything first.  Its item is
    `held` till then, so that nothing waits in a pipe which no one may ever read.
    """

    process: Any
    connection: Connection
    item: int = -1
    held: Any = None
    deadline: float = 0.0
    ready: bool = False


class _Crew(Generic[Item, Result]):
    def __init__(self, function: Callable[[Item], Result], limits: Limits) -> None:
        self._context = multiprocessing.get_context(START)
        self._function = function
        self._limits = limits
        self._workers: list[_Worker] = []

    def start(self, count: int) -> None:
        for _ in range(count):
            self._workers.append(self._hire())

    def _hire(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        try:
            return self._start(ours, theirs)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()

    def _start(self, ours: Connection, theirs: Connection) -> _Worker:
        # What a new process gets at its start is written blindly: a fork has the task, others ask for it.
        task = (self._function, self._limits) if START == "fork" else None
        process = self._context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, os.getpid(), task), daemon=True
        )
        with warnings.catch_warnings(), _without_script():
            # The progress bar has a thread; the child neither draws nor waits for it.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        return _Worker(process, ours)

    def end(self) -> None:
        for worker in self._workers:
            _dismiss(worker)
        self._workers.clear()

    def work(self, items: Sequence[Item]) -> Iterator[Outcome[Result]]:
        following, taken = 0, 0
        done: dict[int, Outcome[Result]] = {}
        while taken < len(items):
            if not self._workers:  # no process can be had any more: better unguarded than not at all
                yield from (
                    done.pop(n) if n in done else _do(self._function, items[n])
                    for n in range(taken, len(items))
                )
                return
            limit = min(len(items), taken + AHEAD * len(self._workers))
            for worker in self._workers:
                if worker.item < 0 and following < limit:
                    self._hand(worker, following, items[following])
                    following += 1
            self._wait(done)
            while taken in done:
                yield done.pop(taken)
                taken += 1

    def _hand(self, worker: _Worker, number: int, item: Item) -> None:
        worker.item, worker.held = number, item
        worker.deadline = time.monotonic() + STARTING
        if worker.ready:
            self._give(worker)

    def _give(self, worker: _Worker) -> None:
        """Send a process that stands the item it is to do; its time begins."""
        worker.ready, worker.deadline = True, time.monotonic() + self._limits.seconds
        with suppress(OSError):  # it has died since: its silence will tell
            worker.connection.send(worker.held)

    def _wait(self, done: dict[int, Outcome[Result]]) -> None:
        """Take what the processes have to say, and end those whose time is up."""
        busy = [worker for worker in self._workers if worker.item >= 0]
        patience = min(worker.deadline for worker in busy) - time.monotonic()
        ready = wait([worker.connection for worker in busy], max(0.0, patience))
        for worker in busy:
            number = worker.item
            if worker.connection in ready:
                outcome = self._take(worker)
                if outcome is not None:
                    done[number] = outcome
            elif time.monotonic() >= worker.deadline:
                done[number] = Outcome(Fate.TOO_LONG)
                self._replace(worker)

    def _take(self, worker: _Worker) -> Outcome[Result] | None:
        """What a process came to; None where it asks for its task, or says that it stands."""
        try:
            said = worker.connection.recv()
            if said == _TASK:
                worker.connection.send((self._function, self._limits))
                return None
            if said is None:
                self._give(worker)
                return None
            outcome, again = said
        except Exception as error:  # the pipe ended, or what came through it makes no sense
            worker.process.join(1.0)
            if not worker.ready:  # no item has reached it, so none is to blame
                _dismiss(worker)
                self._workers.remove(worker)
                return _do(self._function, worker.held)
            detail = _name_death(worker.process.exitcode, error)
            self._replace(worker)
            return Outcome(Fate.DIED, detail=detail)
        worker.item = -1
        if not again:
            self._replace(worker)
        return outcome  # type: ignore[no-any-return]

    def _replace(self, worker: _Worker) -> None:
        """Another process for one that ended; the rest of them do its work where none can be had."""
        _dismiss(worker)
        self._workers.remove(worker)
        with suppress(OSError):
            self._workers.append(self._hire())


@contextmanager
def _without_script() -> Iterator[None]:
    """Start a process that does not run the caller's script anew, as a spawned one would before all else.

    A script without ``if __name__ == "__main__"`` would do all its work twice: issue, or send mail.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _dismiss(worker: _Worker) -> None:
    if worker.item < 0 and worker.process.is_alive():
        with suppress(OSError):
            worker.connection.send(None)
        worker.process.join(1.0)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
    worker.connection.close()
    worker.process.close()


def _name_death(exit_code: int | None, error: Exception) -> str:
    if exit_code is not None and exit_code < 0:
        with suppress(ValueError):
            return signal.Signals(-exit_code).name
    return f"exit {exit_code}" if exit_code is not None else type(error).__name__


# -- in the process ----------------------------------------------------------------------------


def _serve(
    connection: Connection, parent: int, task: tuple[Callable[[Any], Any], Limits] | None = None
) -> None:
    """Do the items that come through the pipe, one after the other, until there is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who ends us
    _fall_silent()
    if task is None:
        connection.send(_TASK)
        task = connection.recv()
    if task is None:  # the work is over
        return
    function, limits = task
    ceiling = _limit_memory(limits.memory)
    connection.send(None)
    while True:
        while not connection.poll(_PATIENCE):
            if os.getppid() != parent:
                return
        item = connection.recv()
        if item is None:
            return
        outcome = _do(function, item)
        again = outcome.fate is Fate.DONE and not (ceiling and _peak() > ceiling)
        try:
            connection.send((outcome, again))
        except MemoryError:
            connection.send((Outcome(Fate.TOO_LARGE), False))
            return
        if not again:
            return


def _do(function: Callable[[Any], Any], item: Any) -> Outcome[Any]:
    try:
        return Outcome(Fate.DONE, function(item))
    except MemoryError:
        return Outcome(Fate.TOO_LARGE)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # Whatever a library raises on a hostile file is that file's end, not the work's; one in another
        # language panics with what is no Exception.
        return Outcome(Fate.DIED, detail=type(error).__name__)


def _fall_silent() -> None:
    """A library in another language that gives up says so on standard error; we say it in one line."""
    faulthandler.disable()
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def _limit_memory(budget: int) -> int:
    """Let the process grow by `budget` bytes; returns the peak from which it is replaced, 0 for none."""
    if sys.platform == "win32" or budget <= 0:
        return 0
    grown = _address_space()
    if grown:
        with suppress(OSError, ValueError):
            hard = resource.getrlimit(resource.RLIMIT_AS)[1]
            limit = grown + budget
            resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))
    return _peak() + budget // 2


def _address_space() -> int:
    """Bytes of address space in use, 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as status:  # noqa: PTH123 - no path a person named
            return int(status.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, AttributeError):
        return 0


def _peak() -> int:
    """The most memory this process has had, in bytes."""
    if sys.platform == "win32":
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
