"""JSON against the schemas of an OpenAPI document: as much of JSON Schema 2020-12 as share/openapi.yaml uses."""
import re

TYPES = {'object': dict, 'array': list, 'string': str, 'boolean': bool, 'integer': int, 'null': type(None)}
KNOWN = {'type', 'enum', 'const', 'pattern', 'minimum', 'maximum', 'maxLength', 'items', 'properties', 'required',
         'additionalProperties', '$ref', 'description', 'default'}


def resolve(document, schema):
    while '$ref' in schema:
        place = document
        for word in schema['$ref'][2:].split('/'):
            place = place[word]
        schema = place
    return schema


def is_of(value, names):
    names = [names] if isinstance(names, str) else names
    return any(isinstance(value, TYPES[n]) and not (n == 'integer' and isinstance(value, bool)) for n in names)


def check(document, schema, value, at='$'):
    """Complaints, each with its place."""
    schema = resolve(document, schema)
    unknown = set(schema) - KNOWN
    assert not unknown, f'{at}: this checker does not know {unknown}'
    if 'type' in schema and not is_of(value, schema['type']):
        yield f'{at}: {type(value).__name__} is not {schema["type"]}'
        return
    if 'enum' in schema and value not in schema['enum']:
        yield f'{at}: {value!r} is none of {schema["enum"]}'
    if 'const' in schema and value != schema['const']:
        yield f'{at}: {value!r} is not {schema["const"]!r}'
    if isinstance(value, str):
        if 'pattern' in schema and not re.search(schema['pattern'], value):
            yield f'{at}: {value!r} does not match {schema["pattern"]}'
        if len(value) > schema.get('maxLength', 10 ** 9):
            yield f'{at}: too long'
    if isinstance(value, int) and not isinstance(value, bool):
        if not schema.get('minimum', value) <= value <= schema.get('maximum', value):
            yield f'{at}: {value} is out of range'
    if isinstance(value, list) and 'items' in schema:
        for i, item in enumerate(value):
            yield from check(document, schema['items'], item, f'{at}[{i}]')
    if isinstance(value, dict):
        yield from check_object(document, schema, value, at)


def check_object(document, schema, value, at):
    properties, more = schema.get('properties', {}), schema.get('additionalProperties', True)
    for key in schema.get('required', []):
        if key not in value:
            yield f'{at}: no {key}'
    for key, item in value.items():
        if key in properties:
            yield from check(document, properties[key], item, f'{at}.{key}')
        elif more is False:
            yield f'{at}: {key} is not described'
        elif isinstance(more, dict):
            yield from check(document, more, item, f'{at}.{key}')
