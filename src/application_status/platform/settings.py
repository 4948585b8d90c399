"""A function's settings, read once from its environment; a missing or wrong one stops the start."""

from collections.abc import Mapping

from application_status.platform.errors import SettingsError


def read[Settings](kind: type[Settings], environ: Mapping[str, str]) -> Settings:
    """Read a named tuple: each field from the variable of its name in capitals.

    Raises SettingsError that names every variable that is missing or wrong.
    """
    values, wrong = {}, []
    for name, of in kind.__annotations__.items():
        variable = name.upper()
        text = environ.get(variable, "")
        if not text:
            wrong.append(f"{variable} is missing")
            continue
        try:
            values[name] = of(text)  # str, an enum, ZoneInfo: all take the text
        except (ValueError, LookupError, OSError):
            wrong.append(f"{variable}={text} is not a {of.__name__}")
    if wrong:
        raise SettingsError(f"{kind.__name__}: {'; '.join(wrong)}")
    return kind(**values)


def is_started_ahead(environ: Mapping[str, str]) -> bool:
    """Whether Lambda starts the function before a request needs it: for a snapshot, or as provisioned concurrency.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand") != "on-demand"
