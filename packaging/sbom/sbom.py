"""sbom.py SOURCE VERSION OUT [--static] [--web] NAME=VERSION...: what the programs are made of, as SPDX 2.3 in JSON.

NAME=VERSION are dependencies as meson found them; each has a row below, and one without ends the build.  The same source and libraries
give the same bytes (packaging/reproduce): the time is SOURCE_DATE_EPOCH, or that of debian/changelog.
"""
import base64
import email.utils
import hashlib
import json
import os
import re
import subprocess
import sys
import time

# name of pkg-config: project, licence as it is used here, where it comes from
ROWS = {
    'glibc': ('glibc', 'LGPL-2.1-or-later', 'https://www.gnu.org/software/libc/'),
    'libcrypto': ('openssl', 'Apache-2.0', 'https://www.openssl.org/'),
    'libmicrohttpd': ('libmicrohttpd', 'LGPL-2.1-or-later', 'https://www.gnu.org/software/libmicrohttpd/'),
    'libpcre2-8': ('pcre2', 'BSD-3-Clause', 'https://www.pcre.org/'),
    'libpsl': ('libpsl', 'MIT', 'https://github.com/rockdaboot/libpsl'),
    'libseccomp': ('libseccomp', 'LGPL-2.1-only', 'https://github.com/seccomp/libseccomp'),
    'libsodium': ('libsodium', 'ISC', 'https://libsodium.org/'),
    'libssl': ('openssl', 'Apache-2.0', 'https://www.openssl.org/'),
    'libzstd': ('zstd', 'BSD-3-Clause', 'https://facebook.github.io/zstd/'),
    'sqlite3': ('sqlite', 'blessing', 'https://www.sqlite.org/'),
    'yaml-0.1': ('libyaml', 'MIT', 'https://pyyaml.org/wiki/LibYAML'),
    'zlib': ('zlib', 'Zlib', 'https://zlib.net/'),
}
OF_VERIFY = ['glibc', 'libsodium', 'libzstd']
UAP_CORE = '/usr/share/uap-core/regexes.yaml'


def created(source):
    seconds = os.environ.get('SOURCE_DATE_EPOCH')
    if seconds is None:
        with open(os.path.join(source, 'debian', 'changelog'), encoding='utf-8') as file:
            seconds = email.utils.parsedate_to_datetime(re.search(r'^ -- .*>  (.*)$', file.read(), re.M)[1]).timestamp()
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(int(seconds)))


def package(name, version, licence, home, **more):
    made = {'SPDXID': f'SPDXRef-{name}', 'name': name, 'versionInfo': version, 'supplier': 'NOASSERTION', 'downloadLocation': 'NOASSERTION',
            'filesAnalyzed': False, 'homepage': home, 'licenseConcluded': 'NOASSERTION', 'licenseDeclared': licence,
            'copyrightText': 'NOASSERTION'}
    made.update(more)
    return {key: value for key, value in made.items() if value != ''}


def purl(kind, name, version):
    return [{'referenceCategory': 'PACKAGE-MANAGER', 'referenceType': 'purl', 'referenceLocator': f'pkg:{kind}/{name}@{version}'}]


def vendored(source):
    """What web/vendor keeps of npm packages, as locked there."""
    with open(os.path.join(source, 'web', 'vendor', 'vendored.json'), encoding='utf-8') as file:
        packages = json.load(file)['packages']
    for row in packages:
        if not any(part['to'].startswith('web/vendor/') for part in row['files']):
            continue  # only a test runs it
        name, version = row['name'], row['version']
        digest = base64.b64decode(row['integrity'].split('-', 1)[1]).hex()
        yield package(name, version, row['license'], f'https://www.npmjs.com/package/{name}',
                      downloadLocation=f'https://registry.npmjs.org/{name}/-/{name}-{version}.tgz',
                      checksums=[{'algorithm': 'SHA512', 'checksumValue': digest}], externalRefs=purl('npm', name, version))


def uap_core():
    with open(UAP_CORE, 'rb') as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    try:
        version = subprocess.run(['dpkg-query', '-W', '-f', '${Version}', 'uap-core'], capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        version = ''
    return package('uap-core', version, 'Apache-2.0', 'https://github.com/ua-parser/uap-core', comment=f'{UAP_CORE}: sha256 {digest}')


def main(source, version, out, *rest):
    found = dict(part.split('=', 1) for part in rest if not part.startswith('--'))
    unknown = sorted(set(found) - set(ROWS))
    if unknown:
        sys.exit(f'sbom.py: no row for {", ".join(unknown)}: which licence has it?')
    packages = [package(name, version, 'Apache-2.0', '') for name in ('cretula', 'cretula-verify')]
    links = [('SPDXRef-DOCUMENT', 'DESCRIBES', f'SPDXRef-{made["name"]}') for made in packages]
    for name in sorted(found):
        project, licence, where = ROWS[name]
        if all(made['name'] != project for made in packages):
            packages.append(package(project, found[name], licence, where, externalRefs=purl('generic', project, found[name]),
                                    comment='as it was built with; where it is linked dynamically, the system says which one runs'))
            links.append(('SPDXRef-cretula', 'DYNAMIC_LINK', f'SPDXRef-{project}'))
        if name in OF_VERIFY:
            links.append(('SPDXRef-cretula-verify', 'STATIC_LINK' if '--static' in rest else 'DYNAMIC_LINK', f'SPDXRef-{project}'))
    packages.append(uap_core())
    links.append(('SPDXRef-cretula', 'GENERATED_FROM', 'SPDXRef-uap-core'))
    for made in vendored(source) if '--web' in rest else []:
        packages.append(made)
        links.append(('SPDXRef-cretula', 'CONTAINS', made['SPDXID']))
    document = {'spdxVersion': 'SPDX-2.3', 'dataLicense': 'CC0-1.0', 'SPDXID': 'SPDXRef-DOCUMENT', 'name': f'cretula-{version}',
                'creationInfo': {'created': created(source), 'creators': [f'Tool: cretula-sbom-{version}']}, 'packages': packages,
                'relationships': [{'spdxElementId': a, 'relationshipType': kind, 'relatedSpdxElement': b} for a, kind, b in links]}
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    document['documentNamespace'] = f'https://spdx.org/spdxdocs/cretula-{version}-{digest[:32]}'
    with open(out, 'w', encoding='utf-8') as file:
        json.dump(document, file, indent=1)
        file.write('\n')


main(*sys.argv[1:])
