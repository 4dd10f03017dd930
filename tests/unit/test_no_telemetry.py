"""Nothing of the project tells another host that it runs: what the configuration gives in the end."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
import yaml

from dagster_project.main_job import prepare_instance
from dagster_project.settings import DBT_DIR, ROOT, Settings
from dagster_project.warehouse.dbt_runner import dbt_environment


@pytest.mark.parametrize("given", ["", "deploy/dagster.yaml"])
def test_dagster_sends_nothing_and_runs_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    from dagster._core.instance.config import dagster_instance_config

    for name in ("DAGSTER_HOME", "FENGCHAO_HOME"):
        monkeypatch.setenv(name, str(tmp_path))  # prepare_instance sets them; undone at the end
    monkeypatch.setenv("FENGCHAO_DAGSTER_YAML", str(ROOT / given) if given else "")
    settings = Settings(home=tmp_path, raw=tmp_path)
    prepare_instance(settings)
    config, _ = dagster_instance_config(str(settings.dagster_home))
    assert config["telemetry"] == {"enabled": False}
    assert config["nux"] == {"enabled": False}
    assert config["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert ("storage" in config) == bool(given)


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.errors import FengchaoError

    monkeypatch.setenv("FENGCHAO_DAGSTER_YAML", str(tmp_path / "none.yaml"))
    with pytest.raises(FengchaoError, match=r"FENGCHAO_DAGSTER_YAML names .*none\.yaml"):
        prepare_instance(Settings(home=tmp_path, raw=tmp_path))


def test_dbt_sends_nothing(tmp_path: Path) -> None:
    flags = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["flags"]
    assert flags["send_anonymous_usage_stats"] is False
    environment = dbt_environment(Settings(home=tmp_path, raw=tmp_path))
    assert environment["DBT_SEND_ANONYMOUS_USAGE_STATS"] == environment["DBT_VERSION_CHECK"] == "false"


def test_a_check_of_great_expectations_asks_no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    from dagster_project.quality import validate
    from dagster_project.quality.suites import suite_for

    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(("example.org", 80))
    asked.clear()
    validate._context.cache_clear()
    frame = pd.DataFrame({"province": ["x"], "label_zh": ["x"], "label_en": ["x"], "region": ["x"]})
    assert validate.validate(frame, suite_for("raw", "province"), "all").n_expectations > 0
    assert asked == []


def test_web_pages_listen_on_loopback_only() -> None:
    """Dagster has no log-in: what is reached from outside goes through the proxy of deploy/nginx."""
    import inspect

    from dagster_project.cli import dev

    assert inspect.signature(dev).parameters["host"].default == "127.0.0.1"
    web = [path.read_text() for path in (ROOT / "deploy" / "systemd").glob("fengchao-web*.service")]
    ports = [re.findall(r"--host 127\.0\.0\.1 --port (\d+)", text) for text in web]
    assert sorted(ports) == [["3000"], ["3001"]]
    assert [("--read-only" in text) for text in sorted(web, key=lambda text: "3001" in text)] == [False, True]
    proxied = (ROOT / "deploy" / "nginx" / "fengchao.conf").read_text()
    locations = re.findall(r"location [^{]+\{(.*?)\}", proxied, re.DOTALL)
    assert len(locations) == 3
    assert all("auth_basic_user_file" in location for location in locations)
