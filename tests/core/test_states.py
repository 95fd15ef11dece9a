"""A name or a code means one state, and says so loudly when it does not."""

import unicodedata
from datetime import date
from pathlib import Path

import polars as pl
import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.core.states import (
    CODE_SYSTEMS,
    POWERS,
    Label,
    all_states,
    by_code,
    find_state,
    normalise_name,
    resolve_successor,
    state,
    states_on,
)
from tripoint.errors import UnknownNameError, UnknownStateError

SHARED = Path(__file__).parents[2].parent / "shared"

# Not ISO 3166, and said so in the module: Kosovo, Zanzibar, the Republic of Viet-Nam.
OWN_CODES = {"XKX", "EAZ", "RVN"}

NAMES = [
    ("KAZ", "KAZ"),
    ("kz", "KAZ"),
    ("Kazakhstan", "KAZ"),
    ("Türkiye", "TUR"),
    ("Turkiye", "TUR"),
    ("TURKEY", "TUR"),
    ("Turkey", "TUR"),
    ("TÜRKİYE", "TUR"),
    ("Türkiye (Turkey)", "TUR"),
    ("Türkiye, Rep of", "TUR"),
    ("Republic of Korea", "KOR"),
    ("Korea, Republic of", "KOR"),
    ("REPUBLIC OF KOREA", "KOR"),
    ("Korea, Rep.", "KOR"),
    ("South Korea", "KOR"),
    ("Democratic People's Republic of Korea", "PRK"),
    ("DEMOCRATIC PEOPLE’S REPUBLIC OF KOREA", "PRK"),
    ("Korea, Dem. People's Rep.", "PRK"),
    ("USSR", "RUS"),
    ("SUN", "RUS"),
    ("Union of Soviet Socialist Republics", "RUS"),
    ("Soviet Union", "RUS"),
    ("RUSSIAN FEDERATION", "RUS"),
    ("Byelorussian SSR", "BLR"),
    ("Ukrainian SSR", "UKR"),
    ("Czechoslovakia", "CSK"),
    ("Slovak Republic", "SVK"),
    ("Czech Republic", "CZE"),
    ("Yugoslavia", "YUG"),
    ("Serbia and Montenegro", "SCG"),
    ("Zaire", "COD"),
    ("Congo, Dem. Rep.", "COD"),
    ("CONGO (DEMOCRATIC REPUBLIC OF THE)", "COD"),
    ("Congo, Rep.", "COG"),
    ("Republic of the Congo", "COG"),
    ("Guinea", "GIN"),
    ("Equatorial Guinea", "GNQ"),
    ("Burma", "MMR"),
    ("Swaziland", "SWZ"),
    ("Cape Verde", "CPV"),
    ("CABO VERDE", "CPV"),
    ("Côte d'Ivoire", "CIV"),
    ("COTE D’IVOIRE", "CIV"),
    ("Ivory Coast", "CIV"),
    ("Macedonia, FYR", "MKD"),
    ("The former Yugoslav Republic of Macedonia", "MKD"),
    ("German Federal Republic", "DEU"),
    ("Federal Republic of Germany", "DEU"),
    ("GERMANY, FEDERAL REPUBLIC OF", "DEU"),
    ("German Democratic Republic", "DDR"),
    ("Yemen Arab Republic", "YEM"),
    ("Yemen, Rep.", "YEM"),
    ("Democratic Yemen", "YMD"),
    ("YEMEN, DEMOCRATIC", "YMD"),
    ("BOLIVIA (PLURINATIONAL STATE OF)", "BOL"),
    ("IRAN (ISLAMIC REPUBLIC OF)", "IRN"),
    ("Iran, Islamic Rep.", "IRN"),
    ("MICRONESIA (FEDERATED STATES OF)", "FSM"),
    ("UNITED STATES", "USA"),
    ("United States of America", "USA"),
    ("UNITED KINGDOM", "GBR"),
    ("UK", "GBR"),
    ("VIET NAM", "VNM"),
    ("Vietnam", "VNM"),
    ("VDR", "VNM"),
    ("Republic of Vietnam", "RVN"),
    ("LAO PEOPLE'S DEMOCRATIC REPUBLIC", "LAO"),
    ("Lao PDR", "LAO"),
    ("UNITED REPUBLIC OF TANZANIA", "TZA"),
    ("Tanganyika", "TZA"),
    ("ZANZIBAR", "EAZ"),
    ("SYRIAN ARAB REPUBLIC", "SYR"),
    ("REPUBLIC OF MOLDOVA", "MDA"),
    ("LIBYAN ARAB JAMAHIRIYA", "LBY"),
    ("Egypt, Arab Rep.", "EGY"),
    ("Kyrgyz Republic", "KGZ"),
    ("Venezuela, RB", "VEN"),
    ("VENEZUELA (BOLIVARIAN REPUBLIC OF)", "VEN"),
    ("Bahamas, The", "BHS"),
    ("St. Kitts and Nevis", "KNA"),
    ("SAINT VINCENT AND THE GRENADINES", "VCT"),
    ("Hong Kong SAR, China", "HKG"),
    ("China, P.R.: Hong Kong", "HKG"),
    ("Macao SAR, China", "MAC"),
    ("China, P.R.: Mainland", "CHN"),
    ("People's Republic of China", "CHN"),
    ("Taiwan, China", "TWN"),
    ("Republic of China", "TWN"),
    ("Kosovo, Republic of", "XKX"),
    ("West Bank and Gaza", "PSE"),
    ("STATE OF PALESTINE", "PSE"),
    ("Netherlands Antilles", "ANT"),
    ("Aruba", "ABW"),
]


@pytest.mark.parametrize(("name", "iso3"), NAMES)
def test_names_that_sources_use(name: str, iso3: str) -> None:
    assert find_state(name).iso3 == iso3


@pytest.mark.parametrize(
    ("on", "iso3"),
    [
        (None, "CHN"),
        (date(1946, 1, 1), "TWN"),
        (date(1971, 10, 24), "TWN"),
        (date(1971, 10, 25), "CHN"),
        (date(2020, 1, 1), "CHN"),
        (date(1930, 1, 1), "CHN"),
    ],
)
def test_china_is_who_held_the_seat(on: date | None, iso3: str) -> None:
    assert find_state("CHINA", on=on).iso3 == iso3


def test_a_reused_iso2_code_is_told_apart_by_date() -> None:
    assert find_state("CS", on=date(1980, 1, 1)).iso3 == "CSK"
    assert by_code("iso2", "CS", on=date(2005, 1, 1)).iso3 == "SCG"
    with pytest.raises(UnknownStateError, match=r"Czechoslovakia.*Serbia and Montenegro.*give the day"):
        find_state("CS")
    with pytest.raises(UnknownStateError, match="on 2020-01-01"):
        by_code("iso2", "CS", on=date(2020, 1, 1))


@pytest.mark.parametrize(
    ("name", "candidates"),
    [("Korea", ("KOR", "PRK")), ("CONGO", ("COD", "COG")), ("Virgin Islands", ("VGB", "VIR"))],
)
def test_shared_names_raise_with_the_candidates(name: str, candidates: tuple[str, str]) -> None:
    with pytest.raises(UnknownStateError) as caught:
        find_state(name)
    assert repr(name) in str(caught.value)
    assert all(f"({iso3})" in str(caught.value) for iso3 in candidates)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("Kazahkstan", "'Kazakhstan' (KAZ)"), ("Uzbekstan", "'Uzbekistan' (UZB)"), ("Azerbijan", "(AZE)")],
)
def test_unknown_names_bring_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UnknownStateError) as caught:
        find_state(name)
    message = str(caught.value)
    assert repr(name) in message
    assert hint in message
    assert "ISO 3166" in message


@pytest.mark.parametrize(
    "name", ["", "   ", "?!", "Россия", "Atlantis", "World", "European Union", "QQQ", "-"]
)
def test_what_is_no_state_raises(name: str) -> None:
    with pytest.raises(UnknownStateError, match="no state is called"):
        find_state(name)


def test_state_takes_the_exact_code_only() -> None:
    assert state("KAZ").name == "Kazakhstan"
    for wrong in ("kaz", "KZ", "Kazakhstan", ""):
        with pytest.raises(UnknownStateError, match="three capital letters"):
            state(wrong)
    with pytest.raises(UnknownStateError, match=r"'SUN' \(RUS\)"):
        state("SUN")


@pytest.mark.parametrize(
    ("system", "code", "on", "iso3"),
    [
        ("cow", 2, None, "USA"),
        ("cow", 255, None, "DEU"),
        ("cow", 260, None, "DEU"),
        ("cow", 260, date(1980, 1, 1), "DEU"),
        ("cow", 255, date(2000, 1, 1), "DEU"),
        ("cow", 265, None, "DDR"),
        ("cow", 315, None, "CSK"),
        ("cow", 345, None, "SRB"),
        ("cow", 345, date(1985, 1, 1), "YUG"),
        ("cow", 345, date(2004, 1, 1), "SCG"),
        ("cow", 345, date(2010, 1, 1), "SRB"),
        ("cow", 347, None, "XKX"),
        ("cow", 365, date(1970, 1, 1), "RUS"),
        ("cow", 511, None, "EAZ"),
        ("cow", 678, None, "YEM"),
        ("cow", 679, None, "YEM"),
        ("cow", 680, None, "YMD"),
        ("cow", "705", None, "KAZ"),
        ("cow", 710, date(1960, 1, 1), "CHN"),
        ("cow", 713, date(1960, 1, 1), "TWN"),
        ("cow", 816, None, "VNM"),
        ("cow", 817, None, "RVN"),
        ("gw", 255, None, "DEU"),
        ("gw", 260, None, "DEU"),
        ("gw", 340, None, "SRB"),
        ("gw", 345, date(1970, 1, 1), "YUG"),
        ("gw", 678, None, "YEM"),
        ("gw", 816, None, "VNM"),
        ("cameo", "ROM", None, "ROU"),
        ("cameo", "TMP", None, "TLS"),
        ("cameo", "MTN", None, "MNE"),
        ("cameo", "gzs", None, "PSE"),
        ("cameo", "KSV", None, "XKX"),
        ("fips", "RS", None, "RUS"),
        ("fips", "CH", None, "CHN"),
        ("fips", "SZ", None, "CHE"),
        ("fips", "GM", None, "DEU"),
        ("fips", "AU", None, "AUT"),
        ("fips", "AS", None, "AUS"),
        ("fips", "KN", None, "PRK"),
        ("fips", "KS", None, "KOR"),
        ("fips", "KV", None, "XKX"),
        ("fips", "WE", None, "PSE"),
        ("iso2", "ch", None, "CHE"),
        ("iso2", "XK", None, "XKX"),
        ("numeric", 398, None, "KAZ"),
        ("numeric", "036", None, "AUS"),
        ("numeric", 280, None, "DEU"),
        ("numeric", 810, None, "RUS"),
        ("numeric", 891, date(2000, 1, 1), "YUG"),
        ("numeric", 891, date(2005, 1, 1), "SCG"),
    ],
)
def test_codes_of_other_systems(system: str, code: str | int, on: date | None, iso3: str) -> None:
    assert by_code(system, code, on=on).iso3 == iso3


def test_unknown_codes_and_systems_say_what_is_allowed() -> None:
    with pytest.raises(UnknownStateError, match="no state has the cow code 999"):
        by_code("cow", 999)
    with pytest.raises(UnknownStateError, match=r"'ZZ'.*such as 'KZ' for KAZ"):
        by_code("fips", "ZZ")
    with pytest.raises(UnknownNameError, match=r"no code system is called 'cowc'\. Did you mean 'cow'"):
        by_code("cowc", "KZK")


def test_successors() -> None:
    assert resolve_successor("SUN").iso3 == "RUS"
    assert resolve_successor("YUG").iso3 == resolve_successor("SCG").iso3 == "SRB"
    assert resolve_successor("DDR").iso3 == "DEU"
    assert resolve_successor("YMD").iso3 == "YEM"
    assert resolve_successor("RVN").iso3 == "VNM"
    assert resolve_successor("EAZ").iso3 == "TZA"
    # Two states, neither of them the successor, came out of Czechoslovakia.
    assert resolve_successor("CSK").iso3 == "CSK"
    for one in all_states():
        assert resolve_successor(one.iso3).successor is None
        if one.successor is not None:
            ended = one.spans[-1][1]
            assert ended is not None
            assert not one.in_system(date(2020, 1, 1))
            assert state(one.successor).region == one.region


def test_members_of_the_system_by_date() -> None:
    in_1985 = {one.iso3 for one in states_on(date(1985, 6, 30))}
    in_2020 = {one.iso3 for one in states_on(date(2020, 6, 30))}
    assert {"DDR", "CSK", "YUG", "YMD", "RUS"} <= in_1985
    assert not {"KAZ", "UKR", "SRB", "XKX"} & in_1985
    assert {"KAZ", "UKR", "SRB", "XKX", "SSD", "TWN"} <= in_2020
    assert not {"DDR", "CSK", "YUG", "SCG", "YMD", "HKG", "PSE", "VAT"} & in_2020
    # The 193 members of the United Nations, Taiwan and Kosovo.
    assert len(in_2020) == 195
    assert "EST" in {one.iso3 for one in states_on(date(1930, 1, 1))}
    assert "EST" not in {one.iso3 for one in states_on(date(1960, 1, 1))}


def test_spans_are_in_order_and_do_not_overlap() -> None:
    for one in all_states():
        days = [day for span in one.spans for day in span]
        assert all(day is not None for day in days[:-1]), one.iso3
        closed = [day for day in days if day is not None]
        assert closed == sorted(closed), one.iso3
        assert len(set(closed)) == len(closed), one.iso3


def test_every_current_member_of_the_united_nations_joined_on_a_day() -> None:
    members = [one for one in all_states() if one.un_since and one.in_system(date(2020, 1, 1))]
    assert len(members) == 193
    assert sum(one.un_since == date(1945, 10, 24) for one in members) == 27
    assert all(one.un_since >= date(1945, 10, 24) for one in members if one.un_since)
    assert state("KAZ").un_since == date(1992, 3, 2)


def test_kinds_and_regions() -> None:
    territories = {one.iso3 for one in all_states() if one.kind == "territory"}
    assert {"HKG", "MAC", "ABW", "PRI", "GRL", "NCL", "GIB", "ANT", "COK", "ESH"} <= territories
    assert not {"TWN", "PSE", "XKX", "VAT", "CSK", "EAZ"} & territories
    assert all(not state(iso3).spans and state(iso3).cow is None for iso3 in territories)
    assert state("KAZ").region == "central-asia"
    assert state("RUS").region == state("UKR").region == "eastern-europe"
    assert state("KEN").region == "eastern-africa"
    assert all(
        one.region and one.region == one.region.lower() and " " not in one.region for one in all_states()
    )
    assert [one.iso3 for one in all_states() if one.region == "central-asia"] == [
        "KAZ",
        "KGZ",
        "TJK",
        "TKM",
        "UZB",
    ]


def test_powers_are_current_states() -> None:
    assert len(set(POWERS)) == 12
    assert all(state(iso3).in_system(date(2025, 1, 1)) for iso3 in POWERS)


def test_codes_are_sorted_and_names_distinct() -> None:
    codes = [one.iso3 for one in all_states()]
    assert codes == sorted(set(codes))
    names = [normalise_name(one.name) for one in all_states()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("one", all_states(), ids=lambda one: one.iso3)
def test_every_code_name_and_alias_leads_back(one) -> None:
    assert find_state(one.iso3) is one
    assert state(one.iso3) is one
    for name in (one.name, *one.aliases):
        assert find_state(name) is one, name
        assert find_state(name, on=date(1995, 1, 1)) is one, name
    for system in CODE_SYSTEMS:
        code = getattr(one, system)
        if code is not None:
            last = one.spans[-1][0] if one.spans else date(2005, 1, 1)
            assert by_code(system, code, on=last) is one, system
    for label in one.labels:
        if label.system in CODE_SYSTEMS:
            assert by_code(label.system, label.value, on=label.end or label.start) is one, label
        elif label.dated:
            assert find_state(label.value, on=label.end) is one, label


@pytest.mark.parametrize("system", CODE_SYSTEMS)
def test_no_two_states_have_one_code_on_one_day(system: str) -> None:
    held: dict[str, list[tuple[str, Label]]] = {}
    for one in all_states():
        code = getattr(one, system)
        if code is not None:
            start, end = one.spans[-1] if one.spans else (None, None)
            held.setdefault(str(code), []).append((one.iso3, Label(system, str(code), start, end)))
        for label in one.labels:
            if label.system == system:
                held.setdefault(label.value, []).append((one.iso3, label))
    for code, holders in held.items():
        for day in (label.start or label.end or date(2000, 1, 1) for _, label in holders):
            on_that_day = {iso3 for iso3, label in holders if label.held(day)}
            assert len(on_that_day) <= 1, (code, day, on_that_day)


@given(
    one=st.sampled_from(all_states()),
    which=st.integers(min_value=0),
    case=st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
    strip_accents=st.booleans(),
    gap=st.sampled_from(["  ", "\t", " \n ", "-", ", ", " . ", "\u00a0"]),
    edge=st.sampled_from(["", " ", "(", "*", "\u00a0 "]),
)
def test_spelling_habits_do_not_matter(
    one, which: int, case, strip_accents: bool, gap: str, edge: str
) -> None:
    names = (one.name, *one.aliases)
    name = names[which % len(names)]
    changed = case(name).replace(" ", gap)
    if strip_accents:
        split = unicodedata.normalize("NFD", changed)
        changed = "".join(letter for letter in split if not unicodedata.combining(letter))
    assert find_state(edge + changed + edge) is one


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise_name(text)
    assert normalise_name(once) == once
    assert once == once.strip()
    assert all(letter == " " or (letter.isascii() and letter.isalnum()) for letter in once)


@given(st.text(max_size=30))
def test_any_text_gives_a_state_or_our_error(text: str) -> None:
    said = ""
    try:
        found = find_state(text)
    except UnknownStateError as error:
        found, said = None, str(error)
    assert found in all_states() or repr(text) in said


def test_iso_codes_agree_with_pycountry() -> None:
    listed = {country.alpha_3: country for country in pycountry.countries}
    assert set(listed) <= {one.iso3 for one in all_states()}
    for iso3, country in listed.items():
        assert state(iso3).iso2 == country.alpha_2, iso3
        assert state(iso3).numeric == int(country.numeric), iso3
    past = {country.alpha_3: country for country in pycountry.historic_countries}
    for one in all_states():
        if one.iso3 not in listed and one.iso3 not in OWN_CODES:
            assert one.iso2 == past[one.iso3].alpha_2
            assert one.numeric == int(past[one.iso3].numeric)


def test_former_iso_codes_lead_to_the_state_that_goes_on() -> None:
    renamed = {
        "BUR": "MMR",
        "BYS": "BLR",
        "DHY": "BEN",
        "HVO": "BFA",
        "NHB": "VUT",
        "RHO": "ZWE",
        "ZAR": "COD",
    }
    listed = {country.alpha_3 for country in pycountry.historic_countries}
    for former, iso3 in (renamed | {"SUN": "RUS", "TMP": "TLS", "VDR": "VNM"}).items():
        assert former in listed
        assert find_state(former).iso3 == iso3


@pytest.mark.shared
def test_cow_codes_agree_with_the_published_ideal_points() -> None:
    path = SHARED / "data" / "votes" / "unga_ideal_points_published_apr2020.parquet"
    if not path.exists():
        pytest.skip("the shared data are not beside this checkout")
    rows = pl.read_parquet(path, columns=["iso3", "ccode", "year"]).unique()
    # The publisher keeps YUG for all of COW 345; we tell YUG, SCG and SRB apart.
    ours = rows.filter(pl.col("ccode") != 345)
    assert ours["ccode"].n_unique() > 190
    for iso3, code in ours.select("iso3", "ccode").unique().iter_rows():
        assert by_code("cow", code).iso3 == iso3
    for code, year in rows.filter(pl.col("ccode") == 345).select("ccode", "year").iter_rows():
        assert resolve_successor(by_code("cow", code, on=date(year, 12, 31)).iso3).iso3 == "SRB"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("votes/un_votes_undl_1946_2025", "iso3"),
        ("votes/unga_voeten_votes_1946_2019", "iso3"),
        ("ties/alliances_atop", "reporter"),
        ("ties/arms_sipri_dyad_year", "partner"),
        ("ties/igo_membership_factbook", "reporter"),
    ],
)
def test_every_code_in_the_shared_tables_is_known(table: str, column: str) -> None:
    path = SHARED / "data" / f"{table}.parquet"
    if not path.exists():
        pytest.skip("the shared data are not beside this checkout")
    for iso3 in pl.read_parquet(path, columns=[column])[column].cast(pl.String).unique():
        assert state(iso3).iso3 == iso3
