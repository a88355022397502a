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
    equal(control - {'debhelper-compat'}, wanted - {'gcc', 'libc6-dev'}, 'debian/control')
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


main()
