"""A real Spark standalone cluster on loopback, from the pyspark wheel: a master, workers, a Thrift server.

Each part is a process group of its own on a port that was free; `stop` ends these groups and nothing else.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
_EXECUTOR = "CoarseGrainedExecutorBackend"
# For thousands of rows: plans and compilers are most of the time of a statement, so there are fewer of both,
# and no metastore in a database of its own.
SMALL = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "2000",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


def _end_with_parent() -> None:
    """In a new process: the kernel ends it when its parent dies, however that dies (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class SparkCluster:
    """`with SparkCluster(folder, workers=2) as cluster`: one core per worker; logs, events and catalog in `folder`."""

    def __init__(
        self, folder: Path, workers: int = 2, memory: str = "1g", settings: Mapping[str, str] | None = None
    ) -> None:
        import pyspark

        self.folder, self.events = folder, folder / "events"
        self.events.mkdir(parents=True)
        self.home = Path(pyspark.__file__).parent
        self.n_workers, self.memory, self.settings = workers, memory, dict(settings or {})
        self.port = free_port()
        self.workers: list[subprocess.Popen[bytes]] = []
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> SparkCluster:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        port = free_port()
        master = f"spark://127.0.0.1:{port}"
        run = [str(self.home / "bin" / "spark-class")]
        local = ["--host", "127.0.0.1", "--webui-port", "0"]
        self._launch("master", [*run, _MASTER, *local, "--port", str(port)])
        self._wait(lambda: "New state: ALIVE" in self._log("master"), "master")
        for number in range(self.n_workers):
            work = [
                "--cores",
                "1",
                "--memory",
                self.memory,
                "--work-dir",
                str(self.folder / f"work-{number}"),
            ]
            self.workers.append(self._launch(f"worker-{number}", [*run, _WORKER, *local, *work, master]))
        self._wait(lambda: self._log("master").count("Registering worker") == self.n_workers, "workers")
        settings = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "1g",
            "spark.executor.memory": self.memory,
            "spark.executor.cores": "1",
            "spark.cores.max": str(self.n_workers),
            "spark.ui.enabled": "false",
            "spark.sql.warehouse.dir": str(self.folder / "tables"),
            "spark.eventLog.enabled": "true",
            "spark.eventLog.compress": "false",
            "spark.eventLog.dir": self.events.as_uri(),
            "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={self.folder / 'catalog'};create=true",
            "spark.hadoop.hive.server2.thrift.bind.host": "127.0.0.1",
            "spark.hadoop.hive.server2.thrift.port": str(self.port),
            **self.settings,
        }
        pairs = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
        submit = [str(self.home / "bin" / "spark-submit"), "--master", master, *pairs]
        self._launch("thrift", [*submit, "--class", _THRIFT, "spark-internal"])
        self._wait(
            lambda: "HiveThriftServer2 started" in self._log("thrift") and self._listens(), "Thrift server"
        )

    def _launch(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "SPARK_HOME": str(self.home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(self.folder / "scratch"),
            "SPARK_NO_DAEMONIZE": "1",
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            # In the folder: Derby leaves its log where it is started.
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=self.folder, start_new_session=True,
                preexec_fn=_end_with_parent,
            )  # fmt: skip
        self._started.append(process)
        return process

    def _wait(self, ready: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
        ends = time.monotonic() + seconds
        while not ready():
            ended = [process.args for process in self._started if process.poll() is not None]
            if ended or time.monotonic() > ends:
                logs = "\n".join(self._log(path.stem)[-2000:] for path in sorted(self.folder.glob("*.log")))
                raise RuntimeError(f"Spark: {what} did not start. Ended: {ended}\n{logs}")
            time.sleep(0.2)

    def _log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill_worker(self, number: int) -> list[int]:
        """kill -9 of a worker and its executors; the process ids."""
        worker = self.workers[number]
        executors = [pid for pid in _children(worker.pid) if _EXECUTOR in _told(pid, "cmdline")]
        assert executors, "the worker runs no executor"
        for pid in (worker.pid, *executors):
            os.kill(pid, signal.SIGKILL)
        worker.wait()
        return [worker.pid, *executors]

    def tasks_by_executor(self) -> Counter[str]:
        """Successful tasks of each executor so far, from the event log."""
        return Counter(event["Task Info"]["Executor ID"] for event in self._ended_tasks())

    def cpu_seconds(self) -> float:
        """What all successful tasks so far have taken of a processor, in seconds."""
        return sum(event["Task Metrics"]["Executor CPU Time"] for event in self._ended_tasks()) / 1e9

    def _ended_tasks(self) -> Iterator[dict[str, Any]]:
        for path in (path for path in self.events.rglob("*") if path.is_file()):
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    # The last line may still be written.
                    if line.startswith('{"Event":"SparkListenerTaskEnd"') and line.endswith("\n"):
                        event = json.loads(line)
                        if event["Task End Reason"]["Reason"] == "Success":
                            yield event

    def stop(self) -> None:
        """End what was started, the last first; by group, since executors are children of their worker."""
        for process in reversed(self._started):
            for sign, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 10)):
                try:
                    os.killpg(process.pid, sign)
                except ProcessLookupError:
                    break
                try:
                    process.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        self._started.clear()


def _children(pid: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [child for child in pids if f"\nPPid:\t{pid}\n" in _told(child, "status")]


def _told(pid: int, file: str) -> str:
    """What the kernel says of a process; nothing of one that has just ended."""
    try:
        return Path(f"/proc/{pid}/{file}").read_text(errors="replace")
    except OSError:
        return ""
