"""Fork the workers of pytest-xdist too, where the run that asks for them was forked.

execnet starts each as a Python of its own, with pipes for its input and output. A second fork of
the warm process, made before the run begins, forks for each of them instead.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from execnet.gateway_base import Popen2IO
from execnet.gateway_io import Popen2IOMaster

_LONGEST = 2**20

Become = Callable[[Sequence[str], str, Mapping[str, str], Sequence[int]], NoReturn]
"""Be the process of a command, in a folder, with an environment, its input, output and errors."""


class Worker:
    """What execnet asks of a process it started."""

    def __init__(self, forking: Forking, process: int, stdin: int, stdout: int) -> None:
        self._forking = forking
        self._process = process
        self.stdin = os.fdopen(stdin, "wb")
        self.stdout = os.fdopen(stdout, "rb")

    def wait(self) -> int:
        return self._forking.ask({"wait": self._process})

    def kill(self) -> None:
        os.kill(self._process, signal.SIGKILL)


class Forking:
    """The process that forks workers, from the run's side."""

    def __init__(self, become: Become) -> None:
        self._asking = threading.Lock()
        self._socket, theirs = socket.socketpair()
        self._process = os.fork()
        if not self._process:
            self._socket.close()
            _serve(theirs, become)
        theirs.close()
        atexit.register(self.close)

    def close(self) -> None:
        # Also where a process that the run left behind holds the socket.
        self._socket.shutdown(socket.SHUT_RDWR)
        os.waitpid(self._process, 0)

    def ask(self, request: Mapping[str, object], files: Sequence[int] = ()) -> int:
        with self._asking:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [*files])
            return int(self._socket.recv(_LONGEST))

    def start(self, command: Sequence[str]) -> Worker:
        stdin, to_stdin = os.pipe()
        from_stdout, stdout = os.pipe()
        request = {"command": [*command], "cwd": os.getcwd(), "env": {**os.environ}}  # noqa: PTH109
        process = self.ask(request, (stdin, stdout, 2))
        os.close(stdin)
        os.close(stdout)
        return Worker(self, process, to_stdin, from_stdout)


def fork_workers(become: Become) -> None:
    """Let execnet fork what it would start, in the run that this process is to be."""
    forking = Forking(become)

    def start(master: Popen2IOMaster, args: Sequence[str], execmodel: object) -> None:
        # Its output is flushed after each message, buffered or not.
        master.popen = worker = forking.start([word for word in args if word != "-u"])
        Popen2IO.__init__(master, worker.stdin, worker.stdout, execmodel=execmodel)

    Popen2IOMaster.__init__ = start


def _serve(asked: socket.socket, become: Become) -> NoReturn:
    """Fork for each command that comes, until the run has ended."""
    while True:
        message, files, _, _ = socket.recv_fds(asked, _LONGEST, 3)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if "wait" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        else:
            answer = os.fork()
            if not answer:
                asked.close()
                become(request["command"], request["cwd"], request["env"], files)
        for file in files:
            os.close(file)
        asked.sendall(str(answer).encode())
