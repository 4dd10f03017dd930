"""`dbt build` of given nodes, again and again in one process.

The command line reads its flags, the profile and the project anew for every command, searches the
project three times for what is selected and makes a message of every event; for a step of two views
that is most of the time. Here all of this is made once per home, the nodes are given by name, and
nobody listens to events: what a node did is in its result.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import networkx
from dbt.adapters.factory import adapter_management, get_adapter, register_adapter
from dbt.cli.flags import Flags
from dbt.cli.types import Command
from dbt.compilation import Compiler
from dbt.config import RuntimeConfig
from dbt.config.runtime import load_profile, load_project
from dbt.context.providers import generate_runtime_macro_context
from dbt.context.query_header import generate_query_header_context
from dbt.contracts.graph.nodes import ParsedNode
from dbt.flags import set_flags
from dbt.graph.graph import UniqueId
from dbt.graph.queue import GraphQueue
from dbt.mp_context import get_mp_context
from dbt.task.build import BuildTask
from dbt.tracking import do_not_track
from dbt_common.context import set_invocation_context
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager

from dagster_project.settings import DBT_DIR, Settings
from dagster_project.warehouse.dbt_speed import keep_templates
from dagster_project.warehouse.manifest import parsed_manifest


class _Nodes(BuildTask):
    """A build of `chosen`, in the order of `graph`."""

    def __init__(self, config: RuntimeConfig, manifest: Any, graph: Any, chosen: frozenset[str]) -> None:
        super().__init__(config.args, config, manifest)
        self._chosen, self.graph = chosen, graph

    def compile_manifest(self) -> None:
        """The graph is given."""

    def get_graph_queue(self) -> GraphQueue:
        self.selected_unit_tests: set[str] = set()
        self.build_model_to_unit_test_map(self.selected_unit_tests)
        assert self.manifest is not None
        # The queue takes its graph apart.
        graph = _subset(self.graph, self._chosen).copy()
        return GraphQueue(graph, self.manifest, {UniqueId(key) for key in self._chosen})


class _Unheard(EventManager):
    def fire_event(self, *args: Any, **kwargs: Any) -> None:
        """Making the messages of events nobody reads took a seventh of a build."""


@contextmanager
def _events_unheard() -> Iterator[None]:
    before = get_event_manager()
    ctx_set_event_manager(_Unheard())
    try:
        yield
    finally:
        ctx_set_event_manager(before)


@contextmanager
def _nothing_written() -> Iterator[None]:
    """The SQL of each node, as compiled and as run, goes to no file: two writes per node and run."""
    write = ParsedNode.write_node
    ParsedNode.write_node = lambda *_: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        ParsedNode.write_node = write  # type: ignore[method-assign]


@cache
def _project(settings: Settings) -> tuple[RuntimeConfig, Any, Any]:
    """The project's configuration, manifest and graph."""
    keep_templates()
    do_not_track()
    manifest = parsed_manifest(settings)
    flags = Flags.from_dict(Command.BUILD, {"use_colors": False, "write_json": False, "log_level": "none"})
    set_flags(flags)
    profile = load_profile(str(DBT_DIR), {})
    config = RuntimeConfig.from_parts(load_project(str(DBT_DIR), False, profile), profile, flags)
    return config, manifest, Compiler(config).compile(manifest, write=False, add_test_edges=True)


@cache
def _subset(graph: Any, chosen: frozenset[str]) -> networkx.DiGraph:
    return graph.get_subset_graph(chosen).graph


def build(settings: Settings, names: Collection[str]) -> list[Any]:
    """Build the nodes of these names; dbt's results, in the order in which the nodes ended.

    `dbt_environment` stands in the process's environment. Raises what dbt raises when it cannot run at
    all; a failed node is a result.
    """
    set_invocation_context(os.environ)
    with _events_unheard(), _nothing_written(), adapter_management():
        config, manifest, graph = _project(settings)
        chosen = frozenset(node.unique_id for node in manifest.nodes.values() if node.name in names)
        set_flags(config.args)
        register_adapter(config, get_mp_context())
        adapter = get_adapter(config)
        adapter.set_macro_context_generator(generate_runtime_macro_context)
        adapter.set_macro_resolver(manifest)
        adapter.connections.set_query_header(generate_query_header_context(config, manifest))
        return list(_Nodes(config, manifest, graph, chosen).run().results)
