"""Who sees what: roles of the configuration, at the commands that show records."""
import json

from lib import cretula, equal, main, write

LINES = b''.join(
    b'203.0.113.%d - erika [24/Nov/2025:10:11:%02d +0000] "GET /index.html HTTP/1.1" %d 512 "-" "curl/8.5.0"\n'
    % (i, i, 200 + i * 100 % 400) for i in range(20))
ROLES = """
roles:
  support: { tier: developer, fields: [status, path, method], streams: [shop] }
  reviser: { tier: auditor, fields: [event, status] }
  analyst: { tier: analyst, k: 12 }
  other: { tier: developer, streams: [elsewhere] }
"""
SHOP = ['--store', 'store', '--stream', 'shop']


def ready():
    write('log', LINES)
    write('roles.yaml', ROLES.encode())
    cretula('import', *SHOP, '--format', 'combined', 'log', code=0)


def shown(command, role, *options):
    return cretula(command, *SHOP, '--config', 'roles.yaml', '--role', role, *options, code=0).out.decode()


def test_a_role_shows_its_fields_only():
    """In every form, of both commands; a filter on another field is refused, and so is a stream of others."""
    ready()
    for command in ('view', 'tail'):
        lines = [json.loads(line) for line in shown(command, 'support', '--as', 'json').splitlines()]
        equal({key for line in lines for key in line}, {'time', 'method', 'path', 'status'}, command)
        lines = [json.loads(line) for line in shown(command, 'reviser', '--as', 'json').splitlines()]
        equal({key for line in lines for key in line}, {'time', 'event', 'status'}, command)
        for form in ('json', 'text', 'combined', 'ecs', 'otel') + (('csv',) if command == 'view' else ()):
            text = shown(command, 'support', '--as', form)
            assert 'index.html' in text, (command, form)
            assert 'ip.' not in text and 'us.' not in text and 'curl' not in text, (command, form, text)
        equal(len(shown(command, 'support', '--as', 'json', '--where', 'status >= 500').splitlines()), 5)
        for where in ('user == us.abc', 'status == 200 || client ^= ip.a', '!(agent == curl)'):
            run = cretula(command, *SHOP, '--config', 'roles.yaml', '--role', 'support', '--where', where, code=2)
            assert 'role support does not see' in run.err, run.err
        for role in ('analyst', 'public', 'auditor', 'other', 'nobody'):
            run = cretula(command, *SHOP, '--config', 'roles.yaml', '--role', role, code=2)
            equal(run.out, b'')


def test_a_role_without_a_configuration_is_its_tier():
    """Custom roles are unknown, the tiers are not; a bad configuration is told, not passed over."""
    ready()
    equal(len(cretula('view', *SHOP, '--role', 'developer', code=0).out.splitlines()), 20)
    for role in ('support', 'analyst', 'public', 'auditor'):
        equal(cretula('view', *SHOP, '--role', role, code=2).out, b'')
    write('bad.yaml', b'roles: { support: { tier: analyst, k: 3 } }\n')
    run = cretula('view', *SHOP, '--role', 'support', '--config', 'bad.yaml', code=78)
    assert 'k must be a whole number from 10 to 20' in run.err and '^' in run.err, run.err


main()
