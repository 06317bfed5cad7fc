"""``partita draw``: one picture as SVG, PNG or PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from partita._core.errors import InvalidParameterError, did_you_mean
from partita.cli._run import guarded, load, print_json, tell

_TREEMAPS = ("squarified", "rectangular", "polygonal", "convex", "orthoconvex")
_OTHERS = ("dendrogram", "icicle", "hyperbolic")
_SIDE = 800.0


@guarded
def draw(
    name: Annotated[Path, typer.Argument(help="A .partita folder.", metavar="NAME.partita")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="An .svg, .png or .pdf file; default: NAME.svg, here."),
    ] = None,
    layout: Annotated[
        str,
        typer.Option(help=f"A treemap: {', '.join(_TREEMAPS)}; or {', '.join(_OTHERS)}."),
    ] = "squarified",
    width: Annotated[float | None, typer.Option(help="Pixels.")] = None,
    height: Annotated[float | None, typer.Option(help="Pixels.")] = None,
    depth: Annotated[
        int | None, typer.Option(min=0, help="Levels of the tree below the root; default: all.")
    ] = None,
    level: Annotated[
        list[int] | None,
        typer.Option(help="The parts of this named level alone; may be repeated."),
    ] = None,
    theme: Annotated[str, typer.Option(help="auto, light or dark.")] = "auto",
    title: Annotated[str | None, typer.Option(help="What the picture is, for screen readers.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary.")] = False,
) -> None:
    """Draw the parts: a treemap, a dendrogram, an icicle or the hyperbolic disc."""
    _check_layout(layout)
    h = load(name)
    size: dict[str, Any] = {"width": width, "height": height}
    options = {key: value for key, value in size.items() if value is not None}
    drawing = _drawing(h, layout, depth, level, {**options, "theme": theme, "title": title})
    path = drawing.save(out or Path(f"{name.stem}.svg"))
    if as_json:
        facts = {"aspect": drawing.aspect, "area_error": drawing.area_error, **drawing.measures}
        print_json({"path": str(path), "kind": drawing.kind, "bytes": path.stat().st_size, **facts})
    else:
        typer.echo(str(path))
        tell(repr(drawing))


def _check_layout(layout: str) -> None:
    known = _TREEMAPS + _OTHERS
    if layout not in known:
        raise InvalidParameterError(
            f"There is no layout {layout!r}.",
            name="layout",
            allowed=", ".join(known),
            hint=did_you_mean(layout, known),
        )


def _drawing(h: Any, layout: str, depth: int | None, level: list[int] | None, options: dict[str, Any]) -> Any:
    from partita import draw as room

    chosen: dict[str, Any] = {"depth": depth, "levels": level or None}
    if layout in _TREEMAPS:
        return room.treemap(h, layout, **chosen, **options)
    if layout == "hyperbolic":
        return _disc(room, h, depth, level, options)
    return getattr(room, layout)(h, **chosen, **options)


def _disc(room: Any, h: Any, depth: int | None, level: list[int] | None, options: dict[str, Any]) -> Any:
    if level:
        raise InvalidParameterError(
            "--level is not for the hyperbolic disc.", name="level", hint="use --depth"
        )
    side = min(options.pop("width", _SIDE), options.pop("height", _SIDE))
    return room.hyperbolic(h, depth=depth, size=side, **options)
