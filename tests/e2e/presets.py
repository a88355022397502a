"""What share/presets ships, taken as it is: only ports and places are others."""
import os

from lib import SOURCE, read, write

PRESETS = os.path.join(SOURCE, 'share', 'presets')
SOCKETS = '/run/cretula-sockets'
RING = '/run/cretula-rings/nginx'


def preset(server, name, places):
    """The text of a shipped file; every place is in there."""
    text = read(os.path.join(PRESETS, server, name)).decode()
    for old, new in places.items():
        assert old in text, (server, name, old)
        text = text.replace(old, new)
    return text


def configure(server, places, more=''):
    """c.yaml: the streams of a preset."""
    write('c.yaml', ('store: store\n' + preset(server, 'cretula.yaml', places) + more).encode())
