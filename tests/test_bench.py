"""The benchmarks: results are put together part by part, and population is bounded."""

import json

from bench import population, report


def test_a_part_replaces_its_own_figures_and_keeps_the_others(tmp_path):
    """Measured on different days: both figures, both conditions, one page."""
    report.merge(tmp_path, "rounds", {"localgrid_100_tiny": 1.5, "pool": 2.0}, "busy")
    report.merge(tmp_path, "imports", {"import_seconds": 0.1}, "quiet")
    report.merge(tmp_path, "rounds", {"localgrid_100_tiny": 1.25}, "quiet")

    results = json.loads((tmp_path / "results.json").read_text())
    assert results.pop("conditions") == {"rounds": "quiet", "imports": "quiet"}
    assert results == {"localgrid_100_tiny": 1.25, "pool": 2.0, "import_seconds": 0.1}
    page = (tmp_path / "results.md").read_text()
    assert "| localgrid_100_tiny | 1.25 | <= 1.4 |" in page
    assert "| import_seconds | 0.1 |  |" in page


def test_memory_grows_with_the_cohort_and_not_with_the_population():
    """A hundred times the clients, the same cohort: less than twice the memory."""
    population.round_bytes(population.COHORT)  # imports and caches
    kept, peak = population.round_bytes(population.COHORT)
    kept_of_many, peak_of_many = population.round_bytes(100 * population.COHORT)

    # Two cohorts of ten thousand are hardly ever the same hundred clients.
    assert kept < kept_of_many < 2 * kept
    assert peak_of_many < 2 * peak
