"""run.py TARGET CORPUS: run a fuzz target for CRETULA_FUZZ_SECONDS (6), from the kept seeds, new finds thrown away."""
import os
import subprocess
import sys
import tempfile

seconds = os.environ.get('CRETULA_FUZZ_SECONDS', '6')
with tempfile.TemporaryDirectory() as found:
    folders = [found] + ([sys.argv[2]] if os.path.isdir(sys.argv[2]) else [])
    command = [sys.argv[1], f'-max_total_time={seconds}', '-timeout=20', '-rss_limit_mb=2048', '-print_final_stats=1',
               f'-artifact_prefix={os.getcwd()}/', *folders]
    # A find is 1: libFuzzer ends with 77, which meson takes for "skipped".
    sys.exit(min(1, abs(subprocess.run(command, check=False).returncode)))
