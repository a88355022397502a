"""share/presets: what is shipped for each server reads as what it should be.  test_capture and its kind run the servers."""
import json
import os
import re

import yaml

import schema
from lib import SOURCE, cretula, equal, main, read, write
from presets import PRESETS, preset

SERVERS = sorted(os.listdir(PRESETS))


def files(server):
    return [name for name in os.listdir(os.path.join(PRESETS, server)) if name != 'cretula.yaml']


def test_each_has_a_good_stream():
    """Alone, and all of them in one file."""
    together = 'store: store\nstreams:\n'
    for server in SERVERS:
        text = preset(server, 'cretula.yaml', {})
        run = cretula('check', '--config', os.path.join(PRESETS, server, 'cretula.yaml'), code=0)
        equal(run.err, '', server)
        assert '\nstreams:\n' in text, server
        together += text.split('\nstreams:\n')[1]
    write('c.yaml', together.encode())
    cretula('check', '--config', 'c.yaml', code=0)


def test_each_server_is_told_where_its_stream_reads():
    for server in SERVERS:
        place = yaml.safe_load(preset(server, 'cretula.yaml', {}))['streams']
        said = ''.join(preset(server, name, {}) for name in files(server))
        assert said.startswith('#'), server  # says where it goes
        for name, stream in place.items():
            for where in stream.get('input', {}).values():
                words = [where, os.path.basename(where), os.path.dirname(where) if server == 'postgresql' else where,
                         '--audit-log-path' if name == 'k8s-audit-file' else where, where.split(':')[-1], f'cretula.yaml {name}']
                assert any(word in said for word in words), (server, where)


def test_sockets_have_units():
    """What a preset tells to enable is in packaging/systemd."""
    units = os.listdir(os.path.join(SOURCE, 'packaging', 'systemd'))
    for server in SERVERS:
        for name in [*files(server), 'cretula.yaml']:
            for unit in re.findall(r'(cretula-[a-z]+@)[a-z-]+(\.socket|\.service)', preset(server, name, {})):
                assert ''.join(unit) in units, (server, unit)


def test_the_sidecar_finds_its_places():
    """The configuration in it is good; store and keys are directories in volumes of their own, which no mount point can be."""
    config, pod = yaml.safe_load_all(preset('kubernetes', 'sidecar.yaml', {}))
    write('c.yaml', config['data']['cretula.yaml'].encode())
    equal(cretula('check', '--config', 'c.yaml', code=0).err, '')
    config = yaml.safe_load(config['data']['cretula.yaml'])
    mounts = {m['mountPath']: m['name'] for m in pod['spec']['initContainers'][0]['volumeMounts']}
    equal([mounts[os.path.dirname(config[name])] for name in ('store', 'keys')], ['store', 'keys'])
    socket = config['streams']['k8s-nginx']['input']['unix']
    equal(mounts[os.path.dirname(socket)], 'sockets')
    equal(pod['spec']['initContainers'][0]['startupProbe']['exec']['command'][-1], socket)
    equal({c['securityContext']['runAsGroup'] for kind in ('containers', 'initContainers') for c in pod['spec'][kind]}, {101})
    equal({m['name'] for m in pod['spec']['containers'][0]['volumeMounts']}, {'sockets'})


def test_manifests_are_of_their_schema():
    """Each object of the Kubernetes presets; a field that the API does not have is refused."""
    with open(os.path.join(SOURCE, 'tests', 'e2e', 'kubernetes.schema.json'), encoding='utf-8') as file:
        document = json.load(file)
    objects = [made for name in sorted(files('kubernetes')) for made in yaml.safe_load_all(preset('kubernetes', name, {}))]
    equal([made['kind'] for made in objects], ['Policy', 'Config', 'ConfigMap', 'Pod'])
    for made in objects:
        equal(list(schema.check(document, document['kinds'][made['kind']], made)), [], made['kind'])
    pod = objects[-1]
    names = {volume['name'] for volume in pod['spec']['volumes']}
    for container in pod['spec']['initContainers'] + pod['spec']['containers']:
        equal({mount['name'] for mount in container['volumeMounts']} - names, set(), 'a mount without a volume')
    for place, field, value in ((pod['spec'], 'hostNetwork', True), (pod['spec']['containers'][0], 'imagePullPolicies', 'Always'),
                                (pod['spec']['containers'][0]['securityContext'], 'runAsUser', 0)):
        place[field] = value
        assert list(schema.check(document, document['kinds']['Pod'], pod)), (field, 'went unseen')
        del place[field]


def test_yaml_is_yaml():
    """Of what no test can start here."""
    for server, names in {'traefik': ['traefik.yml'], 'envoy': ['envoy.yaml'], 'docker': ['compose.yaml'],
                          'kubernetes': ['audit-policy.yaml', 'audit-webhook.yaml', 'sidecar.yaml']}.items():
        for name in names:
            assert list(yaml.safe_load_all(preset(server, name, {}))), (server, name)
    fields = yaml.safe_load(preset('envoy', 'envoy.yaml', {}))['access_log'][0]['typed_config']['log_format']['json_format']
    topic = cretula('help', 'formats', code=0).text
    for name in fields:  # are those that its format knows
        assert f'"{name}"' in topic, name


main()
