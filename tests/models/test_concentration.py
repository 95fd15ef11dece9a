"""Concentration and dependence: closed forms, bounds where only main partners are listed, and what does not matter."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.models import concentration

CASE = json.loads((Path(__file__).parents[1] / "reference" / "concentration_dependence.json").read_text())
SHARES = np.array(CASE["inputs"]["shares"])
EXPECTED = CASE["expected"]

shares = st.lists(st.floats(0.001, 1), min_size=2, max_size=9).map(lambda raw: np.array(raw) / sum(raw))


def test_indices_have_their_closed_forms():
    assert concentration.herfindahl(SHARES) == pytest.approx(EXPECTED["HHI"], abs=1e-12)
    assert concentration.normalised_herfindahl(SHARES) == pytest.approx(EXPECTED["HHI_norm"], abs=1e-12)
    assert concentration.hirschman(SHARES) == pytest.approx(EXPECTED["hirschman1945"], abs=1e-12)
    assert concentration.effective_partners(SHARES) == pytest.approx(
        EXPECTED["effective_partners"], abs=1e-12
    )
    assert concentration.entropy(SHARES) == pytest.approx(EXPECTED["shannon"], abs=1e-12)


def test_interdependence_has_its_closed_form():
    given_ = CASE["inputs"]["barbieri"]
    found = concentration.interdependence(given_["Tij"], given_["Ti"], given_["Tj"], given_["GDPi"])
    for name in ("salience", "symmetry", "interdependence"):
        assert getattr(found, name) == pytest.approx(EXPECTED[name], abs=1e-12)
    assert found.dependence == pytest.approx(EXPECTED["dep_GDP_i"], abs=1e-12)


@given(shares)
def test_an_empty_partner_changes_nothing(parts):
    more = np.append(parts, 0.0)
    for index in (concentration.herfindahl, concentration.effective_partners, concentration.entropy):
        assert index(more) == pytest.approx(index(parts), abs=1e-12)


@given(shares, st.floats(1e-6, 1e6))
def test_currency_units_cancel(parts, unit):
    one = concentration.interdependence(parts[0], 1.0, 2.0, 3.0)
    other = concentration.interdependence(parts[0] * unit, unit, 2 * unit, 3 * unit)
    assert other.interdependence == pytest.approx(one.interdependence)
    assert other.dependence == pytest.approx(one.dependence)


@given(shares, st.integers(1, 8))
def test_bounds_hold_the_truth_where_only_the_largest_are_listed(parts, listed):
    ordered = np.sort(parts)[::-1]
    top = ordered[: min(listed, len(ordered))]
    least = concentration.herfindahl(top)
    most = concentration.herfindahl_most(
        np.array([least]), np.array([top[-1]]), np.array([max(0.0, 1 - top.sum())])
    )
    assert least - 1e-12 <= concentration.herfindahl(ordered) <= most[0] + 1e-12


def test_what_the_others_could_take_over():
    found = concentration.replaceable([0.0, 0.2, 0.5, 0.9, np.nan], 0.5)
    assert found[:4] == pytest.approx([1.0, 1.0, 0.5, 0.05 / 0.9])
    assert np.isnan(found[4])
