"""How do GDELT's event files lie? Versions 1.0 and 2.0: tab-separated, without a header, told apart by width.

Version 1.0 has 57 columns until the spring of 2013 and 58 since, when SOURCEURL came; version 2.0 has 61, with the
ADM2 code of each of three places. All columns up to the first place are the same. The layouts were checked on raw
files of 2013, 2015, 2016 and 2019.

GDELT's own QuadClass puts root code 09 under material cooperation and 14 under verbal conflict in those files,
where CAMEO's order has verbal conflict and material conflict. `scan_files` takes the class of the root code unless
told otherwise, so that GDELT and ICEWS are classed alike.
"""

from tripoint.sources.events.layouts import Layout

_SHARED = {
    "id": 0, "day": 1, "source": 7, "source_role": 12, "target": 17, "target_role": 22, "code": 28, "quad": 29,
    "goldstein": 30, "mentions": 31,
}  # fmt: skip

GDELT_1 = Layout(
    "GDELT 1.0", "gdelt", (57, 58), {**_SHARED, "place": 51, "added": 56, "address": 57}, header=False
)
GDELT_2 = Layout(
    "GDELT 2.0", "gdelt", (61,), {**_SHARED, "place": 53, "added": 59, "address": 60}, header=False
)
LAYOUTS = (GDELT_1, GDELT_2)

#: Parts of the world in CAMEO's list of countries, which are no states.
REGIONS = (
    "AFR", "ASA", "BLK", "CAS", "CAU", "CEU", "CFR", "CRB", "EAF", "EEU", "EIN", "EUR", "LAM", "MDT", "MEA", "NAF",
    "NMR", "PGS", "SAF", "SAM", "SAS", "SCN", "SEA", "WAF", "WST",
)  # fmt: skip
