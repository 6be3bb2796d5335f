"""The figures of the page, each as a PNG that stands in the page itself."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jaxlike.inference.results.convert import inference_data_of_draws
from jaxlike.inference.results.draws import Draws
from jaxlike.plots.contours import default_names, draws_as_samples, triangle_plot
from jaxlike.plots.data_vector import data_vector_plot
from jaxlike.plots.predictive import chi2_plot
from jaxlike.plots.residuals import residual_strip
from jaxlike.plots.traces import trace_and_rank_plots
from jaxlike.report.fit import BANDS, Fit

_COLOURS = 96  # of a figure: lines, points and a few fillings
_LARGEST = 450_000  # bytes of a figure; what is larger is made smaller
_CORNERS = 5  # parameters of the triangle: more take seconds, and are small on a phone
_FINE_BINS = 128  # half of GetDist's: in four times less time the same to the eye
_WIDE = 1000  # pixels, above which a figure is not squeezed into the width of a phone


@dataclass(frozen=True)
class Picture:
    """A figure: what it is called, what it shows, its PNG, and its size in pixels."""

    title: str
    caption: str
    png: bytes
    width: int
    height: int

    @property
    def url(self) -> str:
        """The figure in a URL of its own."""
        return f"data:image/png;base64,{b64encode(self.png).decode()}"

    @property
    def is_wide(self) -> bool:
        """Whether it is too wide for a phone."""
        return self.width > _WIDE


def picture(title: str, caption: str, file: Path) -> Picture:
    """An image in a file, in few colours."""
    from PIL import Image

    with Image.open(file) as image:
        shown = image.convert("RGB")
    while True:
        buffer = BytesIO()
        shown.quantize(_COLOURS).save(buffer, "PNG")
        if buffer.tell() <= _LARGEST or shown.width < _WIDE:
            return Picture(title, caption, buffer.getvalue(), shown.width, shown.height)
        shown = shown.resize((int(0.8 * shown.width), int(0.8 * shown.height)))


def drawn(draw: Callable[[str], Sequence[tuple[str, str, Path]]]) -> list[Picture]:
    """What a function draws into files of a stem, with titles and captions."""
    with TemporaryDirectory() as folder:
        return [picture(*one) for one in draw(f"{folder}/figure")]


def triangle(draws: Draws, label: str, known: Sequence[str]) -> list[Picture]:
    """The posterior of the parameters that tell most, of those that the data have made `known`."""
    names = default_names(known or draws.names)[:_CORNERS]
    samples = draws_as_samples(draws, label, fine_bins_2D=_FINE_BINS)
    caption = (
        f"Marginal posteriors of {', '.join(names)}: contours hold 68 % and 95 % of it. Other "
        "parameters: jaxlike plot --params."
    )

    def draw(stem: str) -> list[tuple[str, str, Path]]:
        path = triangle_plot(samples, f"{stem}.png", names=names)
        return [("Posterior", caption, path)]

    return drawn(draw)


def movements(draws: Draws, names: Sequence[str]) -> list[Picture]:
    """How chains moved: traces and ranks of some parameters."""
    captions = {
        "trace": "Densities of each chain at the left, their draws in order at the right: chains "
        "that agree lie over each other and look like noise.",
        "rank": "Ranks of each chain's draws among all: flat where chains agree "
        "(arXiv:1903.08008).",
    }

    def draw(stem: str) -> list[tuple[str, str, Path]]:
        paths = trace_and_rank_plots(inference_data_of_draws(draws), stem, names)
        pairs = zip(captions.items(), paths, strict=True)
        return [(f"{kind.capitalize()}s", text, path) for (kind, text), path in pairs]

    return drawn(draw)


def data_and_theory(fit: Fit) -> list[Picture]:
    """Data vectors with bands of the theory, and what is left of them."""
    held = " and ".join(f"{100 * share:.0f} %" for share in sorted(BANDS))
    captions = {
        "Data and theory": "Measured points with their errors, and the theory at the best draw. "
        f"Bands hold {held} of the posterior's theory at each point.",
        "Residuals": "Measured minus theory at the best draw, in units of the error of each point, "
        "pair after pair of bins; blue are those beyond three errors. Neighbours are correlated.",
    }

    def draw(stem: str) -> list[tuple[str, str, Path]]:
        found: list[tuple[str, str, Path]] = []
        for name, one in fit.of_each.items():
            of = f": {name}" if len(fit.of_each) > 1 else ""
            assert one.best is not None  # as `fit_of` has seen to
            data = one.data[name]
            title = f"{Path(data.source).name}, best draw"
            about: dict[str, Any] = {"bands": fit.bands[name], "title": title}
            vector = data_vector_plot(data, one.best, f"{stem}_{len(found)}_data.png", **about)
            strip = residual_strip(data, one.best, f"{stem}_{len(found)}_residuals.png", **about)
            pairs = zip(captions.items(), (vector, strip), strict=True)
            found += [(f"{what}{of}", caption, path) for (what, caption), path in pairs]
        return found

    return drawn(draw)


def replicated(fit: Fit) -> list[Picture]:
    """chi^2 of measured data beside that of replicated ones."""
    caption = (
        "chi² of the measured data over the posterior, beside that of data which the model itself "
        f"would make at {len(fit.checks[0].weights)} of its draws."
    )

    def draw(stem: str) -> list[tuple[str, str, Path]]:
        return [("Replicated data", caption, chi2_plot(fit.checks, f"{stem}.png"))]

    return drawn(draw)
