"""debian/, Containerfile and what goes to the machine: each names what the others do, and what is built."""
import fnmatch
import json
import os
import re
import shutil
import subprocess

from lib import CRETULA, SOURCE, Skip, equal, main


def text(*parts):
    with open(os.path.join(SOURCE, *parts), encoding='utf-8') as file:
        return file.read()


def setup_packages(which):
    return set(re.search(rf'^{which}_packages="(.*)"', text('setup'), re.M)[1].split())


def test_all_need_the_same_packages():
    wanted = setup_packages('build')
    control = re.search(r'^Build-Depends: (.*?)^\S', text('debian', 'control'), re.M | re.S)[1]
    control = {re.sub(r' *\(.*\)', '', name).strip() for name in control.split(',')}
    equal(control - {'debhelper-compat', 'dh-sequence-installsysusers', 'dh-apparmor'}, wanted - {'gcc', 'libc6-dev'}, 'debian/control')
    container = re.search(r'install -y --no-install-recommends (.*?)\nCOPY', text('Containerfile').replace('\\\n', ' '), re.S)[1]
    equal(set(container.split()), wanted, 'Containerfile')


def test_each_file_is_in_one_package():
    """Of what meson installs; and no line of *.install is for nothing."""
    done = subprocess.run(['meson', 'introspect', '--installed', os.path.dirname(CRETULA)], capture_output=True, check=False, text=True)
    if done.returncode != 0:
        raise Skip('no meson, or no folder of it')
    prefix = next(path for path in json.loads(done.stdout).values() if path.endswith('/bin/cretula'))[:-len('/bin/cretula')]
    files = {path.replace(prefix, 'usr', 1) if path.startswith(prefix) and '/etc/' not in path else 'etc/' + path.split('/etc/')[1]
             for path in json.loads(done.stdout).values()}
    files = {re.sub('zsh/site-functions', 'zsh/vendor-completions', path) for path in files}
    if not any('/man/' in path for path in files):
        raise Skip('built without scdoc')
    rows = [(package, line) for package in ('cretula', 'cretula-verify') for line in text('debian', package + '.install').split()]
    taken = {row: {path for path in files if fnmatch.fnmatch(path, row[1]) or path.startswith(row[1] + '/')} for row in rows}
    for path in files:
        owners = {package for (package, _), paths in taken.items() if path in paths}
        equal(len(owners), 1, f'{path}: {owners}')
    equal([row for row, paths in taken.items() if not paths], [])


def test_versions_agree():
    version = re.search(r"version: '([\d.]+)'", text('meson.build'))[1]
    equal(re.match(r'cretula \(([\d.]+)\)', text('debian', 'changelog'))[1], version)


def test_the_machine_takes_its_files():
    where = shutil.which('apparmor_parser', path=os.environ['PATH'] + ':/usr/sbin:/sbin')
    if not where:
        raise Skip('no apparmor_parser')
    done = subprocess.run([where, '-Q', '-K', '-S', 'packaging/apparmor/cretula-run'], capture_output=True, check=False, cwd=SOURCE)
    equal(done.returncode, 0, done.stderr)
    users = set(re.findall(r'^u (\S+)', text('packaging', 'sysusers.d', 'cretula.conf'), re.M))
    for unit in os.listdir(os.path.join(SOURCE, 'packaging', 'systemd')):
        named = set(re.findall(r'^User=(\S+)', text('packaging', 'systemd', unit), re.M))
        assert named <= users, (unit, named)
    assert '@'.join(re.findall(r'^AppArmorProfile=-(\S+)', text('packaging', 'systemd', 'cretula.service'), re.M)) == \
        re.search(r'^profile (\S+)', text('packaging', 'apparmor', 'cretula-run'), re.M)[1]


def test_a_ring():
    """What cretula-ring@.service runs: memory of so much, files that a server's user may own and cretula's group may free."""
    unit = text('packaging', 'systemd', 'cretula-ring@.service')
    here, size, owner = os.getcwd(), '1M', '4321'
    assert 'OWNER=root' in unit, 'nobody else, unless it is said'
    commands = [re.sub(r'\bcretula(?= /)', '1234', c.replace('/run/cretula-rings', f'{here}/rings').replace('%i', 'nginx').replace('${SIZE}', size)
                       .replace('${OWNER}', owner))
                for c in re.findall(r'^ExecStart=(.*)$', unit, re.M)]
    for command in commands:
        done = subprocess.run(command.split(), capture_output=True, check=False)
        if 'tmpfs' in command and done.returncode:
            raise Skip(f'cannot mount a tmpfs here: {done.stderr}')
        equal((done.returncode, done.stderr), (0, b''), command)
    try:
        ring = os.stat('rings/nginx')
        equal((oct(ring.st_mode & 0o7777), ring.st_uid, ring.st_gid), ('0o2771', 4321, 1234))
        equal(os.statvfs('rings/nginx').f_blocks * os.statvfs('rings/nginx').f_frsize, 1 << 20)
        for name in sorted(os.listdir('rings/nginx')):
            st = os.stat(f'rings/nginx/{name}')
            equal((oct(st.st_mode & 0o777), st.st_uid, st.st_gid), ('0o660', 0, 1234), name)
        conf = text('share', 'presets', 'nginx', 'cretula.yaml')
        equal(sorted(re.findall(r'/run/cretula-rings/nginx/([\w.]+)', conf)), sorted(os.listdir('rings/nginx')))
    finally:
        subprocess.run(['umount', 'rings/nginx'], check=True)


def test_what_it_is_made_of():
    """The SBOM has what the program is linked with and what lies in web/vendor, whole, and says the same each time."""
    path = os.path.join(os.path.dirname(CRETULA), 'cretula.spdx.json')
    if not os.path.exists(path):
        raise Skip('ninja sbom was not run')
    with open(path, encoding='utf-8') as file:
        made = json.load(file)
    equal([made['spdxVersion'], made['dataLicense'], made['SPDXID']], ['SPDX-2.3', 'CC0-1.0', 'SPDXRef-DOCUMENT'], 'head')
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', made['creationInfo']['created']) and made['creationInfo']['creators']
    assert made['documentNamespace'].startswith('https://') and made['name']
    packages = {package['SPDXID']: package for package in made['packages']}
    equal(len(packages), len(made['packages']), 'ids are unique')
    for name, package in packages.items():
        assert re.fullmatch(r'SPDXRef-[A-Za-z0-9.-]+', name), name
        for key in ('name', 'downloadLocation', 'licenseDeclared', 'licenseConcluded', 'copyrightText'):
            assert package[key], (name, key)
        assert package['filesAnalyzed'] is False
    links = {(link['spdxElementId'], link['relationshipType'], link['relatedSpdxElement']) for link in made['relationships']}
    equal({end for link in links for end in (link[0], link[2])} - {'SPDXRef-DOCUMENT'}, set(packages), 'each is related to another')
    # the loader's own list: a library is of some package of the SBOM, or of the compiler
    of = {'crypto': 'openssl', 'ssl': 'openssl', 'pcre2-8': 'pcre2', 'yaml-0': 'libyaml', 'z': 'zlib', 'sqlite3': 'sqlite', 'c': 'glibc', 'm': 'glibc',
          'sodium': 'libsodium', 'psl': 'libpsl', 'microhttpd': 'libmicrohttpd', 'seccomp': 'libseccomp'}
    needed = re.findall(r'NEEDED\s+lib([^.]+)\.', subprocess.run(['objdump', '-p', CRETULA], capture_output=True, check=True, text=True).stdout)
    for library in needed:
        if library not in ('gcc_s', 'asan', 'ubsan', 'tsan'):
            assert ('SPDXRef-cretula', 'DYNAMIC_LINK', 'SPDXRef-' + of.get(library, library)) in links, library
    vendored = json.loads(text('web', 'vendor', 'vendored.json'))['packages']
    if ('SPDXRef-cretula', 'CONTAINS', 'SPDXRef-preact') in links:
        equal({row['name']: row['version'] for row in vendored if row['files'][0]['to'].startswith('web/vendor/')},
              {packages[b]['name']: packages[b]['versionInfo'] for a, kind, b in links if kind == 'CONTAINS'}, 'vendored')
    script = os.path.join(SOURCE, 'packaging', 'sbom', 'sbom.py')
    both = []
    for name in ('one', 'two'):
        subprocess.run(['python3', '-B', script, SOURCE, '1.0', name, 'zlib=1.2'], check=True)
        with open(name, 'rb') as file:
            both.append(file.read())
    equal(both[0], both[1], 'twice the same')
    done = subprocess.run(['python3', '-B', script, SOURCE, '1.0', 'three', 'libnew=1'], capture_output=True, check=False, text=True)
    assert done.returncode != 0 and 'libnew' in done.stderr and not os.path.exists('three'), 'one without a licence is refused'



def test_parts_of_test():
    """./test runs everything when it is asked for nothing, and never because of a slip."""
    for arguments, code, want in ((['--help'], 0, 'cover'), (['quick'], 2, 'not quick'), (['--quick', 'x'], 2, 'not x'),
                                  (['fuzz', '1', 'none-such'], 2, 'fuzz_none-such.c'), (['--lnog'], 2, './test --help')):
        run = subprocess.run([os.path.join(SOURCE, 'test'), *arguments], capture_output=True, check=False, text=True)
        equal(run.returncode, code, run.stdout + run.stderr)
        assert want in run.stdout + run.stderr, (arguments, run.stdout, run.stderr)
    told = set(re.findall(r'^  (--\w+|\w+) ', run_help(), re.M))
    for part in ('format', 'lint', 'fuzz', 'cover', '--quick', '--long'):
        assert part in told, part
        assert f'./test {part}' in text('CONTRIBUTING.md'), part


def run_help():
    return subprocess.run([os.path.join(SOURCE, 'test'), '--help'], capture_output=True, check=True, text=True).stdout


main()
