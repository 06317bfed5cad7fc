"""What every drawing function returns: an SVG text that knows what was measured on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from partita._core.atomic import written_aside
from partita._core.errors import InvalidParameterError
from partita._core.optional import require


@dataclass(frozen=True, repr=False)
class Drawing:
    """A picture as SVG text, with what was measured on it.

    The text is the same on every run and machine. It holds no script, fetches nothing and needs no font.

    Parameters
    ----------
    svg : str
        The picture, a complete SVG document.
    kind : str
        What was drawn, in a word or two.
    width, height : float
        Size in pixels.
    aspect : float or None
        The largest aspect ratio of a leaf: the area of the smallest axis-parallel square around it, over its
        own area. 1 for squares. None where it means nothing.
    area_error : float or None
        The largest relative difference between a leaf's share of the area and its share of the weight.
    measures : mapping of str to float
        Whatever else was measured, by name.

    Examples
    --------
    >>> import partita as pt
    >>> drawing = pt.draw.treemap(pt.Hierarchy.from_labels([[0, 0, 1, 1]]))
    >>> drawing
    Drawing(squarified treemap, 960 x 600, aspect 1.25, area error 0; leaves 2)
    >>> drawing.svg.startswith("<svg")
    True
    """

    svg: str
    kind: str
    width: float
    height: float
    aspect: float | None = None
    area_error: float | None = None
    measures: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measures", MappingProxyType(dict(self.measures)))

    def __repr__(self) -> str:
        facts = [self.kind, f"{self.width:g} x {self.height:g}"]
        if self.aspect is not None:
            facts.append(f"aspect {self.aspect:.4g}")
        if self.area_error is not None:
            facts.append(f"area error {self.area_error:.2g}")
        measured = ", ".join(f"{name} {value:.6g}" for name, value in self.measures.items())
        return f"Drawing({', '.join(facts)}{'; ' if measured else ''}{measured})"

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        state = (self.svg, self.kind, self.width, self.height, self.aspect, self.area_error)
        return Drawing, (*state, dict(self.measures))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return self.svg

    def save(self, path: str | os.PathLike[str], *, scale: float = 2.0) -> Path:
        """Write the picture to a file, aside and renamed, so that an old file stays whole when writing fails.

        Parameters
        ----------
        path : path-like
            A name that ends in ``.svg``; or in ``.png`` or ``.pdf``, for which the extra ``draw`` is needed.
        scale : float
            Pixels of a ``.png`` for one of the drawing.

        Returns
        -------
        path : Path
            The file that was written.

        Raises
        ------
        InvalidParameterError
            For another ending, a folder that doesn't exist, or a scale that isn't positive.
        MissingPackageError
            For ``.png`` and ``.pdf`` when CairoSVG isn't installed.
        """
        target = Path(path)
        convert = _converter(target, scale)
        with written_aside(target) as aside:
            aside.write_bytes(convert(self.svg))
        return target


def _converter(target: Path, scale: float) -> Callable[[str], bytes]:
    """How SVG text becomes the bytes of a file with this ending."""
    ending = target.suffix.lower()
    if ending == ".svg":
        return lambda svg: svg.encode("utf-8")
    if ending not in (".png", ".pdf"):
        raise InvalidParameterError(
            f"A drawing can't be written to {target.name!r}.",
            name="path",
            allowed="a name that ends in .svg, .png or .pdf",
            got=str(target),
        )
    if not 0 < scale < float("inf"):
        raise InvalidParameterError("scale must be positive.", name="scale", got=scale)
    cairosvg = require("cairosvg", extra="draw", purpose=f"Writing a {ending} file")
    if ending == ".png":
        return lambda svg: cairosvg.svg2png(bytestring=svg.encode("utf-8"), scale=scale)
    return lambda svg: cairosvg.svg2pdf(bytestring=svg.encode("utf-8"))
