"""What `mask:` does with a class, from the configuration to the store and back."""
import json
import os

from lib import combined, cretula, equal, main, make_log, read, records, unpacked, write
from mmdb import mmdb

LOG = (combined(1, user='carol', target='/a?email=erika%40example.org') +
       combined(2, user='hunter2', status=401) + combined(3, client='2001:db8::7')).encode()


def pair(name='secret'):
    """A new pair; the line of the configuration."""
    return cretula('key', 'pair', '--out', name, '--json', code=0).json['public']


def config(public, mask):
    write('c.yaml', f'seal_key: {public}\nstreams: {{s: {{mask: {{{mask}}}}}}}\n'.encode())


def test_sealed_values_come_back_with_the_secret():
    config(pair(), 'ip.peer: seal, user.auth: seal, email: seal')
    cretula('import', '--store', 'store', '--config', 'c.yaml', '--stream', 's', '--format', 'apache-combined', '-',
            stdin=LOG, code=0)
    cretula('verify', '--store', 'store', code=0)
    for path, data in unpacked('store', 'store.keys').items():
        for raw in (b'203.0.113.7', b'carol', b'hunter2', b'erika'):
            assert raw not in data, path
    sealed = cretula('view', '--store', 'store', '--stream', 's', code=0)
    for record in sealed.lines:
        assert record['client'].startswith('sealed:') and b'203.0.113.7' not in sealed.out, record
    opened = cretula('key', 'open', '--secret', 'secret', stdin=sealed.out, code=0).lines
    equal([r['client'] for r in opened], ['203.0.113.7', '203.0.113.7', '2001:db8::7'])
    equal(opened[0]['user'], 'carol')
    equal(opened[0]['query'], 'email=erika@example.org')
    assert opened[1]['user'].startswith('uc.'), 'a mistyped password is not sealed'


def test_another_secret_opens_nothing():
    config(pair(), 'ip.peer: seal')
    pair('other')
    masked = cretula('mask', '--config', 'c.yaml', '--format', 'auto', stdin=LOG, code=0).out
    run = cretula('key', 'open', '--secret', 'other', stdin=masked, code=3)
    equal(run.out, masked)
    assert '3 were sealed to another key' in run.err, run.err


def test_open_takes_what_it_gets():
    """Long lines, no end of line, texts that only begin so: all but what opens goes through."""
    config(pair(), 'ip.peer: seal')
    masked = cretula('mask', '--config', 'c.yaml', '--format', 'auto', stdin=make_log(3000), code=0).out
    opened = cretula('key', 'open', '--secret', 'secret', stdin=masked, code=0)
    assert len(masked) > 1 << 20 and len(opened.lines) == 3000 and b'sealed:' not in opened.out
    one_line = masked.replace(b'\n', b' ')
    equal(cretula('key', 'open', '--secret', 'secret', stdin=one_line, code=0).out, opened.out.replace(b'\n', b' '))
    odd = b'sealed: sealed:xyz "sealed:' + b'A' * 5000 + b'" sealed:'
    equal(cretula('key', 'open', '--secret', 'secret', stdin=odd, code=0).out, odd)
    equal(cretula('key', 'open', '--secret', 'secret', stdin=b'', code=0).out, b'')


def test_rescrub_leaves_what_is_sealed():
    config(pair(), 'ip.peer: seal')
    args = ('--config', 'c.yaml', '--stream', 's')
    cretula('import', '--store', 'store', *args, '--format', 'auto', '-', stdin=LOG, code=0)
    run = cretula('subject', 'rescrub', '--store', 'store', '--stream', 's', '--reason', 'test', '--dry-run')
    assert run.code in (0, 3) and b'sealed' not in run.out, (run.code, run.out, run.err)


def test_fields_go_and_the_store_verifies():
    write('c.yaml', b'streams: {s: {fields: {status: drop, referer: drop, agent: drop, user: redact, path: redact}}}')
    cretula('import', '--store', 'store', '--config', 'c.yaml', '--stream', 's', '--format', 'auto', '-',
            stdin=make_log(500), code=0)
    cretula('verify', '--store', 'store', code=0)
    found = records('store')
    equal(len(found), 500)
    for record in found:
        assert not {'status', 'referer', 'agent'} & set(record) and record['path'] == '[path]', record
    equal({r.get('user') for r in found}, {None, '[user.auth]'})
    assert any('os' in r for r in found)
    explained = cretula('check', '--explain', code=0).text
    assert 'streams.NAME.fields.FIELD' in explained and '  user redact' in explained, explained


def test_country_and_asn_are_looked_up_before_masking():
    write('both.mmdb', mmdb({'203.0.113.0/24': ('DE', 64496), '2001:db8::/32': ('FR', 64497), '198.51.100.0/24': ('xx', 1)}))
    os.makedirs('etc')
    write('etc/c.yaml', b'geo: {country: ../both.mmdb, asn: ../both.mmdb}')
    cretula('import', '--store', 'store', '--config', 'etc/c.yaml', '--stream', 's', '--format', 'auto', '-', stdin=LOG +
            combined(4, client='198.51.100.7').encode(), code=0)
    cretula('verify', '--store', 'store', code=0)
    equal([(r.get('country'), r.get('asn')) for r in records('store')],
          [('DE', 64496), ('DE', 64496), ('FR', 64497), (None, 1)])
    piped = cretula('pipe', 't', '--store', 'store', '--config', 'etc/c.yaml', '--format', 'apache-combined', stdin=LOG)
    equal((piped.code, [r['country'] for r in records('store', 't')]), (0, ['DE', 'DE', 'FR']), piped.err)


def test_a_bad_database_is_refused_before_anything_is_made():
    good = mmdb({'203.0.113.0/24': ('DE', 64496)})
    for data in (b'', b'no database', good[:len(good) // 2], b'\xff' * 6 + good[6:]):
        write('x.mmdb', data)
        write('c.yaml', b'geo: {asn: x.mmdb}')
        for command in (('import', '--stream', 's', '-'), ('pipe', 's')):
            run = cretula(*command, '--store', 'store', '--config', 'c.yaml', '--format', 'apache-combined', stdin=LOG, code=78)
            assert 'geo: ' in run.err and not os.path.exists('store') and not os.path.exists('store.keys'), run.err


def test_a_trusted_proxy_is_no_oracle():
    """What a client writes into a header never gives the token that somebody's own requests have, whoever hands it on."""
    write('p.yaml', b'streams: {s: {trusted_proxies: [10.0.0.0/8]}}')
    rows = (  # claim, headers, does the victim's own token stand there
        ('our proxy says who asked', {'x-forwarded-for': '198.51.100.22'}, True),
        ('the victim is what the client said', {'x-forwarded-for': '198.51.100.22, 203.0.113.7'}, False),
        ('... behind two of ours', {'x-forwarded-for': '198.51.100.22, 203.0.113.7, 10.1.1.1'}, False),
        ('... behind what is no address', {'x-forwarded-for': '198.51.100.22, unknown, 10.1.1.1'}, False),
        ('two headers, one of them the client wrote', {'forwarded': 'for=198.51.100.22', 'x-forwarded-for': '203.0.113.7'}, False),
        ('... the other one', {'x-forwarded-for': '198.51.100.22', 'forwarded': 'for=203.0.113.7'}, False),
        ('a header that our proxy does not know', {'cf-connecting-ip': '198.51.100.22'}, False),
        ('... nor that', {'x-real-ip': '198.51.100.22'}, False),
    )
    lines = [{'@timestamp': '2025-11-24T10:11:12Z', 'client.ip': '10.0.0.1', 'url.path': '/', 'headers': headers}
             for _, headers, _ in rows]
    lines.append({'@timestamp': '2025-11-24T10:11:12Z', 'client.ip': '198.51.100.22', 'url.path': '/'})
    run = cretula('mask', '--config', 'p.yaml', '--format', 'json-lines', code=0,
                  stdin=''.join(json.dumps(line) + '\n' for line in lines).encode())
    *got, victim = run.lines
    for (claim, _, stands), record in zip(rows, got):
        equal(victim['client'] in json.dumps(record), stands, claim)
        assert victim['client'][3:] not in json.dumps(record) or stands, claim


def test_what_is_refused():
    public = pair()
    for text, claim in ((f'seal_key: {public}\nstreams: {{s: {{mask: {{credential: seal}}}}}}', 'is not allowed'),
                        (f'seal_key: {public}\nstreams: {{s: {{mask: {{session: seal}}}}}}', 'is not allowed'),
                        ('streams: {s: {mask: {ip.peer: seal}}}', 'there is no seal_key'),
                        (f'seal_key: {public[:-3]}x==', 'seal_key must be a public key')):
        write('c.yaml', text.encode())
        run = cretula('check', '--config', 'c.yaml', code=78)
        assert claim in run.err, run.err
    run = cretula('key', 'pair', '--out', 'secret', code=78)
    assert 'exists already' in run.err, run.err
    cretula('key', 'pair', code=2)
    cretula('key', 'open', code=2)
    cretula('key', 'create', '--keys', 'keys', code=0)
    run = cretula('key', 'pair', '--out', 'keys/secret', code=78)
    assert 'kept apart' in run.err, run.err
    write('none', b'cretula seal v1\n')
    cretula('key', 'open', '--secret', 'none', code=78)
    assert read('secret').startswith(b'cretula seal v1\n')


main()
