"""embed.py IN OUT [zlib]: the bytes of a file as numbers, for #include in an array.

zlib: packed (RFC 1950), behind a name_BYTES that says how many the file has.
"""
import os
import sys
import zlib

with open(sys.argv[1], 'rb') as source, open(sys.argv[2], 'w', encoding='ascii') as made:
    content = source.read()
    if sys.argv[3:] == ['zlib']:
        made.write(f'#define {os.path.basename(sys.argv[2]).split(".")[0].upper()}_BYTES {len(content)}\n')
        content = zlib.compress(content, 9)
    for at in range(0, len(content), 24):
        made.write(','.join(map(str, content[at:at + 24])) + ',\n')
