"""A slow reader of event files that is easy to see through: one row after the other, as text, in plain Python.

It shares with the real one the names of columns, regions and sectors, and nothing that reads or counts.
"""

import gzip
import re
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache

from tripoint.core.states import by_code, find_state
from tripoint.errors import UnknownStateError
from tripoint.sources.events import gdelt, icews, polecat
from tripoint.sources.events.stamps import stamp_of

NOTHING = ("", "NA", "NULL", "None", "none", "NONE")


class Dropped(Exception):  # noqa: N818 - a reason, not an error
    pass


class Reader:
    """Reads files one by one; what was kept before is known to the files after."""

    def __init__(self, *, by_day=False, published=False, latest=date(2030, 1, 1)):
        self.by_day, self.published, self.latest = by_day, published, latest
        self.ids, self.said = set(), set()
        self.cells = defaultdict(lambda: [0, 0, Decimal(0), 0])
        self.dropped, self.shown, self.rows, self.kept = {}, {}, {}, {}

    def read(self, path, layout=None):
        raw = path.read_bytes()
        text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        lines = text.split(b"\n")
        if not lines[-1]:
            lines.pop()
        names = [name.strip().strip('"').lower() for name in lines[0].decode("utf-8", "replace").split("\t")]
        while names and not names[-1]:
            names.pop()
        kind, columns, widths, first = layout_of(names, lines, layout)
        counts, shown, kept = Counter(), defaultdict(list), 0
        for number, line in enumerate(lines[first:], first + 1):
            try:
                self.count(self.event(kind, columns, widths, line, stamp_of(path) or self.latest))
                kept += 1
            except Dropped as reason:
                counts[str(reason)] += 1
                shown[str(reason)].append(number)
        self.dropped[path], self.rows[path], self.kept[path] = dict(counts), len(lines) - first, kept
        self.shown[path] = {reason: tuple(numbers[:5]) for reason, numbers in shown.items()}

    def event(self, kind, columns, widths, line, last):
        fields = sound_fields(kind, columns, widths, line)
        part = {name: fields[column] for name, column in columns.items() if column < len(fields)}
        if not part["id"] or (kind != "polecat" and not re.fullmatch(r"[0-9]{1,20}", part["id"])):
            raise Dropped("bad event id")
        day = day_of(kind, part, last)
        root, quad = class_of(kind, part, self.published)
        score = score_of(kind, part["goldstein"])
        mentions = mentions_of(part.get("mentions", "0"))
        roles = tuple(role_of(kind, part.get(name, "")) for name in ("source_role", "target_role"))
        pairs = pairs_of(kind, part)
        place = place_of(kind, part.get("place", ""))
        said = None
        if part.get("address"):
            said = (day, pairs, roles, root, part["address"])
        return part["id"], said, day, pairs, roles, quad, place, score, mentions

    def count(self, event):
        known, said, day, pairs, roles, quad, place, score, mentions = event
        if known in self.ids:
            raise Dropped("repeated event id")
        if said is not None and said in self.said:
            raise Dropped("duplicate")
        self.ids.add(known)
        self.said.add(said)
        for source, target in pairs:
            period = day if self.by_day else f"{day.year}-{day.month:02d}"
            cell = self.cells[period, source, roles[0], target, roles[1], quad, place]
            cell[0] += 1
            cell[1] += score is not None
            cell[2] += score or 0
            cell[3] += mentions


def layout_of(names, lines, known=None):
    for layout in (icews.ICEWS, polecat.POLECAT):
        if all(part in layout.optional or set(words) & set(names) for part, words in layout.names.items()):
            columns = {
                part: names.index(next(word for word in reversed(words) if word in names))
                for part, words in layout.names.items()
                if set(words) & set(names)
            }
            return layout.provider, columns, (len(names),), 1
    seen = [line.count(b"\t") + 1 for line in lines[:200]]
    width = max(set(seen), key=lambda one: (seen.count(one), one))
    one = next(
        layout for layout in gdelt.LAYOUTS if layout.name == known or (not known and width in layout.widths)
    )
    return "gdelt", one.columns, one.widths, 0


def sound_fields(kind, columns, widths, line):
    if line.endswith(b"\r") and line.split(b"\t")[-1] != b"":
        line = line[:-1]
    if len(line) > 2**20:
        raise Dropped("line too long")
    if b"\0" in line:
        raise Dropped("NUL byte")
    try:
        fields = line.decode("utf-8").split("\t")
    except UnicodeDecodeError:
        raise Dropped("bad encoding") from None
    if kind != "gdelt":
        fields = [bare(field) for field in fields]
        if columns["id"] < len(fields) and fields[columns["id"]] in ("Event ID", "event_id"):
            raise Dropped("repeated header")
        surplus = line.decode("utf-8").split("\t")[max(widths) :]
        if len(fields) <= 128 and not any(surplus):
            fields = fields[: max(widths)]
    if not min(widths) <= len(fields) <= max(widths):
        raise Dropped("bad column count")
    return fields


def bare(field):
    field = field.strip(" ")
    return field[1:-1] if len(field) >= 2 and field[0] == field[-1] == '"' else field


def calendar(text, pattern):
    match = re.match(pattern, text, re.ASCII)
    if match is None:
        raise Dropped("bad date")
    try:
        return date(*map(int, match.groups()[:3]))
    except ValueError:
        pass
    # A day long ago is one even if its year was no leap year.
    try:
        if 0 < int(match[1]) < 1970:
            date(2000, int(match[2]), int(match[3]))
            return date(1, 1, 1)
    except ValueError:
        pass
    raise Dropped("bad date")


def day_of(kind, part, last):
    compact = r"(\d{4})(\d{2})(\d{2})"
    pattern = rf"{compact}\Z" if kind == "gdelt" else r"(\d{4})-(\d{2})-(\d{2})(?:[ T]|\Z)"
    day = calendar(part["day"], pattern)
    if "added" in part:
        last = min(last, calendar(part["added"], compact))
    if day < date(1979, 1, 1):
        raise Dropped("before 1979")
    if day > last:
        raise Dropped("in the future")
    return day


def class_of(kind, part, published):
    if kind == "polecat":
        if part["quad"] not in polecat.QUADS:
            raise Dropped("bad code")
        return None, polecat.QUADS[part["quad"]]
    pattern = r"[0-9]{2}" if kind == "gdelt" else r"[0-9]{3,4}"
    root = int(part["code"][:2]) if re.fullmatch(pattern, part["code"]) else 0
    if not 1 <= root <= 20 or ("quad" in part and part["quad"] not in ("1", "2", "3", "4")):
        raise Dropped("bad code")
    if published and "quad" in part:
        return root, int(part["quad"])
    return root, 1 + sum(root > bound for bound in (5, 8, 13))


def score_of(kind, text):
    if not text or (text == "NA" and kind != "gdelt"):
        return None
    try:
        if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]+)?", text):
            raise InvalidOperation
        score = Decimal(text)
        if abs(score) > 10 or score != round(score, 2):
            raise InvalidOperation
    except InvalidOperation:
        raise Dropped("bad Goldstein") from None
    return score


def mentions_of(text):
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise Dropped("bad mentions")
    if int(text) < 0:
        raise Dropped("negative mentions")
    return int(text)


def role_of(kind, text):
    if kind == "polecat":
        text = bare(text.split(";")[0])
        return text if re.fullmatch("[A-Z]{3}", text) else None
    if kind == "icews":
        sectors = {bare(sector) for sector in text.split(",")}
        return next((role for role, meant in icews.ROLES.items() if sectors & set(meant)), None)
    if text and not re.fullmatch("[A-Z]{3}", text):
        raise Dropped("bad role")
    return text or None


@cache
def meant(kind, text):
    if kind == "gdelt":
        if text == "":
            return "nobody"
        if text in gdelt.REGIONS:
            return "region"
        return coded("cameo", text) or "unknown"
    if text in NOTHING:
        return "nobody"
    if kind == "icews" and text in icews.SPELLINGS:
        return icews.SPELLINGS[text]
    try:
        state = find_state(text)
    except UnknownStateError:
        return "unknown"
    spelled = {state.name, *state.aliases, *(one.value for one in state.labels if one.system == "name")}
    if kind == "polecat":
        spelled.add(state.iso3)
    return state.iso3 if text in spelled else "unknown"


def coded(system, text):
    try:
        return by_code(system, text).iso3 if text == text.strip().upper() and text else None
    except UnknownStateError:
        return None


def actors_of(kind, text):
    words = [bare(word) for word in text.split(";")] if kind == "polecat" else [bare(text)]
    meanings = [meant(kind, word) for word in words if word]
    found = tuple(dict.fromkeys(word for word in meanings if len(word) == 3))
    if len(found) > 32:
        return ("unknown",)
    for worst in ("unknown", "region"):
        if not found and worst in meanings:
            return (worst,)
    return found


def pairs_of(kind, part):
    sources, targets = actors_of(kind, part["source"]), actors_of(kind, part["target"])
    if not sources:
        raise Dropped("no source")
    if not targets:
        raise Dropped("no target")
    if "unknown" in sources:
        raise Dropped("unknown source")
    if "unknown" in targets:
        raise Dropped("unknown target")
    if "region" in (*sources, *targets):
        raise Dropped("region, not state")
    pairs = tuple((source, target) for source in sources for target in targets if source != target)
    if not pairs:
        raise Dropped("same state")
    return pairs


def place_of(kind, text):
    if kind == "gdelt":
        return coded("fips", text)
    found = meant(kind, text)
    return found if len(found) == 3 else None
