"""What the interface offers, read from its own OpenAPI document: for the page about it and the check of queries."""

from functools import cache
from typing import Any, NamedTuple

from django.urls import ResolverMatch

from reports.api.api import api


class Parameter(NamedTuple):
    name: str
    place: str
    required: bool
    description: str
    example: str
    choices: tuple[str, ...]


class Operation(NamedTuple):
    id: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    needs_token: bool
    answers: tuple[str, ...]

    @property
    def example(self) -> str:
        """An address that works, where all that is required has an example."""
        needed = [p for p in self.parameters if p.required and p.place == "query"]
        query = "&".join(f"{p.name}={p.example}" for p in needed)
        return f"{self.path}?{query}" if query else self.path


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation in the order of the document."""
    paths = api.get_openapi_schema()["paths"]
    return tuple(_operation(path, methods["get"]) for path, methods in paths.items())


def known_parameters(match: ResolverMatch) -> frozenset[str] | None:
    """The names that an operation reads from the query; None for what is no operation."""
    for operation in operations():
        if operation.id == match.url_name:
            return frozenset(p.name for p in operation.parameters if p.place == "query")
    return None


def _operation(path: str, found: dict[str, Any]) -> Operation:
    return Operation(
        id=found["operationId"],
        path=path,
        summary=found["summary"],
        parameters=tuple(_parameter(row) for row in found.get("parameters", ())),
        needs_token=bool(found.get("security")),
        answers=tuple(str(status) for status in found["responses"]),
    )


def _parameter(row: dict[str, Any]) -> Parameter:
    schema = row["schema"]
    kinds = [schema, *schema.get("anyOf", ())]
    choices = next((kind["enum"] for kind in kinds if "enum" in kind), ())
    example = row.get("example", schema.get("example", schema.get("default")))
    return Parameter(
        name=row["name"],
        place=row["in"],
        required=row.get("required", False),
        description=row.get("description") or schema.get("description", ""),
        example="" if example is None else str(example),
        choices=tuple(map(str, choices)),
    )
