#!/usr/bin/env python3
"""Has NVIDIA's assembler translate PTX texts for every architecture, without a GPU.

    tools/ptxas.py [FILE.ptx|FOLDER]...        (tests/golden/ptx and the kernel of benches/gpu if nothing is named)

The assembler is that of a wheel on the package index, installed into a virtual environment below target/. Fails where a
text does not assemble, or spills registers in few dimensions. Says `skipped:` with the reason and succeeds only where the assembler
cannot be had: the index cannot be reached or does not have it, or this Python makes no virtual environments.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

# The newest that still knows sm_70, the oldest architecture that the texts are for.
WHEEL = "nvidia-cuda-nvcc-cu12==12.9.86"
ARCHITECTURES = ["sm_70", "sm_80", "sm_90", "sm_100", "sm_120"]
ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "ptxas"
# What pip says when nothing answers, as opposed to an answer that something is wrong.
UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|Temporary failure in name resolution|Name or service not known|"
    r"Network is unreachable|Connection refused|ProxyError|Max retries exceeded|SSLError", re.I)
# What it says when the index answers and does not have the wheel, for this platform or at all.
ABSENT = re.compile(r"No matching distribution found|Could not find a version", re.I)


def assembler():
    """The path of ptxas, installed if need be; none with the reason where it cannot be had."""
    find = lambda: next(VENV.glob("lib/python*/site-packages/nvidia/cuda_nvcc/bin/ptxas"), None)
    if not find():
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
        if made.returncode != 0:
            return None, "no virtual environment can be made: " + " ".join((made.stdout + made.stderr).split())
        install = [str(VENV / "bin" / "pip"), "install", "--disable-pip-version-check", "--quiet", "--retries", "2", WHEEL]
        done = subprocess.run(install, capture_output=True, text=True)
        if done.returncode != 0 and UNREACHABLE.search(done.stdout + done.stderr):
            return None, "the package index cannot be reached"
        if done.returncode != 0 and ABSENT.search(done.stdout + done.stderr):
            return None, f"the package index has no {WHEEL} for {sys.platform}"
        if done.returncode != 0:
            sys.exit(f"cannot install {WHEEL}:\n{done.stdout}{done.stderr}")
    return find() or sys.exit(f"{WHEEL} has no ptxas"), None


def texts(arguments):
    """The files named, those of the folders named."""
    paths = [Path(a) for a in arguments] or [ROOT / "tests" / "golden" / "ptx", ROOT / "benches" / "fma_peak.ptx"]
    found = [f for p in paths for f in (sorted(p.glob("*.ptx")) if p.is_dir() else [p])]
    return found or sys.exit("no texts to assemble")


def main():
    ptxas, reason = assembler()
    if ptxas is None:
        print(f"skipped: {reason}, so no text was assembled")
        return
    failures = []
    print(f"{'text':32}" + "".join(f"{a:>10}" for a in ARCHITECTURES) + "   registers per thread")
    for text in texts(sys.argv[1:]):
        registers = []
        for architecture in ARCHITECTURES:
            command = [str(ptxas), f"-arch={architecture}", "-v", "--warning-as-error", str(text), "-o", os.devnull]
            done = subprocess.run(command, capture_output=True, text=True)
            log = done.stdout + done.stderr
            used = re.search(r"Used (\d+) registers", log)
            spilt = [int(n) for n in re.findall(r"(\d+) bytes spill", log)]
            registers.append(used.group(1) if used else "-")
            if done.returncode != 0 or used is None:
                failures.append(f"{text.name} for {architecture}:\n" + "\n".join(log.splitlines()[:4]))
            elif any(spilt):
                failures.append(f"{text.name} for {architecture} spills {max(spilt)} bytes")
        print(f"{text.name:32}" + "".join(f"{r:>10}" for r in registers))
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
