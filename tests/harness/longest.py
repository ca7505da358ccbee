"""Which files of tests take longest."""

from typing import Final

LONG_FILES: Final = (
    "test_pairs",
    "test_fixtures_alone",
    "test_fixtures_together",
    "test_isolation",
    "test_pre_commit",
    "test_server_bad_input",
    "test_shared_cache",
    "test_speed_benchmark",
    "test_server",
    "test_code_actions",
    "test_process",
    "test_measure",
    "test_advice_runs",
    "test_campaign",
    "test_site",
    "test_incremental",
    "test_long_runs",
    "test_editors",
    "test_interruption",
    "test_release",
    "test_executor",
    "test_start_up",
)
"""In order. Where two workers take one file after the other, these come first, so that what is left at the
end is short; else the files with most tests would, which are others. The first one is timed: beside it stands
one of short tests, for whose end it waits."""
