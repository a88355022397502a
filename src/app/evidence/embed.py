"""embed.py IN OUT NAME [zlib]: the bytes of a file as an array in a source of its own.

`const unsigned char NAME[]` and `const size_t NAME_len`; zlib: packed (RFC 1950), and `NAME_bytes` says how many the file
has.  Of its own, for who looks at each number of an array (clang-tidy) takes minutes.
"""
import sys
import zlib

source, out, name = sys.argv[1:4]
with open(source, 'rb') as file:
    content = file.read()
packed = zlib.compress(content, 9) if sys.argv[4:] == ['zlib'] else content
with open(out, 'w', encoding='ascii') as made:
    made.write(f'#include <stddef.h>\n\nextern const unsigned char {name}[];\nextern const size_t {name}_len, {name}_bytes;\n\n'
               f'const unsigned char {name}[] = {{\n')
    for at in range(0, len(packed), 24):
        made.write(','.join(map(str, packed[at:at + 24])) + ',\n')
    made.write(f'}};\nconst size_t {name}_len = sizeof({name}), {name}_bytes = {len(content)};\n')
