"""embed.py IN OUT: the bytes of a file as numbers, for #include in an array."""
import sys

with open(sys.argv[1], 'rb') as source, open(sys.argv[2], 'w', encoding='ascii') as made:
    content = source.read()
    for at in range(0, len(content), 24):
        made.write(','.join(map(str, content[at:at + 24])) + ',\n')
