"""Travel of Chinese leaders: offices spelt one way, and visits numbered where a year has several."""


def test_offices_are_spelt_one_way(extracts) -> None:
    levels = extracts["visits"].tables["leader_visits"]["level"]
    assert dict(levels.value_counts().iter_rows()) == {
        "President": 354,
        "Premier": 312,
        "Leader CCP": 10,
        "Paramount Leader": 9,
        "Other (Acting leader)": 2,
        "Foreign Minister": 2,
    }


def test_only_leaders_of_china_are_on_record(extracts) -> None:
    table = extracts["visits"].tables["leader_visits"]
    assert table.height == 689
    assert set(table["visitor"]) == {"CHN"}
    assert (table["year"].min(), table["year"].max()) == (1949, 2025)


def test_the_second_visit_of_a_year_has_a_number_of_its_own(extracts) -> None:
    table = extracts["visits"].tables["leader_visits"]
    again = table.filter(visit=2)
    assert again.select("year", "host", "leader").rows() == [(2015, "KOR", "Li Keqiang")]
    assert table.filter(year=2015, host="KOR", leader="Li Keqiang")["visit"].to_list() == [1, 2]
