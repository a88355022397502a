"""tap.py PROGRAM: run a cmocka program; its skipped tests, "not ok N # SKIP name", become what TAP calls skipped."""
import re
import subprocess
import sys

run = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=False)
for line in run.stdout.decode('utf-8', 'replace').splitlines():
    print(re.sub(r'^not ok (\d+) # SKIP (.*)$', r'ok \1 - \2 # SKIP', line))
sys.exit(run.returncode)
