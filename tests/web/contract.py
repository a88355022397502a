"""contract: does an answer fit share/openapi.yaml?  As much of JSON Schema as that document uses."""
import json
import os
import re

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TYPES = {'object': dict, 'array': list, 'string': str, 'integer': int, 'boolean': bool, 'null': type(None)}


class Contract:
    def __init__(self):
        with open(os.path.join(ROOT, 'share/openapi.yaml'), encoding='utf-8') as file:
            self.document = yaml.safe_load(file)

    def named(self, reference):
        node = self.document
        for part in reference.removeprefix('#/').split('/'):
            node = node[part]
        return node

    def wrong(self, value, schema, place=''):
        """What of value does not fit, as sentences."""
        if '$ref' in schema:
            yield from self.wrong(value, self.named(schema['$ref']), place)
        kinds = schema.get('type')
        if kinds:
            kinds = kinds if isinstance(kinds, list) else [kinds]
            if not any(isinstance(value, TYPES[k]) and (k == 'boolean' or not isinstance(value, bool)) for k in kinds):
                yield f'{place}: {json.dumps(value)[:60]} is no {" or ".join(kinds)}'
                return
        if 'enum' in schema and value not in schema['enum']:
            yield f'{place}: {value!r} is none of {schema["enum"]}'
        if isinstance(value, str) and 'pattern' in schema and not re.search(schema['pattern'], value):
            yield f'{place}: {value!r} does not match {schema["pattern"]}'
        if isinstance(value, int) and value < schema.get('minimum', value):
            yield f'{place}: {value} is too small'
        if isinstance(value, list) and 'items' in schema:
            for i, item in enumerate(value):
                yield from self.wrong(item, schema['items'], f'{place}[{i}]')
        if isinstance(value, dict):
            yield from self.members(value, schema, place)

    def members(self, value, schema, place):
        known = schema.get('properties', {})
        for name in schema.get('required', []):
            if name not in value:
                yield f'{place}: {name} is missing'
        for name, item in value.items():
            more = schema.get('additionalProperties', True)
            if name in known:
                yield from self.wrong(item, known[name], f'{place}.{name}')
            elif more is False:
                yield f'{place}: {name} is not in the description'
            elif isinstance(more, dict):
                yield from self.wrong(item, more, f'{place}.{name}')

    def answer(self, path, status=200, kind='application/json'):
        """The schema of an answer to GET."""
        operation = self.document['paths'][path]['get']
        answer = operation['responses'][str(status)]
        if '$ref' in answer:
            answer = self.named(answer['$ref'])
        return answer['content'][kind]['schema']
