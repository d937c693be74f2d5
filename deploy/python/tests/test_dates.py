import datetime

import pytest
from posterior.dates import DateForm

TIME = datetime.datetime(2024, 3, 9, 15, 4, 5, 678901)


@pytest.mark.parametrize(
    "pattern, text",
    [
        ("yyyy-MM-dd", "2024-03-09"),
        ("dd.MM.yyyy HH:mm", "09.03.2024 15:04"),
        ("MMM d, yyyy", "Mar 9, 2024"),
        ("d MMMM yy", "9 March 24"),
        ("yyyy-MM-ddTHH:mm:ss.SSSX", "2024-03-09T15:04:05.678Z"),
        ("M/d/yyyy h:mm a", "3/9/2024 3:04 PM"),
        ("yyyy-MM", "2024-03"),
        ("HH:mm:ss", "15:04:05"),
        ("yyyy-MM-dd HH:mm:ss.SSSSSSSSS", "2024-03-09 15:04:05.678901000"),
    ],
)
def test_a_time_is_its_text_and_back(pattern, text):
    form = DateForm(pattern)
    assert form.text(TIME) == text
    assert form.text(form.time(text)) == text


def test_an_offset_is_kept_to():
    form = DateForm("yyyy-MM-dd HH:mmX", "+02:00")
    assert form.text(TIME) == "2024-03-09 17:04+02:00"
    assert form.time("2024-03-09 17:04+02:00") == TIME.replace(second=0, microsecond=0, tzinfo=datetime.timezone.utc)


def test_years_of_two_digits_are_near():
    assert [DateForm("dd.MM.yy").time(f"01.02.{year}").year for year in ("68", "69")] == [2068, 1969]


def test_another_form_is_refused():
    with pytest.raises(ValueError, match="is no yyyy-MM-dd"):
        DateForm("yyyy-MM-dd").time("9.3.2024")
