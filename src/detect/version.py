"""version.py OUT FILE...: the detector version, a hash of what decides what an identifier is."""
import hashlib
import os
import sys

digest = hashlib.sha256()
for path in sorted(sys.argv[2:], key=os.path.basename):
    with open(path, 'rb') as file:
        digest.update(hashlib.sha256(file.read()).digest())
with open(sys.argv[1], 'w', encoding='ascii') as out:
    out.write('/* Made by version.py. */\n#include "detect/detect.h"\n\n'
              f'const char detect_version[] = "{digest.hexdigest()[:16]}";\n')
