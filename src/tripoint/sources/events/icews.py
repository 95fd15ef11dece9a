"""How do ICEWS event files lie? Tab-separated with a header; countries by name, roles by the sectors of an actor.

Columns are found by name, so that their order and further columns do not matter; the names are the 20 of the yearly
files, checked on a raw file of 2018, and the same in lower case with underscores, as R users save them.
Quotation marks around a field are taken off. Countries are missing as an empty field, ``NA`` or ``NULL``.
Duplicates are not looked for beyond repeated event ids: a row of ICEWS names its story by a number, not an address,
and what it holds has gone through the provider's own rules.

An actor has many sectors; its role is the first in `ROLES` that is among them. The order is ours: those who carry
arms or hold office go before what they believe in.
"""

from tripoint.sources.events.layouts import HeaderLayout


def _names(*words: str) -> tuple[str, ...]:
    return (*words, *(word.replace(" ", "_") for word in words if " " in word))


ICEWS = HeaderLayout(
    "ICEWS",
    "icews",
    {
        "id": _names("event id"),
        "day": _names("event date"),
        "source": _names("source country"),
        "source_role": _names("source sectors"),
        "target": _names("target country"),
        "target_role": _names("target sectors"),
        "code": _names("cameo code"),
        "goldstein": ("intensity",),
        "place": ("country",),
    },
    optional=("source_role", "target_role", "place"),
)

#: Names that ICEWS uses and the table of states does not have, or has for two.
SPELLINGS = {
    "Bonaire": "BES",
    "Bosnia and Herzegovina": "BIH",
    "Congo": "COG",
    "Cook Island": "COK",
    "Cote d'Ivoire": "CIV",
    "Reunion": "REU",
    "Saint Barthelemy": "BLM",
    "Saint Martin (French part)": "MAF",
    "U.S. Virgin Islands": "VIR",
    "the former Yugoslav Republic of Macedonia": "MKD",
}

#: Role in CAMEO's letters to the sectors that mean it, the ones that decide first.
ROLES: dict[str, tuple[str, ...]] = {
    "MIL": ("Military", "Army", "Navy", "Air Force", "Marines", "Military Intelligence"),
    "COP": ("Police",),
    "REB": ("Rebel", "Insurgents", "Separatists", "Organized Violent", "International Insurgents"),
    "CRM": ("Criminals / Gangs",),
    "UAF": ("Unidentified Forces",),
    "JUD": ("Judicial",),
    "LEG": ("Legislative / Parliamentary", "Lower House", "Upper House", "Unicameral"),
    "GOV": ("Government", "Executive", "Executive Office", "Cabinet", "Foreign Ministry"),
    "OPP": (
        "Opposition Major Party (Out Of Government)", "Dissident", "Protestors / Popular Opposition / Mobs",
        "International Dissident",
    ),
    "IGO": ("International Government Organization",),
    "NGO": ("Nongovernmental Organizations / Activists", "Nongovernmental Organization (International)"),
    "MNC": ("Multinational Corporation",),
    "BUS": ("Business", "State Owned Enterprises"),
    "MED": ("Media", "News", "Print News", "State Media", "Television News"),
    "EDU": ("Education",),
    "HLH": ("Medical / Health",),
    "LAB": ("Labor",),
    "PTY": ("Parties", "(National) Major Party", "(National) Minor Party"),
    "CVL": ("General Population / Civilian / Social", "Social"),
}  # fmt: skip
