"""The Python environment with the peers in it, outside the repository."""
import importlib.metadata
import os
import pathlib
import subprocess
import sys

# Engine: the package that brings it, at the version that figures are quoted for.
PEERS = {
    "tensorflow": "tensorflow-cpu==2.21.0",
    "onnxruntime": "onnxruntime==1.32.0",
    "openvino": "openvino==2026.4.1",
    "litert": "ai-edge-litert==2.3.0",
    "opencv": "opencv-python-headless==5.0.0.93",
    "tract": "tract==0.23.9",
}
CONVERTER = "tf2onnx==1.17.0"


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base, "bnorm-bench")


def missing():
    """Packages that this interpreter lacks or has at another version."""
    result = []
    for package in ["numpy", *PEERS.values(), CONVERTER]:
        name, _, version = package.partition("==")
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = None
        if found is None or (version and found != version):
            result.append(package)
    return result


def available():
    """Engines of this interpreter."""
    return [engine for engine, package in PEERS.items() if package not in missing()]


def install(python):
    """Installs what is missing, one by one, so that one that fails does not stop the others."""
    for package in missing_of(python):
        print(f"installing {package}", file=sys.stderr)
        done = subprocess.run([python, "-m", "pip", "install", "-q", package],
                              capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["?"])[-1]
            print(f"skipped {package}: {reason}", file=sys.stderr)


def missing_of(python):
    code = f"import sys; sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r}); " \
        "import environment; print(*environment.missing())"
    return subprocess.run([python, "-c", code], capture_output=True, text=True,
                          check=True).stdout.split()


def enter(python=None):
    """Starts this command again with an interpreter that has the peers, unless it runs in it.

    `python` names an interpreter to use as it is. Otherwise a virtual environment is made in the
    user's cache folder at the first call.
    """
    if os.environ.get("BNORM_BENCH_INSIDE"):
        return
    if not python:
        folder = cache() / "venv"
        python = folder / "bin" / "python"
        if not python.exists():
            print(f"making {folder}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        if not (folder / "tried").exists():
            install(python)
            (folder / "tried").touch()
    os.environ["BNORM_BENCH_INSIDE"] = "1"
    os.execv(python, [str(python), *sys.argv])
