"""The Debian packages on a machine that has nothing else: built, installed beside nginx, used, purged.

Minutes, and it asks a mirror of Debian for the machine (debootstrap): part of ./test --long only.  As root, for chroot
and mounts.  What was built and the bare machine are kept in build-test/package; each run begins with a copy of it.
"""
import glob
import os
import re
import shutil
import subprocess

from lib import SOURCE, Skip, equal, main, read, write

FOLDER = os.environ.get('CRETULA_PACKAGE', os.path.join(SOURCE, 'build-test', 'package'))
BARE = os.path.join(FOLDER, 'bare')
TOOLS = {'dpkg-buildpackage': 'dpkg-dev', 'dh': 'debhelper', 'dh_apparmor': 'dh-apparmor', 'lintian': 'lintian', 'debootstrap': 'debootstrap'}
RAW = '127.0.0.77', '127.0.0.78', 'erika.mustermann'


def run(*command, code=0, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True, errors='replace', **more)
    if code is not None:
        equal(done.returncode, code, f'{command}\n{done.stdout[-4000:]}')
    return done.stdout


def need(*programs):
    for program in programs:
        if not shutil.which(program, path=os.environ['PATH'] + ':/usr/sbin:/sbin'):
            raise Skip(f'no {program}: ./setup --long (package {TOOLS[program]})')
    if os.geteuid() != 0 or subprocess.run(['unshare', '-mn', 'true'], check=False, capture_output=True).returncode != 0:
        raise Skip('needs root, and the right to mount and chroot')


def packages():
    found = [glob.glob(os.path.join(FOLDER, f'{name}_*_*.deb')) for name in ('cretula', 'cretula-verify')]
    if not all(found):
        raise Skip('no packages: the first test of this file makes them')
    return [paths[0] for paths in found]


def test_packages_are_built_without_a_network():
    """dpkg-buildpackage where not even loopback is up; lintian has nothing to say."""
    need('dpkg-buildpackage', 'dh', 'dh_apparmor', 'lintian')
    for old in glob.glob(os.path.join(FOLDER, 'cretula*')):
        shutil.rmtree(old) if os.path.isdir(old) else os.unlink(old)
    tree = os.path.join(FOLDER, 'cretula')
    os.makedirs(tree)
    files = subprocess.run(['git', 'ls-files', '-z'], cwd=SOURCE, check=True, capture_output=True).stdout
    subprocess.run(['xargs', '-0', 'cp', '--parents', '-t', tree], cwd=SOURCE, input=files, check=True)
    run('unshare', '-n', 'dpkg-buildpackage', '-us', '-uc', cwd=tree, env={**os.environ, 'CCACHE_DISABLE': '1'})
    equal(len(packages()), 2)
    changes, = glob.glob(os.path.join(FOLDER, '*_amd64.changes')) or glob.glob(os.path.join(FOLDER, '*.changes'))[:1]
    said = run('lintian', '--allow-root', '--display-info', changes, code=None)
    equal([line for line in said.splitlines() if not line.startswith('N:')], [], 'lintian')
    # the source package makes them, too: nothing of it is left to the repository
    source, = glob.glob(os.path.join(FOLDER, 'cretula_*.tar.xz'))
    names = run('tar', 'tf', source)
    assert 'web/vendor/preact.js' in names and 'debian/missing-sources/web/vendor/preact.js/render.js' in names


def bare_machine():
    """Debian 12 with nginx and curl, once."""
    if os.path.exists(BARE):
        return
    shutil.rmtree(BARE + '.new', ignore_errors=True)
    os.makedirs(BARE + '.new')
    said = run('debootstrap', '--variant=minbase', '--include=nginx-light,curl,procps,jq', 'bookworm', BARE + '.new', code=None)
    if not os.path.exists(BARE + '.new/usr/sbin/nginx'):
        shutil.rmtree(BARE + '.new')
        raise Skip(f'debootstrap: {said[-300:].strip()!r}')
    # nothing starts because it is installed, as on a machine that is being made
    write(BARE + '.new/usr/sbin/policy-rc.d', b'#!/bin/sh\nexit 101\n')
    os.chmod(BARE + '.new/usr/sbin/policy-rc.d', 0o755)
    run('chroot', BARE + '.new', 'apt-get', 'update', '-qq', code=None)
    run('chroot', BARE + '.new', 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', '--download-only', 'systemd')
    os.rename(BARE + '.new', BARE)


def inside(root, script, net):
    """A script on that machine, in processes of its own, which end with it; without net, with loopback alone."""
    write(os.path.join(root, 'tmp', 'script'), script.encode())
    # the folder is that of the test: nothing is found by a path outside
    outer = (f'mount -t proc proc {root}/proc; mount -t tmpfs -o mode=755 tmpfs {root}/run; mount --rbind /dev {root}/dev; '
             f'{"" if net else "ip link set lo up; "}exec chroot {root} env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root '
             'LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -eux /tmp/script')
    return run('unshare', *([] if net else ['--net']), '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child',
               'sh', '-euc', outer, timeout=600)


INSTALL = """
apt-get install -y -qq --no-install-recommends /tmp/cretula_*.deb /tmp/cretula-verify_*.deb
id cretula; id cretula-serve
test -f /etc/apparmor.d/cretula-run -a -f /usr/lib/systemd/system/cretula.service
test ! -e /var/lib/cretula -a ! -e /etc/cretula
cretula --version; cretula-verify --version
"""

# What a person types; the folder in memory is systemd's, as the preset of nginx says.
USE = r"""
wait_for() { n=0; until eval "$1"; do n=$((n + 1)); [ $n -lt 1200 ] || { echo "waited in vain: $1"; cat /tmp/*.log; exit 1; }; sleep 0.1; done; }
systemd-tmpfiles --create cretula.conf
sysctl -qw net.unix.max_dgram_qlen=512 || true
nginx
cretula init --yes --recovery-out /root/recovery --escrow-out /root/escrow > /root/said
cretula check --config /etc/cretula/cretula.yaml
sed -n '/^---- nginx: /,/^Tell each server/p' /root/said | sed '1d;$d' > /etc/nginx/conf.d/cretula.conf
sed -i '/access_log\|error_log/d' /etc/nginx/nginx.conf
sed -n 's/^  \(cretula.*sha256:.*\)/\1/p' /root/said > /root/auditor
test -s /root/auditor
nginx -s stop 2>/dev/null; wait_for '! pgrep nginx >/dev/null'
rm -f /var/log/nginx/*

# the units, by hand: there is no systemd that runs here
grep -qx StateDirectoryMode=0750 /usr/lib/systemd/system/cretula.service
chmod 0750 /var/lib/cretula
install -d -m 755 -o cretula -g cretula /run/cretula
# what systemd does for cretula-ring@nginx.service
sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/cretula-ring@.service | sed 's/%i/nginx/g; s/${SIZE}/16M/; s/${OWNER}/root/' > /tmp/ring
test "$(wc -l < /tmp/ring)" = 6
sh -eux /tmp/ring
# LimitMEMLOCK=infinity is not for everybody to set; CAP_IPC_LOCK is as good, and the one right that it has more than the unit
(umask 0027; exec setpriv --reuid=cretula --regid=cretula --init-groups --no-new-privs --bounding-set=-all,+ipc_lock \
    --inh-caps=+ipc_lock --ambient-caps=+ipc_lock /usr/bin/cretula run --config /etc/cretula/cretula.yaml) > /tmp/run.log 2>&1 &
wait_for 'cretula status --config /etc/cretula/cretula.yaml >/dev/null 2>&1'
nginx
for n in $(seq 50); do
    curl -s -o /dev/null --interface 127.0.0.77 "http://127.0.0.1/?mail=erika.mustermann@example.org&n=$n"
    curl -s -o /dev/null --interface 127.0.0.78 "http://127.0.0.1/missing-$n"
done
seen() { cretula view --store /var/lib/cretula/store --stream nginx 2>/dev/null | wc -l; }
wait_for 'test "$(seen)" = 100'
cretula view --store /var/lib/cretula/store --stream nginx > /root/records
test "$(grep -c '"status":404' /root/records)" = 50
test "$(jq -r .client /root/records | sort -u | wc -l)" = 2

# views, as cretula-serve.service has them: begun by root with five capabilities, ended up as a user without keys
install -d -m 755 /run/cretula-serve
token=$(cretula serve token --role dev --json)
cat >> /etc/cretula/cretula.yaml <<END
serve: { listen: "unix:/run/cretula-serve/view.sock", user: cretula-serve }
roles: { dev: { tier: developer, token_hash: "$(printf %s "$token" | jq -r .token_hash)" } }
END
(umask 0007; exec setpriv --no-new-privs --bounding-set=-all,+setuid,+setgid,+setpcap,+dac_read_search,+ipc_lock \
    /usr/bin/cretula serve --config /etc/cretula/cretula.yaml) > /tmp/serve.log 2>&1 &
serve=$!
wait_for 'test -S /run/cretula-serve/view.sock'
wait_for 'pgrep -u cretula-serve >/dev/null'
curl -sf --unix-socket /run/cretula-serve/view.sock -H "Authorization: Bearer $(printf %s "$token" | jq -r .token)" \
    "http://localhost/api/v1/records?stream=nginx&limit=5" > /root/answer
grep -q '"client":"ip\.' /root/answer
setpriv --reuid=cretula-serve --regid=cretula-serve --init-groups test -r /var/lib/cretula/store/streams
! setpriv --reuid=cretula-serve --regid=cretula-serve --init-groups ls /var/lib/cretula/keys 2>/dev/null
! setpriv --reuid=www-data --regid=www-data --init-groups ls /var/lib/cretula 2>/dev/null
kill $serve; wait $serve || true

nginx -s stop 2>/dev/null
pkill -x -TERM cretula; wait_for '! pgrep -x cretula >/dev/null'
cretula verify --store /var/lib/cretula/store --anchor "$(cat /root/auditor)"
cretula-verify --store /var/lib/cretula/store --anchor "$(cat /root/auditor)"
cretula scan /var/lib/cretula/store
test "$(seen)" = 100
! grep -rlF -e 127.0.0.7 -e mustermann /var/lib/cretula /var/log /etc /tmp/run.log /tmp/serve.log
"""

PURGE = r"""
find / -xdev -name '*cretula*' ! -path '/tmp/*' | sort > /root/before
apt-get purge -y -qq cretula cretula-verify
find / -xdev \( -path /var/lib/dpkg -o -path /tmp -o -path /root \) -prune -o -name '*cretula*' ! -path '/etc/nginx/*' -print | sort
echo "dpkg: $(dpkg -l 'cretula*' 2>/dev/null | grep -c '^[a-z]i')"
test -f /var/lib/cretula/store/streams/nginx/chain.jsonl -a -f /var/lib/cretula/keys/keyring
"""


def test_a_machine_from_the_first_package_to_the_purge():
    """Install, init beside nginx, requests, records, a view by role, verify; then only store and keys are left."""
    need('debootstrap')
    debs = packages()
    bare_machine()
    root = os.path.join(os.getcwd(), 'root')
    try:
        subprocess.run(['cp', '-a', '--reflink=auto', BARE, root], check=True)
        for deb in debs:
            shutil.copy(deb, os.path.join(root, 'tmp'))
        said = inside(root, INSTALL, net=True)
        assert re.search(r'groups=.*\(cretula-serve\).*\(cretula\)', said), said
        inside(root, USE, net=False)
        said = inside(root, PURGE, net=False)
        left = [line for line in said.splitlines() if line.startswith('/')]
        equal([path for path in left if not path.startswith('/var/lib/cretula') and 'systemd' not in path], [], said)
        assert 'dpkg: 0' in said, said
        assert b'/usr/bin/cretula\n' in read(os.path.join(root, 'root', 'before')), 'the search finds what is there'
    finally:
        shutil.rmtree(root, ignore_errors=True)


main()
