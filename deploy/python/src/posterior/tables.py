"""DataFrames as rows of JSON, and back: what was there stays as it is, what was missing comes in the type of its column."""

from __future__ import annotations

import datetime
import decimal
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence

from .dates import DateForm

# pandas need not be there, so its types have no names here.
Frame = Any
Series = Any
Row = dict[str, Any]
Forms = Mapping[str, DateForm]


def has_times(frame: Frame) -> bool:
    """Whether a column holds times, which are sent as texts in the form that the model has for them."""
    return any(_is_time(dtype) for dtype in frame.dtypes)


def forms_of(signature: Mapping[str, Any]) -> dict[str, DateForm]:
    """The forms of a model's columns of days and times, by name."""
    columns = signature.get("columns", [])
    return {column["name"]: DateForm(column["dates"], column.get("utc_offset")) for column in columns if "dates" in column}


def rows_of(frame: Frame, forms: Forms) -> list[Row]:
    """A dict a row, by column name; None is missing."""
    names = [str(name) for name in frame.columns]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the DataFrame has several columns {twice!r}, expected each name once")
    columns = [_cells(frame.iloc[:, place], forms.get(name)) for place, name in enumerate(names)]
    return [dict(zip(names, cells)) for cells in zip(*columns)] if columns else []


def filled(frame: Frame, sent: Sequence[Row], completed: Sequence[Row], forms: Forms) -> Frame:
    """A copy of `frame` with the cells of `completed` where these are not what was sent."""
    result = frame.copy()
    for place, column in enumerate(frame.columns):
        name = str(column)
        news: dict[int, Any] = {}
        for row, (old, new) in enumerate(zip(sent, completed)):
            value = new.get(name)
            if value is not None and value != old[name]:
                news[row] = value
        if news:
            result.isetitem(place, _with(frame.iloc[:, place], news, forms.get(name)))
    return result


def times_of(series: Series, texts: Iterable[Any], form: DateForm) -> list[Any]:
    """Texts of a column of times as such times, in the column's zone."""
    import pandas

    zone = getattr(series.dtype, "tz", None)

    def time(text: Any) -> Any:
        stamp = pandas.Timestamp(form.time(str(text)))
        if zone is None:
            return stamp.tz_convert(None) if stamp.tzinfo else stamp
        if stamp.tzinfo:
            return stamp.tz_convert(zone)
        # A text without an offset is what a clock of the column's zone shows, as it was when it was sent.
        return stamp.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")

    return [time(text) for text in texts]


def _is_time(dtype: Any) -> bool:
    return getattr(dtype, "kind", "") == "M"


def _cells(series: Series, form: Optional[DateForm]) -> list[Any]:
    missing = series.isna().to_numpy()
    values = series.astype(object).tolist()
    return [None if hole else _plain(value, form) for hole, value in zip(missing, values)]


def _plain(value: Any, form: Optional[DateForm]) -> Any:
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, datetime.datetime):
        return form.text(value) if form else value.isoformat(sep=" ")
    if isinstance(value, datetime.date):
        return form.text(datetime.datetime(value.year, value.month, value.day)) if form else value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def _with(series: Series, news: Mapping[int, Any], form: Optional[DateForm]) -> Series:
    """A copy of a column with new values at some places; its type stays, unless it can't hold them."""
    import pandas

    dtype: Any = series.dtype
    values = list(news.values())
    convert: Callable[[Any], Any] = lambda value: value  # noqa: E731
    if isinstance(dtype, pandas.CategoricalDtype):
        known = {str(category): category for category in dtype.categories}
        values = [known.get(str(value), value) for value in values]
        unknown = [value for value in dict.fromkeys(values) if value not in set(dtype.categories)]
        series = series.cat.add_categories(unknown) if unknown else series.copy()
    elif _is_time(dtype) and form:
        values = times_of(series, values, form)
        series = series.copy()
    elif dtype.kind in "iu" and not all(float(value).is_integer() for value in values):
        series = series.astype("Float64" if pandas.api.types.is_extension_array_dtype(dtype) else "float64")
        convert = float
    elif dtype.kind in "iu":
        series, convert = series.copy(), int
    elif dtype.kind == "f":
        series, convert = series.copy(), float
    elif dtype.kind == "b":
        series, convert = series.copy(), _truth
    elif isinstance(dtype, pandas.StringDtype):
        series, convert = series.copy(), str
    else:
        series = series.copy()
    series.iloc[list(news)] = [convert(value) for value in values]
    return series


def _truth(value: Any) -> bool:
    return value.lower() in ("true", "1") if isinstance(value, str) else bool(value)


def frame_of(columns: Mapping[str, Mapping[str, Any]], lines: Sequence[Sequence[str]], names: Sequence[str]) -> Any:
    """Lines of a CSV answer as a DataFrame with the types of a model's signature."""
    import pandas

    frame = pandas.DataFrame(lines, columns=list(names), dtype=object)
    for place, name in enumerate(names):
        column = columns.get(name, {})
        frame.isetitem(place, _typed(frame.iloc[:, place], column))
    return frame


def frame_of_rows(columns: Mapping[str, Mapping[str, Any]], rows: Sequence[Row]) -> Any:
    """Rows of JSON as a DataFrame with the types of a model's signature; columns that it doesn't have are texts."""
    names = list(rows[0]) if rows else list(columns)
    known = [name for name in names if name in columns]
    frame = frame_of(columns, [[row[name] for name in known] for row in rows], known)
    for place, name in enumerate(names):
        if name not in columns:
            frame.insert(place, name, [row[name] for row in rows])
    return frame


def _typed(series: Series, column: Mapping[str, Any]) -> Series:
    import pandas

    kind = column.get("type", "real")
    if kind in ("categorical", "ordinal", "binary"):
        categories = column.get("categories", ["0", "1"])
        return pandas.Series(pandas.Categorical(series, categories=categories, ordered=kind == "ordinal"), index=series.index)
    if kind == "date":
        form = DateForm(column["dates"], column.get("utc_offset"))
        return pandas.Series([pandas.NaT if text is None else form.time(text) for text in series], index=series.index)
    numbers = pandas.to_numeric(series)
    is_whole = kind in ("whole", "count") and not numbers.isna().any()
    return numbers.astype("int64") if is_whole else numbers.astype("float64")
