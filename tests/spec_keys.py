"""The keys that a spec may have, with their defaults and limits in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from l1ml.spec import FixedPrecision, Precision, Section
from l1ml.triggers import triggers

PRECISIONS: dict[Any, str] = {Precision: "`auto` or a precision", FixedPrecision: "precision"}


def spec_keys(section: type[Section], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Key, default and allowed values of everything that a spec may say."""
    for name, field in section.model_fields.items():
        key = f"{prefix}{name}"
        if isinstance(field.default, Section):
            yield from spec_keys(type(field.default), f"{key}.")
        elif inner := section_in(field.annotation):
            yield from spec_keys(inner, f"{key}.LAYER.")
        else:
            yield key, default_of(field), allowed(field.annotation, field.metadata)


def section_in(annotation: Any) -> type[Section] | None:
    """The sections that a dictionary holds, if it holds any."""
    inner = get_args(annotation)[1] if get_origin(annotation) is dict else None
    return inner if isinstance(inner, type) and issubclass(inner, Section) else None


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default in (None, ""):
        return "–"
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{value}`"


def allowed(annotation: Any, metadata: list[Any]) -> str:
    """What a type and its limits allow."""
    bare = [a for a in get_args(annotation) if a is not type(None)] if type(None) in get_args(annotation) else []
    if bare:  # X | None
        return allowed(bare[0], metadata)
    if hasattr(annotation, "__metadata__"):  # Annotated[X, ...]
        if annotation in PRECISIONS:
            return PRECISIONS[annotation]
        return allowed(annotation.__origin__, [*metadata, *annotation.__metadata__])
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) is dict:
        return f"names with {allowed(get_args(annotation)[1], [])}"
    if get_origin(annotation) is tuple:
        return f"list of {allowed(get_args(annotation)[0], [])}"
    limits = [limit for entry in metadata for limit in limits_of(entry)]
    kinds = {int: "integer", float: "number", str: "text", Path: "path"}
    for precision, text in PRECISIONS.items():
        if annotation is str and any(entry in precision.__metadata__ for entry in metadata):
            return text
    return " ".join([kinds[annotation], ", ".join(limits)]).strip()


def limits_of(entry: Any) -> list[str]:
    if isinstance(entry, FieldInfo):
        return [limit for inner in entry.metadata for limit in limits_of(inner)]
    signs = ((annotated_types.Ge, "ge", "≥"), (annotated_types.Gt, "gt", ">"), (annotated_types.Le, "le", "≤"))
    for kind, name, sign in (*signs, (annotated_types.Lt, "lt", "<")):
        if isinstance(entry, kind):
            return [f"{sign} {getattr(entry, name)}"]
    return []


def keys_of_each() -> dict[str, list[tuple[str, str, str]]]:
    """What the specs of all triggers share, under ``common``, and what each has of its own."""
    keys = {name: list(spec_keys(trigger.spec)) for name, trigger in triggers().items()}
    common = [row for row in next(iter(keys.values())) if all(row in rows for rows in keys.values())]
    return {"common": common, **{name: [r for r in rows if r not in common] for name, rows in keys.items()}}
