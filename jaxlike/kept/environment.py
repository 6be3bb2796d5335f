"""What results depend on besides what they are asked for: programs, settings, the machine."""

import functools
import hashlib
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import jax

PACKAGES = ("jaxlike", "jax", "jaxlib", "numpy", "scipy", "blackjax")
"""Those whose code makes them."""

_NO_MATTER = ("cache", "log", "platform", "num_cpu_devices", "visible_devices")  # in JAX's settings
_FLAGS = ("XLA_FLAGS", "LIBTPU_INIT_ARGS")
_SUFFIXES = (".py", ".npz", ".json", ".txt", ".yaml", ".fits")


def environment() -> str:
    """Versions, sources, settings and devices, in a text that is the same where they are."""
    settings = {
        name: str(value)
        for name, value in jax.config.values.items()
        if not any(word in name for word in _NO_MATTER)
    }
    devices = jax.local_devices()
    kinds = [(one.platform, one.device_kind, one.id) for one in devices]
    flags = [(name, os.environ.get(name)) for name in _FLAGS]
    about = (sorted(settings.items()), flags, devices[0].client.platform_version, kinds, _cores())
    return f"{_programs()} {processor()} {about!r}"


@functools.cache
def processor() -> str:
    """A short name of the processor's kind."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else [platform.processor()]
    kinds = sorted({x for x in lines if x.startswith(("model name", "flags", "Features"))})
    text = "\n".join([platform.machine(), *(kinds or lines[:1])])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _cores() -> int | None:
    """How many cores this process may use, which JAX's programs are cut for."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


@functools.cache
def _programs() -> str:
    """Versions of Python and of PACKAGES, and a digest of what jaxlike's files are at present."""
    versions = [(package, _version(package)) for package in PACKAGES]
    spec, digest = find_spec("jaxlike"), hashlib.sha256()
    for place in spec.submodule_search_locations or () if spec else ():
        for path in sorted(Path(place).rglob("*")):
            if path.suffix in _SUFFIXES and path.is_file():
                digest.update(f"{path.relative_to(place)} {path.stat().st_size}\n".encode())
                digest.update(path.read_bytes())
    return repr((sys.version, versions, digest.hexdigest()))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
