"""Real servers under hostile requests: what nginx and Apache say they served is what we count and read."""
import collections
import json
import os
import shutil

from hostile import CANARY, Server, basic, free_port, hostile, request, send
from lib import Skip, cretula, equal, main, read, wait_for, write

NGINX = shutil.which('nginx') or '/usr/sbin/nginx'
APACHE = shutil.which('apache2') or '/usr/sbin/apache2'
MODULES = '/usr/lib/apache2/modules'


def all_logged(oracle, answers):
    """Who answered writes its line a little later; what is no HTTP has no status, or another one."""
    served = collections.Counter(want['status'] for want in oracle)
    return all(served[status] >= count for status, count in answers.items() if status not in (0, 400, 408))


# ---- what must hold for every format ----

AGENTS = b'streams: {s: {mask: {agent: {full: token}}}}\n'


def agrees(log, records, oracle):
    """One token for one User-Agent, and another for each other: none is cut or mixed with its neighbours."""
    seen, tokens = {}, set()
    for record, want in zip(records, oracle):
        token = record.get('agent_full')
        if want['agent'] in ('', '-'):
            equal(token, None, f'{log}: {record}')
            continue
        assert token, f'{log}: {record} {want}'
        equal(seen.setdefault(want['agent'], token), token, f'{log}: {want}')
        tokens.add(token)
    equal(len(tokens), len(seen), f'{log}: User-Agents')
    assert len(seen) > 25, seen


def fits(log, format_string, oracle, has):
    """Every line is read, in full; statuses, sizes and methods are the oracle's, line by line."""
    text = read(log)
    count = text.count(b'\n')
    equal(count, len(oracle), f'{log}: lines')
    write('agents.yaml', AGENTS)
    run = cretula('mask', '--config', 'agents.yaml', '--format-string', format_string, stdin=text, code=0)
    records = run.lines
    equal(len(records), count, f'{log}: records')
    for line, record, want in zip(text.splitlines(), records, oracle):
        where = f'{log}: {line[:300]!r}: {record}'
        assert record.get('state') is None, where
        for name in has:
            # The server names no method of what it refused at once; odd methods are not written.
            if name == 'method' and (want[name] is None or record.get('method') in (None, '[unknown]')):
                assert 'method' in record or 'request_garbage' in record.get('flags', []) or want[name] is None, where
                continue
            equal(record.get(name), want[name], f'{where}: {name}')
    assert CANARY.encode() not in run.out, log
    return records


NGINX_FORMATS = {
    'main': """'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
        '"$http_user_agent" "$http_x_forwarded_for" $request_time $upstream_response_time'""",
    'bare': "'$status $body_bytes_sent $remote_addr $remote_user $msec'",
    'headers': """'$msec|$status|$body_bytes_sent|"$http_x_foo"|"$http_cookie"|"$http_authorization"|"$uri"|"$args"'""",
    'times': """'$time_iso8601 $status "$request_uri" "$http_user_agent" $body_bytes_sent $request_length $connection $pipe '
        '$request_id $server_protocol $scheme $host $hostname $connection_requests $bytes_sent'""",
    'json': """escape=json '{"time":"$time_iso8601","status":$status,"size":$body_bytes_sent,"agent":"$http_user_agent",'
        '"referer":"$http_referer","request":"$request","user":"$remote_user","foo":"$http_x_foo","ip":"$remote_addr"}'""",
    'upstream': """'$time_local "$request" $status $body_bytes_sent [$upstream_addr] [$upstream_status] '
        '[$upstream_response_time] "$sent_http_content_type" $upstream_cache_status'""",
}


def nginx_config(folder, port, away):
    formats = ''.join(f'log_format {name} {text};\n' for name, text in NGINX_FORMATS.items())
    logs = ''.join(f'access_log {folder}/{name}.log {name};\n' for name in NGINX_FORMATS)
    return f'''daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log crit;
events {{}}
http {{ client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
{formats}
log_format oracle escape=json '{{"status":"$status","bytes":$body_bytes_sent,"method":"$request_method",'
'"agent":"$http_user_agent"}}';
{logs} access_log {folder}/oracle.log oracle;
upstream gone {{ server 127.0.0.1:{away}; server 127.0.0.1:{away} backup; }}
server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello $status\\n"; }}
  location /a {{ proxy_pass http://gone; }} }} }}
'''.encode()


def nginx_oracle(path):
    out = []
    for line in read(path).decode('utf-8', 'surrogateescape').split('\n')[:-1]:
        said = json.loads(line)
        out.append({'status': int(said['status']), 'bytes': said['bytes'], 'method': said['method'] or None,
                    'agent': said['agent']})
    return out


def test_nginx():
    if not os.path.exists(NGINX):
        raise Skip('no nginx: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    write('nginx.conf', nginx_config(folder, port, free_port()))
    wires = hostile()
    with Server([NGINX, '-p', folder, '-c', f'{folder}/nginx.conf'], port):
        answers = collections.Counter(send(port, wire) for wire in wires)
        wait_for(lambda: all_logged(nginx_oracle('oracle.log'), answers), seen=lambda: answers)
    oracle = nginx_oracle('oracle.log')
    served = collections.Counter(want['status'] for want in oracle)
    for status, count in answers.items():
        if status not in (0, 400):  # of what is no HTTP the answer has no status line
            equal(served[status], count, f'answers with {status}')
    for name, text in NGINX_FORMATS.items():
        has = ['status', 'bytes'] + (['method'] if name in ('main', 'json', 'upstream') else [])
        records = fits(f'{name}.log', f'log_format {name} {text};', oracle, has)
        if 'http_user_agent' in text:
            agrees(name, records, oracle)


APACHE_FORMATS = {
    'own': r'%v:%p %h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D %X',
    'bare': r'%>s %B %a %u %{%Y-%m-%dT%H:%M:%S}t.%{usec_frac}t%{%z}t',
    'parts': r'%{msec}t %>s %B \"%m\" \"%U\" \"%q\" \"%H\" \"%{X-Foo}i\" %!200,304{Referer}i \"%{a}C\" %k %f',
    'target': r'%t %>s %B \"%m %U%q %H\" \"%{Content-Type}o\" %I %O %S %T %{ms}T %P',
}


def apache_config(folder, port):
    load = ''.join(f'LoadModule {name}_module {MODULES}/mod_{name}.so\n' for name in
                   ['mpm_event', 'authz_core', 'logio', 'dir', 'mime', 'unixd', 'headers', 'auth_basic', 'authn_core',
                    'authn_file', 'authz_user', 'authn_anon'] if os.path.exists(f'{MODULES}/mod_{name}.so'))
    logs = ''.join(f'LogFormat "{text}" {name}\nCustomLog {folder}/{name}.log {name}\n'
                   for name, text in APACHE_FORMATS.items())
    return f'''ServerRoot {folder}
ServerName www.example.com
Listen 127.0.0.1:{port}
PidFile {folder}/pid
DefaultRuntimeDir {folder}
{load}User nobody
Group nogroup
ErrorLog {folder}/error.log
LogLevel crit
TypesConfig /dev/null
DocumentRoot {folder}/root
{logs}CustomLog {folder}/oracle.log "%>s %B %m %{{User-Agent}}i"
<Directory {folder}/root>
Require all granted
</Directory>
<Location /secret>
AuthType Basic
AuthName x
AuthBasicProvider anon
Anonymous *
Anonymous_MustGiveEmail Off
Anonymous_VerifyEmail Off
Require valid-user
</Location>
'''.encode()


def apache_oracle(path):
    out = []
    for line in read(path).decode('utf-8', 'surrogateescape').split('\n')[:-1]:
        status, size, method, agent = line.split(' ', 3)
        out.append({'status': int(status), 'bytes': int(size), 'method': method if method != '-' else None, 'agent': agent})
    return out


def test_apache():
    if not os.path.exists(APACHE) or not os.path.isdir(MODULES):
        raise Skip('no apache2-bin: ./setup installs it')
    folder, port = os.getcwd(), free_port()
    os.mkdir('root')
    for name in ('', 'root'):
        os.chmod(os.path.join(folder, name), 0o777)
    write('root/index.html', b'hello\n')
    write('apache.conf', apache_config(folder, port))
    wires = hostile() + [request('/secret/', Authorization=basic(user)) for user in
                         ['joe', 'joe doe', '"', 'a] [b', '- [x] "GET', '']]
    with Server([APACHE, '-X', '-f', f'{folder}/apache.conf'], port):
        answers = collections.Counter(send(port, wire) for wire in wires)
        wait_for(lambda: all_logged(apache_oracle('oracle.log'), answers), seen=lambda: answers)
    oracle = apache_oracle('oracle.log')
    served = collections.Counter(want['status'] for want in oracle)
    for status, count in answers.items():
        if status not in (0, 400, 408):
            equal(served[status], count, f'answers with {status}')
    for name, text in APACHE_FORMATS.items():
        has = ['status'] + (['bytes'] if name != 'own' else []) + ([] if name == 'bare' else ['method'])
        records = fits(f'{name}.log', f'LogFormat "{text}" {name}', oracle, has)
        if 'User-Agent' in text:
            agrees(name, records, oracle)


main()
