from __future__ import annotations

from typing import Any

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from integrations.sandbox.newrelic_schema import SCHEMA


def test_it_is_a_part_of_the_official_schema(introspection: Any) -> None:
    wrong = []
    for name, ours in build_schema(SCHEMA).type_map.items():
        if name.startswith("__"):
            continue
        official = introspection.type_map.get(name)
        if type(official) is not type(ours):
            wrong.append(name)
            continue
        if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
            wrong += differences(name, ours, official)
        elif isinstance(ours, GraphQLInputObjectType):
            wrong += [
                f"{name}.{key}"
                for key, field in ours.fields.items()
                if str(official.fields[key].type) != str(field.type)
            ]
            wrong += [
                f"{name}.{key} is required"
                for key in official.fields
                if key not in ours.fields and needed(official, key)
            ]
        elif hasattr(ours, "values"):
            wrong += [f"{name}.{value}" for value in ours.values if value not in official.values]
    assert wrong == []


def needed(official: Any, key: str) -> bool:
    return str(official.fields[key].type).endswith("!")


def differences(name: str, ours: Any, official: Any) -> list[str]:
    """What of a type is not as in the official schema: missing fields, other types, other arguments."""
    found = []
    for key, field in ours.fields.items():
        if key not in official.fields:
            found.append(f"{name}.{key} is not there")
            continue
        if str(official.fields[key].type) != str(field.type):
            found.append(f"{name}.{key}: {official.fields[key].type}, not {field.type}")
        arguments = official.fields[key].args
        found += [
            f"{name}.{key}({argument})"
            for argument, value in field.args.items()
            if argument not in arguments or str(arguments[argument].type) != str(value.type)
        ]
    return found
