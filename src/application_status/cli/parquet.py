"""Facts as Parquet files, and queries on them, by DuckDB: what Firehose and Athena do on AWS."""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from application_status.facts.rules import COLUMNS

_FACTS = files("application_status.facts")
VIEWS = ("current_facts", "application_statuses", "closed_applications")
"""The names of the views that the queries use, each after the views that it uses itself."""
QUERIES = sorted(each.name.removesuffix(".sql") for each in (_FACTS / "queries").iterdir())
"""The names of the queries."""


def write(documents: Iterable[str], file: Path) -> None:
    """Write JSON documents, several in a text or one, as a Parquet file that is there as a whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=file.parent) as folder, duckdb.connect() as connection:
        given, made = Path(folder) / "facts.json", Path(folder) / "facts.parquet"
        with given.open("w", encoding="utf-8") as out:
            out.writelines(documents)
        connection.read_json(str(given), columns=COLUMNS, format="unstructured").write_parquet(str(made))
        made.replace(file)


def view(name: str) -> str:
    """Return the statement that creates a view; Athena and DuckDB both take it, with the facts in a table `facts`."""
    return (_FACTS / "views" / f"{name}.sql").read_text(encoding="utf-8")


def sql(query: str) -> str:
    """Return a query by its name; Athena and DuckDB both take it, after the views."""
    return (_FACTS / "queries" / f"{query}.sql").read_text(encoding="utf-8")


def ask(query: str, folder: Path) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return a query's columns and rows on all Parquet files of a folder.

    OSError where there are none, ValueError where they don't hold facts.
    """
    files = sorted(map(str, folder.glob("*.parquet")))  # DuckDB would take brackets in the folder's name for a pattern
    if not files:
        raise FileNotFoundError(f"there is no Parquet file in {folder}; `facts export` makes one")
    with duckdb.connect() as connection:
        try:
            connection.read_parquet(files).create_view("facts")
            for name in VIEWS:
                connection.execute(view(name))
            found = connection.sql(sql(query))
            return found.columns, found.fetchall()
        except duckdb.Error as error:
            raise ValueError(f"the Parquet files in {folder} don't hold facts: {error}") from error
