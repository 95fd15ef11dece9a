"""Event files made to measure, for tests: a row in each layout with any of its parts replaced."""

import io
import zipfile

GDELT_PLACES = {
    "id": 0, "day": 1, "source": 7, "source_role": 12, "target": 17, "target_role": 22, "code": 28, "quad": 29,
    "goldstein": 30, "mentions": 31,
}  # fmt: skip
LATER = {57: {"place": 51, "added": 56}, 58: {"place": 51, "added": 56, "address": 57},
         61: {"place": 53, "added": 59, "address": 60}}  # fmt: skip
SOUND = {
    "id": "500000001", "day": "20151027", "source": "RUS", "source_role": "GOV", "target": "KAZ", "target_role": "",
    "code": "04", "quad": "1", "goldstein": "2.8", "mentions": "3", "place": "KZ", "added": "20151027220000",
    "address": "https://example.org/1",
}  # fmt: skip
ICEWS_HEADER = (
    "Event ID", "Event Date", "Source Name", "Source Sectors", "Source Country", "Event Text", "CAMEO Code",
    "Intensity", "Target Name", "Target Sectors", "Target Country", "Story ID", "Sentence Number", "Publisher",
    "City", "District", "Province", "Country", "Latitude", "Longitude",
)  # fmt: skip
POLECAT_HEADER = (
    "Event ID", "Event Date", "Event Type", "Event Mode", "Intensity", "Quad Code", "Contexts", "Actor Name",
    "Actor Country", "Actor COW", "Primary Actor Sector", "Recipient Name", "Recipient Country", "Recipient COW",
    "Primary Recipient Sector", "Placename", "Country", "Language", "Version",
)  # fmt: skip


def gdelt_row(width=61, **parts):
    """One line of GDELT, without its end."""
    fields = [""] * width
    said = {**SOUND, **parts}
    for part, column in {**GDELT_PLACES, **LATER[width]}.items():
        fields[column] = said[part] if part != "added" or width == 61 else said[part][:8]
    return "\t".join(fields).encode()


def named_row(header, **parts):
    """One line of a layout with a header; parts by column name, with underscores for spaces."""
    fields = dict.fromkeys(header, "")
    fields.update({name.replace("_", " "): value for name, value in parts.items()})
    return "\t".join(fields[name] for name in header).encode()


def icews_row(**parts):
    """One line of ICEWS."""
    sound = {
        "Event_ID": "1", "Event_Date": "2018-06-01", "Source_Country": "Russian Federation",
        "Source_Sectors": "Government", "CAMEO_Code": "040", "Intensity": "1", "Target_Country": "Kazakhstan",
        "Target_Sectors": "NA", "Country": "Kazakhstan",
    }  # fmt: skip
    return named_row(ICEWS_HEADER, **{**sound, **parts})


def polecat_row(**parts):
    """One line of POLECAT."""
    sound = {
        "Event_ID": "a_1", "Event_Date": "2023-06-01", "Intensity": "-2.5", "Quad_Code": "VERBAL CONFLICT",
        "Actor_Country": "RUS", "Primary_Actor_Sector": "GOV", "Recipient_Country": "KAZ",
        "Primary_Recipient_Sector": "None", "Country": "KAZ",
    }  # fmt: skip
    return named_row(POLECAT_HEADER, **{**sound, **parts})


def header_line(header):
    """The first line of a layout with a header."""
    return "\t".join(header).encode()


def lined(*lines):
    """Lines with their ends."""
    return b"".join(line + b"\n" for line in lines)


def zipped(text, name="events.csv", method=zipfile.ZIP_DEFLATED):
    """The bytes of a zip file with one member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, text)
    return out.getvalue()
