"""A quicker Great Expectations, with the same results."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from functools import cache
from typing import Any


@cache
def quicken() -> None:
    """Loads Great Expectations; it does not repeat what gives the same each time, or is never read."""
    # One expectation that we do not use needs it; loading it takes a quarter of the time of all the rest.
    _load_when_used("scipy.stats")
    from great_expectations.execution_engine import pandas_execution_engine

    _keep_configurations()
    _plain_ids()
    # A fingerprint of every frame, for batches that are looked up again; ours are looked at once.
    pandas_execution_engine.hash_pandas_dataframe = lambda frame: ""


def _load_when_used(name: str) -> None:
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


def _keep_configurations() -> None:
    """One configuration serves all reads within one look at an expectation's arguments.

    An expectation makes its whole configuration anew for every key that is read of it, about a hundred
    times per validation; under the profiler that was 44 % of the time of a suite.
    """
    from great_expectations.expectations.expectation import Expectation

    make, look = Expectation.configuration.fget, Expectation._get_runtime_kwargs  # type: ignore[attr-defined]
    kept: list[tuple[Any, Any]] = []

    def configuration(self: Any) -> Any:
        return kept[-1][1] if kept and kept[-1][0] is self else make(self)

    def runtime_kwargs(self: Any, runtime_configuration: dict[str, Any] | None = None) -> dict[str, Any]:
        kept.append((self, make(self)))
        try:
            return look(self, runtime_configuration)
        finally:
            kept.pop()

    Expectation.configuration = property(configuration)  # type: ignore[assignment,method-assign]
    Expectation._get_runtime_kwargs = runtime_kwargs  # type: ignore[method-assign]


def _plain_ids() -> None:
    """Arguments of metrics that are plain JSON get their id at once.

    Each was copied value by value into JSON types first, a fifth of the time of a suite.
    """
    from great_expectations.core.id_dict import IDDict

    slowly = IDDict.to_id

    def to_id(self: Any, id_keys: Any = None, id_ignore_keys: Any = None) -> Any:
        if id_keys is None and id_ignore_keys is None and not self._id_ignore_keys and len(self) > 1:
            try:
                text = json.dumps(self, sort_keys=True)
            except TypeError:
                return slowly(self)
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        return slowly(self, id_keys, id_ignore_keys)

    IDDict.to_id = to_id  # type: ignore[method-assign]
