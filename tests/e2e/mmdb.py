"""Databases of the MaxMind DB format, made up on the spot."""
import ipaddress


def mmdb(networks):
    """A MaxMind DB, as its public description has it: {network: (country, asn)} in a tree of IPv6."""
    def text(value):
        raw = value.encode()
        return bytes([2 << 5 | min(len(raw), 29)]) + (bytes([len(raw) - 29]) if len(raw) >= 29 else b'') + raw

    def number(kind, value, size):
        return bytes([kind << 5 | size] if kind < 8 else [size, kind - 7]) + value.to_bytes(size, 'big')

    nodes, data = [[None, None]], b''
    for network, (country, asn) in networks.items():
        net = ipaddress.ip_network(network)
        bits = f'{int(net.network_address):0128b}'[:net.prefixlen + (96 if net.version == 4 else 0)]
        place = ('data', len(data))
        data += (b'\xe2' + text('country') + b'\xe1' + text('iso_code') + text(country) +
                 text('autonomous_system_number') + number(6, asn, 4))
        at = 0
        for n, bit in enumerate(map(int, bits)):
            if n + 1 == len(bits):
                nodes[at][bit] = place
            elif nodes[at][bit] is None:
                nodes[at][bit] = len(nodes)
                nodes.append([None, None])
            at = nodes[at][bit] if n + 1 < len(bits) else at
    tree = b''.join((len(nodes) if to is None else len(nodes) + 16 + to[1] if isinstance(to, tuple) else to).to_bytes(3, 'big')
                    for node in nodes for to in node)
    facts = (b'\xe9' + text('node_count') + number(6, len(nodes), 4) + text('record_size') + number(5, 24, 2) +
             text('ip_version') + number(5, 6, 2) + text('database_type') + text('Test') + text('languages') + b'\x00\x04' +
             text('binary_format_major_version') + number(5, 2, 2) + text('binary_format_minor_version') + number(5, 0, 2) +
             text('build_epoch') + number(9, 1764000000, 8) + text('description') + b'\xe0')
    return tree + bytes(16) + data + b'\xab\xcd\xefMaxMind.com' + facts
