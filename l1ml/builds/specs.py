"""Reading a spec: its trigger decides what it may say."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from l1ml.errors import L1mlError
from l1ml.paths import shared
from l1ml.spec import Section, Spec
from l1ml.triggers import triggers


class _Loader(yaml.SafeLoader):
    """Reads YAML in which no key is there twice: one of the two would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping.

        Raises:
            ConstructorError: If a key is there twice.
        """
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := [key for i, key in enumerate(keys) if key in keys[:i]]:
            raise yaml.constructor.ConstructorError(None, None, f"key {twice[0]!r} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def projects() -> dict[str, Path]:
    """The specs that come with l1ml, by name."""
    return {file.stem: file for file in sorted(shared("hls_projects").glob("*.yaml"))}


def load_spec(name: str | Path, overrides: dict[str, Any] | None = None) -> Spec:
    """Read a spec.

    Args:
        name: Path of a YAML file, or a name in ``hls_projects/``.
        overrides: Values by dotted key, such as ``{"hls.reuse_factor": 8}``.

    Raises:
        L1mlError: If there is no such file, it is not YAML, or a key or a value is not allowed.
    """
    file = projects().get(str(name), Path(name))
    try:
        values = yaml.load(file.read_text(), _Loader)
    except FileNotFoundError:
        known = ", ".join(projects())
        raise L1mlError(f"there is no spec {str(name)!r}: give a path, or one of {known}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise L1mlError(f"{file} cannot be read: {error}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: what looks like a date, but is none
        raise L1mlError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise L1mlError(f"{file} must hold keys and values, such as 'project: jet_tagger'")
    for key, value in (overrides or {}).items():
        _set(values, key, value)
    kind = _kind(file, values)
    sections = {key for key, field in kind.model_fields.items() if isinstance(field.default, Section)}
    values = {key: {} if value is None and key in sections else value for key, value in values.items()}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise L1mlError(f"{file}: {_explain(error, kind)}") from None


def _kind(file: Path, values: dict[str, Any]) -> type[Spec]:
    """The class of specs of the trigger that a spec names."""
    if "trigger" not in values:
        raise L1mlError(f"{file}: key 'trigger' is missing")
    known = triggers()
    trigger = known.get(str(values["trigger"]))
    if trigger is None:
        raise L1mlError(f"{file}: trigger: should be one of {', '.join(known)}, got {values['trigger']!r}")
    return trigger.spec


def parse_overrides(settings: list[str]) -> dict[str, Any]:
    """``["hls.reuse_factor=8"]`` → ``{"hls.reuse_factor": 8}``; values are read as YAML.

    Raises:
        L1mlError: If there is no ``=`` or the value is not YAML.
    """
    found = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise L1mlError(f"--set {setting!r} is not understood; write it like --set hls.reuse_factor=8")
        try:
            found[key.strip()] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError):
            raise L1mlError(f"--set {setting!r}: the value is not YAML") from None
    return found


def _set(values: dict[str, Any], dotted: str, value: Any) -> None:
    *path, last = dotted.split(".")
    for key in path:
        if values.get(key) is None:  # not there, or all of its keys commented out
            values[key] = {}
        values = values[key]
        if not isinstance(values, dict):
            raise L1mlError(f"--set {dotted}: {key!r} has no keys below it")
    values[last] = value


def _explain(error: ValidationError, kind: type[Spec]) -> str:
    """The first fault of a spec in one line."""
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        allowed = _allowed_keys(kind, fault["loc"][:-1])
        near = difflib.get_close_matches(str(fault["loc"][-1]), allowed, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"unknown key {where!r}; {hint}allowed: {', '.join(allowed)}"
    if fault["type"] == "missing":
        return f"key {where!r} is missing"
    if fault["type"] in ("model_type", "dict_type"):
        allowed = _allowed_keys(kind, fault["loc"])
        hint = f"; allowed: {', '.join(allowed)}" if allowed else ""
        return f"{where}: should hold keys and values, got {fault['input']!r}{hint}"
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if fault["type"] == "tuple_type":
        message = "should be a list in brackets"
    # The values of a whole section say no more than its message does.
    return f"{where}: {message}" + ("" if isinstance(fault["input"], dict) else f", got {fault['input']!r}")


def _allowed_keys(kind: type[Spec], location: tuple[int | str, ...]) -> list[str]:
    model: Any = kind
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[str(part)].annotation
        else:  # a key of a dictionary of sections, such as the name of a layer
            model = get_args(model)[1]
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []
