"""Scoring in worker processes: one for each core, each with an analyzer of one thread."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Protocol, Self

from sentiment_kit.batch.scoring import Options, Scored, pack, score, unpack
from sentiment_kit.errors import ModelError, SentimentKitError

Keep = Callable[[int, bytes], None]

ONE_THREAD = {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


class Engine(Protocol):
    """Scores chunks of texts, some at a time.

    Attributes:
        ahead: Chunks to submit before waiting for the first of them.
    """

    ahead: int

    def submit(self, texts: Sequence[Any], keep: Keep) -> Future[list[Scored]]:
        """Score texts; their number and packed results are given to `keep` as soon as they are there."""
        ...

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; what is not finished is dropped."""
        ...


def open_engine(options: Options, workers: int) -> Engine:
    """Return what scores in so many processes; for one, that is this process."""
    return _InProcess(options) if workers == 1 else _Pool(options, workers)


def finished(results: list[Scored]) -> Future[list[Scored]]:
    """Return a future that has its result."""
    done: Future[list[Scored]] = Future()
    done.set_result(results)
    return done


def _kept(packed: bytes, count: int, keep: Keep) -> list[Scored]:
    """Keep packed results and return them unpacked, so that they are those that a resumed run will read."""
    keep(count, packed)
    results = unpack(packed)
    assert results is not None and len(results) == count  # noqa: S101, PT018  we have just packed them
    return results


class _InProcess:
    def __init__(self, options: Options) -> None:
        self.ahead = 0
        self._options = options

    def submit(self, texts: Sequence[Any], keep: Keep) -> Future[list[Scored]]:
        return finished(_kept(pack(score(self._options, texts)), len(texts), keep))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class _Pool:
    """A thread for each worker process sends it a chunk and waits: blocking calls, and no more than `ahead` chunks."""

    def __init__(self, options: Options, count: int) -> None:
        self.ahead = 2 * count
        self._options = options
        self._threads = ThreadPoolExecutor(count, initializer=_leave_interrupts_to_the_main_thread)
        self._own = threading.local()
        self._workers: list[_Worker] = []
        self._ended = False

    def submit(self, texts: Sequence[Any], keep: Keep) -> Future[list[Scored]]:
        return self._threads.submit(self._score, texts, keep)

    def _score(self, texts: Sequence[Any], keep: Keep) -> list[Scored]:
        if not hasattr(self._own, "worker"):
            self._own.worker = _Worker(self._options)
            self._workers.append(self._own.worker)
            if self._ended:  # while the process was starting
                self._own.worker.stop()
        return _kept(self._own.worker.score(texts), len(texts), keep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()  # a thread that waits for it goes on with an error that nobody reads
        self._threads.shutdown()
        for worker in self._workers:
            worker.close()


class _Worker:
    """A process and the pipe to it. The process ends when its end of the pipe has no other, even after a kill -9."""

    def __init__(self, options: Options) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, options), daemon=True)
        self._process.start()
        theirs.close()

    def score(self, texts: Sequence[Any]) -> bytes:
        try:
            self._pipe.send(texts)
            answer: bytes | Exception = self._pipe.recv()
        except (EOFError, OSError) as error:
            self._process.join(1)
            code = self._process.exitcode
            how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"
            raise ModelError(
                "SK331",
                f"a worker process {how}; often the memory is full. Fewer workers (--workers 1) need less.",
            ) from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stop(self) -> None:
        self._process.terminate()

    def close(self) -> None:
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, options: Options) -> None:
    """Answer chunks of texts with packed rows, or with the error, until the pipe is closed."""
    os.environ.update(ONE_THREAD)  # before the libraries that read it are loaded
    while True:
        try:
            texts = pipe.recv()
        except EOFError:
            return
        try:
            answer: bytes | Exception = pack(score(options, texts))
        except SentimentKitError as error:
            answer = error
        except Exception as error:
            answer = ModelError("SK332", f"a worker process failed: {type(error).__name__}: {error}")
        try:
            pipe.send(answer)
        except OSError:  # the run has gone
            return


def _leave_interrupts_to_the_main_thread() -> None:
    """Block Ctrl-C in this thread and in the processes that it starts."""
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # where the first process starts it, that unblocks the signal again
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
