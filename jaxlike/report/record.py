"""What was run, as the files of a run tell it: input, data, versions, seed, command, times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.files import YamlError, parse_yaml, sha256_of
from jaxlike.inference.results.chain_files import numbered_files
from jaxlike.inference.results.cosmosis_text import cosmosis_files

if TYPE_CHECKING:
    from jaxlike.posterior.model import Model

_OURS = "jaxlike"
_NO_OPTIONS = (
    *("config", "config_sha256", "data", "data_sha256", "version", "versions", "jax"),
    *("seconds", "command", "date", "devices"),
)


@dataclass(frozen=True)
class DataFile:
    """A file of data: of which likelihood, where, SHA-256 and size in bytes; sha256 is "" where no
    such file is to be found. changed: whether it was another one when the run was made; blinded:
    name of the key that it is blinded with."""

    likelihood: str
    path: str
    sha256: str = ""
    n_bytes: int = 0
    changed: bool = False
    blinded: str = ""


@dataclass(frozen=True)
class Record:
    """What is known of a run.

    program: whose chains they are.  method: of sampling.  rows: what was run, name -> text.
    inputs: texts by what they are.  run: what the run says of itself.  files: of the chains.
    """

    program: str
    method: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    def data_files(self, model: "Model | None") -> tuple[DataFile, ...]:
        """Those of the likelihoods, as the model has them, or else as the run has recorded."""
        before = dict(self.about.get("data_sha256") or {})
        if model is None:
            named = dict(self.about.get("data") or {})
            return tuple(
                DataFile(name, str(where), str(before.get(name, "")))
                for name, where in named.items()
            )
        found = [
            _data_file(name, Path(one.data.source), before.get(name), one.data.blinded)
            for name, one in model.measured.items()
        ]
        others = [DataFile(one.name, str(one.source)) for one in model.config.others]
        return (*found, *others)


def _data_file(name: str, file: Path, before: str | None, blinded: str) -> DataFile:
    if not file.is_file():
        return DataFile(name, str(file), blinded=blinded)
    found, size = sha256_of(file), file.stat().st_size
    return DataFile(name, str(file), found, size, before not in (None, found), blinded)


def read_record(prefix: Path) -> Record:
    """What the files of the chains `prefix` say; of what they do not say nothing."""
    files = numbered_files(prefix)
    if not files:
        chain = cosmosis_files(prefix)
        return _of_cosmosis(chain) if chain else Record("unknown")
    updated = prefix.with_name(f"{prefix.name}.updated.yaml")
    info = _yaml(updated)
    given = prefix.with_name(f"{prefix.name}.input.yaml")
    inputs = {"The input, with all defaults": updated.read_text()} if updated.is_file() else {}
    if given.is_file():
        inputs = {"The input": given.read_text(), **inputs}
    about = info.get(_OURS)
    if not isinstance(about, Mapping):
        sampler = info.get("sampler")
        names = list(sampler) if isinstance(sampler, Mapping) else []
        method = str(names[0]) if names else ""
        rows = {"sampler": method} if method else {}
        program = "Cobaya" if info else "GetDist's format"
        return Record(program, method, rows, inputs, files=(*files, updated))
    config = Path(str(about.get("config", "")))
    if config.is_file() and about.get("config_sha256") == sha256_of(config):
        inputs = {f"The input, {config}": config.read_text(), **inputs}
    runs = {k: v for k, v in about.items() if k.startswith("jaxlike_") and isinstance(v, Mapping)}
    name = next(iter(runs), "")
    method = name.removeprefix("jaxlike_")
    return Record(
        "jaxlike", method, _rows(about, method), inputs, runs.get(name, {}), tuple(files), about
    )


def _rows(about: Mapping[str, Any], method: str) -> dict[str, str]:
    """What to tell of a run of ours, in order."""
    rows = {"command": about.get("command"), "date": about.get("date")}
    rows |= {"input": about.get("config"), "method": method, "seed": about.get("seed")}
    options = {
        k: v
        for k, v in about.items()
        if k not in (*_NO_OPTIONS, "seed") and not isinstance(v, Mapping)
    }
    rows["options"] = ", ".join(f"{name} = {value}" for name, value in options.items())
    versions = {_OURS: about.get("version"), "jax": about.get("jax")}
    versions |= dict(about.get("versions") or {})
    rows["versions"] = ", ".join(f"{name} {v}" for name, v in versions.items() if v)
    rows["devices"] = about.get("devices")
    return {name: str(value) for name, value in rows.items() if value not in (None, "")}


def _of_cosmosis(files: list[Path]) -> Record:
    """Of the settings and the pipeline's files, which stand as comments in the chain."""
    lines = files[0].read_text(errors="replace").splitlines()
    settings = dict(
        line[1:].split("=", 1) for line in lines if line.startswith("#") and "=" in line[:40]
        if not line.startswith("##")
    )  # fmt: skip
    method = settings.get("sampler", "")
    known = ("sampler", "nvaried", "n_varied", "timestamp", "nsample", "version")
    rows = {name: settings[name].partition("#")[0] for name in known if settings.get(name)}
    text = "\n".join(line[2:].removeprefix(" ") for line in lines if line.startswith("##"))
    inputs = {"The pipeline's files, from the chain": text} if text else {}
    return Record("CosmoSIS", method, rows, inputs, files=tuple(files))


def _yaml(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        found = parse_yaml(file.read_text())
    except (YamlError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, Mapping) else {}
