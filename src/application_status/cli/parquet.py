"""Writes facts as Parquet files and queries them, with DuckDB instead of Firehose and Athena."""

from collections.abc import Collection, Iterable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from application_status.facts.rules import COLUMNS

_FACTS = files("application_status.facts")
VIEWS = ("current_facts", "application_statuses", "closed_applications")
"""The names of the views, each after the views that it uses."""
QUERIES = sorted(each.name.removesuffix(".sql") for each in (_FACTS / "queries").iterdir())
"""The names of the queries."""


def write(documents: Iterable[str], file: Path) -> None:
    """Write JSON documents, one or more in each text, as a Parquet file; the file is written atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=file.parent) as folder, duckdb.connect() as connection:
        given, made = Path(folder) / "facts.json", Path(folder) / "facts.parquet"
        with given.open("w", encoding="utf-8") as out:
            out.writelines(documents)
        connection.read_json(str(given), columns=COLUMNS, format="unstructured").write_parquet(str(made))
        made.replace(file)


def without(file: Path, applications: Collection[str]) -> int:
    """Remove the facts of applications, by their pseudonyms, from a Parquet file; return how many it had.

    The file is replaced only if it had some; a file without facts is deleted.
    """
    with duckdb.connect() as connection:
        facts = connection.read_parquet(str(file))
        connection.execute("CREATE TABLE erased AS SELECT unnest(?) AS application", [list(applications)])
        kept = facts.filter("application NOT IN (SELECT application FROM erased)")
        amount, remaining = len(facts), len(kept)
        if remaining and remaining < amount:
            made = file.with_suffix(".made")
            kept.write_parquet(str(made))
            made.replace(file)
        elif not remaining:
            file.unlink()
    return amount - remaining


def view(name: str) -> str:
    """Return the statement that creates a view on the table `facts`, for Athena and DuckDB."""
    return (_FACTS / "views" / f"{name}.sql").read_text(encoding="utf-8")


def sql(query: str) -> str:
    """Return a query on the views by its name, for Athena and DuckDB."""
    return (_FACTS / "queries" / f"{query}.sql").read_text(encoding="utf-8")


def ask(query: str, folder: Path) -> tuple[list[str], list[tuple[object, ...]]]:
    """Run a query on all Parquet files of a folder; return its columns and rows.

    Raises:
        FileNotFoundError: there is no Parquet file.
        ValueError: the files have no facts.
    """
    files = sorted(map(str, folder.glob("*.parquet")))  # DuckDB reads brackets in a folder's name as a pattern
    if not files:
        raise FileNotFoundError(f"there is no Parquet file in {folder}; `facts export` writes one")
    with duckdb.connect() as connection:
        try:
            connection.read_parquet(files).create_view("facts")
            for name in VIEWS:
                connection.execute(view(name))
            found = connection.sql(sql(query))
            return found.columns, found.fetchall()
        except duckdb.Error as error:
            raise ValueError(f"the Parquet files in {folder} have no facts: {error}") from error
