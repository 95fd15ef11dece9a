"""How do POLECAT event files lie? Tab-separated with a header; PLOVER's codes, actors that may be of several states.

Columns are found by name: the score is ``Intensity`` in some releases and ``Event Intensity`` in others, and other
columns come and go. ``None`` is a field with nothing in it. Countries are ISO codes, several of them with semicolons
between them: such a row is an event of every source with every target, and counts once for each pair of states.
Some files hold lines with too many tabs, or name the columns again in the middle: both are counted and dropped.
Where a line only has empty fields too many at its end, it is kept.

There is no CAMEO code. The quad class is the provider's; the score runs from -10 to 10 as Goldstein's does, on
PLOVER's own scale: the two break where a series goes from ICEWS to POLECAT.
"""

from tripoint.sources.events.layouts import HeaderLayout

POLECAT = HeaderLayout(
    "POLECAT",
    "polecat",
    {
        "id": ("event id",),
        "day": ("event date",),
        "source": ("actor country",),
        "source_role": ("primary actor sector",),
        "target": ("recipient country",),
        "target_role": ("primary recipient sector",),
        "quad": ("quad code",),
        "goldstein": ("event intensity", "intensity"),
        "place": ("country",),
    },
    optional=("source_role", "target_role", "place"),
)

#: The provider's words for the four classes.
QUADS = {
    "VERBAL COOPERATION": 1,
    "MATERIAL COOPERATION": 2,
    "VERBAL CONFLICT": 3,
    "MATERIAL CONFLICT": 4,
}
